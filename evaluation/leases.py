"""Keeping leases alive while the work they stand for is done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

from evaluation.archive import Archive, StorageError

LEASE_SECONDS = 60.0
"""How long a lease outlives its owner."""

_RENEWALS = 4
"""Renewals a lease length, so that a few may fail before another process takes over."""


@contextmanager
def kept_alive(archive: Archive, owner: str, keys: Sequence[str]) -> Iterator[None]:
    """Renew ``owner``'s leases on ``keys`` from a thread until the block ends, then end them."""
    stop = Event()

    def renew() -> None:
        while not stop.wait(LEASE_SECONDS / _RENEWALS):
            try:
                archive.renew(owner, keys, LEASE_SECONDS)
            except StorageError:
                continue  # The next renewal may succeed; recording, which must, reports the failure.

    thread = Thread(target=renew, name="lease renewal", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        archive.release(owner)
