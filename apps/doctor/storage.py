"""Can runs be written here, and does what was written come back?"""

from __future__ import annotations

import math
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

from apps.doctor.finding import Finding, Status
from evaluation.archive import Archive, StorageError
from evaluation.archive.storage import Storage
from genome import Evaluation, Genome, Request

ROOM: Final = 2**30
"""Free bytes that a run should find, for its archive, reports and logs many times over."""

LEAST_ROOM: Final = 64 * 2**20
"""Free bytes without which a run is likely to stop for a full disk."""

_ELSEWHERE: Final = "run where you may write, or give the search --out with a folder on a local disk"


def archive(folder: Path) -> Finding:
    """An archive in a temporary folder: an evaluation is recorded and comes back to the bit.

    Args:
        folder: where runs are written, an existing folder.
    """
    name = "archive"
    try:
        with tempfile.TemporaryDirectory(prefix=".lista-genome-doctor-", dir=folder) as temporary:
            return _recorded(name, Path(temporary) / "archive.db", folder)
    except StorageError as error:
        return Finding(name, "failed", str(error).rstrip("."), _ELSEWHERE)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return Finding(name, "failed", f"{folder} cannot be written: {reason}", _ELSEWHERE)


def _recorded(name: str, file: Path, folder: Path) -> Finding:
    stages = (-0.1, 5e-324, -math.pi)
    kept = Evaluation(Request(Genome.lista(3)), "d0c", "complete", stages, stages, None, None, 0.0)
    with Archive.open(file) as opened:
        start = time.perf_counter()
        opened.record([kept])
        milliseconds = 1000 * (time.perf_counter() - start)
    storage = Storage(file)
    journal = storage.outside("PRAGMA journal_mode")
    storage.close()
    with Archive.open(file) as opened:
        found = list(opened.evaluations())
    measured = f"{folder}: journal {journal!r}, recorded in {milliseconds:.0f} ms"
    if found == [kept] and journal == "wal":
        return Finding(name, "ok", f"{measured}, read back equal")
    return Finding(name, "failed", f"{measured}, read back {found}", _ELSEWHERE)


def disk(folder: Path, room: int = ROOM, least: int = LEAST_ROOM) -> Finding:
    """Free space where runs are written.

    Args:
        folder: where runs are written, an existing folder.
        room: free bytes below which to warn.
        least: free bytes below which to fail.
    """
    free = shutil.disk_usage(folder).free
    measured = f"{folder}: {free / 2**30:.1f} GiB free"
    if free >= room:
        return Finding("disk", "ok", measured)
    status: Status = "failed" if free < least else "warning"
    return Finding("disk", status, measured, f"free some space, or {_ELSEWHERE}")
