"""The one-at-a-time contender as several processes side by side, one core each."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import ClassVar, Self, final

import torch

from benchmarks.contenders.one_at_a_time import OneAtATime
from benchmarks.contenders.task import Contender, Run, Task
from genome import Genome

_START_SECONDS = 600.0
_barrier: Barrier | None = None


def _begin(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a pool's initializer has no other place to leave it
    _barrier = barrier
    torch.set_num_threads(1)


def _train(task: Task, genomes: Sequence[Genome]) -> Run:
    """Train a share, beginning together with the other processes."""
    contender = OneAtATime(task, threads=1)
    _ = task.train, task.valid
    if _barrier is not None:
        _barrier.wait(_START_SECONDS)
    return contender.train(genomes)


@final
class SideBySide(Contender):
    """Processes that each train a share of the networks; they stay alive until the context ends.

    Args:
        task: what to train for.
        processes: how many.
    """

    name: ClassVar[str] = "one at a time, side by side"

    def __init__(self, task: Task, processes: int) -> None:
        self._task, self._processes = task, processes
        context = multiprocessing.get_context("spawn")
        self._pool = context.Pool(processes, _begin, (context.Barrier(processes),))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pool.terminate()
        self._pool.join()

    def train(self, genomes: Sequence[Genome]) -> Run:
        """See ``Contender.train``; needs a network for each process.

        Each process times its own share, so that one which ends early does not count against the pace.
        """
        shares = [(self._task, genomes[place :: self._processes]) for place in range(self._processes)]
        runs = self._pool.starmap(_train, shares, chunksize=1)
        pace = sum(run.networks / run.seconds for run in runs)
        scores = {genome: score for run in runs for genome, score in run.scores.items()}
        return Run(scores, len(genomes), len(genomes) / pace)
