"""Random search as a control: what it finds at any budget, exactly, from the scores of one random sample."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genome.errors import InputError

LOW, HIGH = 0.05, 0.95
"""Quantiles of the best that stand beside its mean."""


@dataclass(frozen=True, slots=True)
class BestOf:
    """The best score of so many random networks, as a distribution; lower is better.

    Attributes:
        budget: how many networks.
        mean: expected best score in dB; inf where all of them may have diverged.
        low: its 5% quantile: only one random search in twenty finds something as good or better.
        high: its 95% quantile: only one in twenty finds something worse.
    """

    budget: int
    mean: float
    low: float
    high: float


def best_of(scores: Sequence[float], budget: int) -> BestOf:
    """The best of ``budget`` networks drawn without replacement from N random ones.

    This is exact, nothing is simulated: the best is the i-th best of all N with probability
    ``C(N - i, budget - 1) / C(N, budget)``. Its mean is the unbiased estimate of what random search at that
    budget finds, over all orders in which the same networks may come. With ``budget = N`` it is one value.

    Args:
        scores: of N random networks, in dB; inf (or NaN) where one diverged.
        budget: from 1 to N.

    Raises:
        InputError: the budget is outside that range.
    """
    total = len(scores)
    if not 1 <= budget <= total:
        raise InputError(f"The budget of a control must lie in 1..{total}, got {budget}.")
    ranked = np.sort(np.where(np.isnan(scores), math.inf, scores))[: total - budget + 1]
    chances = _chances(total, budget)
    reached = np.cumsum(chances)
    # The last is 1 up to rounding; a quantile must not fall behind it.
    low, high = (ranked[min(int(np.searchsorted(reached, q)), len(ranked) - 1)] for q in (LOW, HIGH))
    mean = float(chances @ ranked) if np.isfinite(ranked[-1]) else math.inf
    return BestOf(budget, mean, float(low), float(high))


def budgets(largest: int, first: int = 8) -> list[int]:
    """Budgets to show: ``first``, doubled until ``largest``, which is the last."""
    found = []
    while first < largest:
        found.append(first)
        first *= 2
    return [*found, largest]


def evaluations_to_reach(scores: Sequence[float], score: float) -> int | None:
    """How many random networks it takes until their expected best is ``score`` or better.

    Args:
        scores: of N random networks, in dB; inf (or NaN) where one diverged.
        score: in dB.

    Returns:
        The number; None where even all N do not reach it.
    """
    if not len(scores) or best_of(scores, len(scores)).mean > score:
        return None
    below, enough = 0, len(scores)  # The expected best falls as the budget grows.
    while enough - below > 1:
        middle = (below + enough) // 2
        if best_of(scores, middle).mean <= score:
            enough = middle
        else:
            below = middle
    return enough


def _chances(total: int, budget: int) -> NDArray[np.float64]:
    """Probability that the best of ``budget`` is the i-th best of ``total``, ``(N - budget + 1,)``."""
    places = np.arange(1, total - budget + 1)
    steps = (total - budget + 1 - places) / (total - places)
    chances: NDArray[np.float64] = budget / total * np.concatenate([[1.0], np.cumprod(steps)])
    return chances
