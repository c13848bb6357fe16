"""How fast search strategies approach the best of a space, and whether one beats random search.

A *curve* is what a run has reached after each of its evaluations, lower is better and never rising; the
*regret* is its distance from the best there is, zero when that is found. Runs of different strategies share
nothing but the table they search, so that two strategies are compared as independent samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu

from analysis.comparison import CONFIDENCE
from analysis.significance import holm
from genome import InputError

RESAMPLES = 4000
"""Bootstrap resamples of an interval."""

Curves = NDArray[np.float64]
"""Regret of R runs after each of B evaluations, (R, B)."""


def best_so_far(scores: ArrayLike) -> NDArray[np.float64]:
    """Lowest score after each evaluation.

    Args:
        scores: in the order evaluated, inf where a network diverged, (..., B).
    """
    lowest: NDArray[np.float64] = np.minimum.accumulate(np.asarray(scores, dtype=np.float64), axis=-1)
    return lowest


@dataclass(frozen=True, slots=True)
class Regret:
    """Regret of one strategy at one number of evaluations, over its runs.

    Attributes:
        evaluations: how many.
        mean: mean regret over the runs, in the unit of the score.
        relative: mean regret divided by random search's at the same number of evaluations: 1 is no better.
        low: lower end of the 95% bootstrap interval of ``relative``.
        high: upper end.
        p: of the one-sided Mann-Whitney test that regret is lower than random search's, after Holm's
            correction for all strategies compared; None for random search itself.
        found: share of the runs that found the best there is.
    """

    evaluations: int
    mean: float
    relative: float
    low: float
    high: float
    p: float | None
    found: float


def regrets(
    curves: Mapping[str, Curves], control: str, evaluations: int, rng: np.random.Generator
) -> dict[str, Regret]:
    """Compare every strategy with random search at one number of evaluations.

    Where random search always finds the best there is, all relative regrets are NaN: nothing is left to be
    won.

    Args:
        curves: of every strategy by name, at least two runs each.
        control: the name of random search.
        evaluations: how many, at least 1 and at most as many as the curves have.
        rng: of the bootstrap.

    Raises:
        InputError: the control is not among the strategies, one has fewer than two runs, or fewer
            evaluations.
    """
    if control not in curves:
        raise InputError(f"The control must be one of {', '.join(curves)}, got {control!r}.")
    for name, runs in curves.items():
        if len(runs) < 2 or not 1 <= evaluations <= runs.shape[1]:
            raise InputError(
                f"Regret after {evaluations} evaluations needs two runs of as many, got {len(runs)} runs "
                f"of {runs.shape[1]} of {name}."
            )
    last = {name: runs[:, evaluations - 1] for name, runs in curves.items()}
    random = last[control]
    others = [name for name in last if name != control]
    p_values = dict(zip(others, holm([_p_value(last[name], random) for name in others]), strict=True))
    result = {}
    for name, values in last.items():
        low, high = _interval(values, None if name == control else random, rng)
        result[name] = Regret(
            evaluations=evaluations,
            mean=float(values.mean()),
            relative=_ratio(values.mean(), random.mean()),
            low=low,
            high=high,
            p=p_values.get(name),
            found=float(np.mean(values <= 0.0)),
        )
    return result


def _p_value(values: NDArray[np.float64], random: NDArray[np.float64]) -> float:
    if np.ptp([*values, *random]) == 0.0:
        return 1.0
    return float(mannwhitneyu(values, random, alternative="less").pvalue)


def _interval(
    values: NDArray[np.float64], random: NDArray[np.float64] | None, rng: np.random.Generator
) -> Sequence[float]:
    """Percentile bootstrap of the ratio of means; of random search, against its mean as it is."""
    means = _resampled(values, rng)
    below = np.full_like(means, values.mean()) if random is None else _resampled(random, rng)
    ratios = np.divide(means, below, out=np.full_like(means, np.nan), where=below > 0.0)
    if np.isnan(ratios).all():
        return [np.nan, np.nan]
    tail = 50.0 * (1.0 - CONFIDENCE)
    return [float(end) for end in np.nanpercentile(ratios, [tail, 100.0 - tail])]


def _resampled(values: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    means: NDArray[np.float64] = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    return means


def _ratio(value: float, by: float) -> float:
    return float(value / by) if by > 0.0 else float("nan")


def negative_hypervolume(scores: ArrayLike, connections: ArrayLike, worst: float, most: int) -> Curves:
    """Minus the hypervolume of (score, connections) that a run dominates, after each evaluation.

    The area of the plane, in the unit of the score times connections, between the run's staircase and the
    corner (``worst``, ``most`` + 1): for every number of connections c = 0..``most`` it has the best score
    with at most c connections, no worse than ``worst``. Subtract that of the whole space for a regret.

    Args:
        scores: in the order evaluated, lower is better, (..., B); inf counts as ``worst``.
        connections: of the networks, whole numbers from 0 to ``most``, (..., B).
        worst: score of the corner.
        most: most connections.

    Returns:
        Minus the dominated area, (..., B): lower is better.
    """
    score = np.minimum(np.asarray(scores, dtype=np.float64), worst)[..., None]
    allowed = np.asarray(connections)[..., None] <= np.arange(most + 1)
    staircase = np.minimum.accumulate(np.where(allowed, score, worst), axis=-2)
    area: Curves = (staircase - worst).sum(axis=-1)
    return area
