"""Seconds a signal, of several solvers side by side on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from threadpoolctl import threadpool_limits

from evaluation.backend import one_intra_op_thread
from evaluation.solvers.base import Floats, Solve


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds a signal in every round.

    Attributes:
        single: one signal at a time.
        batch: all signals in one call; empty where the solver takes one at a time.
    """

    single: tuple[float, ...]
    batch: tuple[float, ...]

    @property
    def single_median(self) -> float:
        """Median over the rounds."""
        return median(self.single)

    @property
    def batch_median(self) -> float | None:
        """Median over the rounds; None where the solver takes one at a time."""
        return median(self.batch) if self.batch else None


@dataclass(frozen=True, slots=True)
class Timed:
    """What is timed.

    Attributes:
        solve: with what depends on the dictionary alone done already.
        batched: whether it takes many signals in one call.
    """

    solve: Solve
    batched: bool


def time_side_by_side(
    what: Mapping[str, Timed], singles: Floats, batch: Floats, rounds: int, tell: Callable[[], None]
) -> dict[str, Timing]:
    """Time solvers in turns, so that whatever slows the machine for a while slows all of them.

    Every round solves, with every solver, the same signals one at a time, and the same batch. Torch, BLAS and
    OpenMP have one thread. A first call of each, unmeasured, compiles and warms up.

    Args:
        what: solvers by name.
        singles: measurements to solve one at a time, ``(count, m)``.
        batch: measurements to solve in one call, ``(samples, m)``.
        rounds: at least 1.
        tell: called after every solver of every round.
    """
    single: dict[str, list[float]] = {name: [] for name in what}
    whole: dict[str, list[float]] = {name: [] for name in what}
    rows = [singles[row : row + 1] for row in range(len(singles))]
    with one_intra_op_thread(), threadpool_limits(1):
        for timed in what.values():
            timed.solve(rows[0])
        for _ in range(rounds):
            for name, timed in what.items():
                single[name].append(_seconds(timed.solve, rows) / len(rows))
                if timed.batched:
                    whole[name].append(_seconds(timed.solve, [batch]) / len(batch))
                tell()
    return {name: Timing(tuple(single[name]), tuple(whole[name])) for name in what}


def _seconds(solve: Solve, calls: list[Floats]) -> float:
    start = time.perf_counter()
    for b in calls:
        solve(b)
    return time.perf_counter() - start
