"""Where units of training run: threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event, Lock
from typing import TypeVar, final

import torch
from threadpoolctl import threadpool_limits

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@final
class ThreadBackend:
    """Runs units side by side, each on one thread with one intra-op thread.

    PyTorch gives up the interpreter lock inside its operations, so that two workers on two cores train two
    sub-populations at once; splitting each small operation over cores instead costs more than it brings.
    One intra-op thread also makes a result independent of the number of workers.
    """

    def __init__(self) -> None:
        self._cancelled = Event()

    def cancelled(self) -> bool:
        """Whether running units should end."""
        return self._cancelled.is_set()

    def run(
        self, function: Callable[[Unit], Result], units: Sequence[Unit], workers: int
    ) -> Iterator[tuple[Unit, Result]]:
        """Yield each unit with its result, as they finish, ``workers`` of them running at a time.

        A failing unit's exception is raised here, after the other units were told to end; so is an
        interrupt.
        """
        self._cancelled.clear()
        with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            pending = {pool.submit(function, unit): unit for unit in units}
            try:
                while pending:
                    finished, _ = wait(pending, timeout=1.0, return_when=FIRST_COMPLETED)
                    for future in finished:
                        yield pending.pop(future), future.result()
            finally:
                self._cancelled.set()
                pool.shutdown(cancel_futures=True)


@final
class _OneBlasThread:
    """Holds BLAS, whose limit is the process's, to one thread until the last of those who ask has left."""

    def __init__(self) -> None:
        self._lock, self._users = Lock(), 0
        self._limit: threadpool_limits | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            self._limit = self._limit or threadpool_limits(1, user_api="blas")

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._limit is not None:
                self._limit.restore_original_limits()
                self._limit = None


_ONE_BLAS_THREAD = _OneBlasThread()


@contextmanager
def one_intra_op_thread() -> Iterator[None]:
    """Run torch operations of this thread, and of threads begun here, on one core each; BLAS likewise.

    A reduction split over cores may round otherwise: results are promised at one intra-op thread. That of
    torch is set for a thread, that of BLAS for the process.
    """
    # Loads the library that compiled products call, so that the limit below holds for it.
    import scipy.linalg.cython_blas  # noqa: F401

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _ONE_BLAS_THREAD:
            yield
    finally:
        torch.set_num_threads(before)
