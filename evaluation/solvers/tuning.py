"""The choice of a solver's parameter for a problem, on validation data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from evaluation.solvers.base import Solver

_STEP: Final = math.sqrt(10.0)
_REFINEMENTS: Final = 3
_PATIENCE: Final = 2

S = TypeVar("S", bound=Solver)


@dataclass(frozen=True, slots=True)
class Tuned(Generic[S]):
    """A solver with the parameter that scored best.

    Attributes:
        solver: the solver.
        score: its score, lower is better.
        tried: score of every value that was tried.
        at_edge: whether the value is at the lower end of what was to be tried, so that a smaller one may be
            better.
    """

    solver: S
    score: float
    tried: Mapping[float, float]
    at_edge: bool


def tune(solver: S, extent: tuple[float, float], score: Callable[[S], float]) -> Tuned[S]:
    """Find the parameter on a logarithmic grid that is refined around the best.

    The grid goes down from the largest value in half decades, until two values in a row are no better than
    the best, or the smallest is reached (what has to be tried there is often slow). Then the neighbours of
    the best are tried a quarter, an eighth and a sixteenth of a decade away: the value found is within 15% of
    the best nearby.

    Args:
        solver: with any parameter.
        extent: smallest and largest value to try.
        score: what to minimize; it must see validation data only.
    """
    smallest, largest = extent
    tried: dict[float, float] = {}

    def attempt(value: float) -> float:
        candidate = solver.with_parameter(min(max(value, smallest), largest))
        if candidate.parameter not in tried:
            tried[candidate.parameter] = score(candidate)
        return tried[candidate.parameter]

    value, best, worse = largest, math.inf, 0
    while worse < _PATIENCE:
        found = attempt(value)
        best, worse = (found, 0) if found < best else (best, worse + 1)
        if value <= smallest:
            break
        value /= _STEP
    ratio = _STEP
    for _ in range(_REFINEMENTS):
        ratio = math.sqrt(ratio)
        middle = min(tried, key=tried.__getitem__)
        for neighbour in (middle / ratio, middle * ratio):
            attempt(neighbour)
    chosen = min(tried, key=tried.__getitem__)
    edge = solver.with_parameter(smallest).parameter
    return Tuned(solver.with_parameter(chosen), tried[chosen], tried, at_edge=chosen <= edge)
