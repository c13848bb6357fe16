"""How good recovered signals are, by the problem's own metric, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from evaluation.problems.base import Problem
from evaluation.problems.dataset import Split
from evaluation.solvers.base import Floats

CONFIDENCE: Final = 0.95
_RESAMPLES: Final = 1000


@dataclass(frozen=True, slots=True)
class Quality:
    """A score as reports show it, in dB, with its bootstrap interval.

    Attributes:
        value_db: the score; infinite (of the bad sign) where a signal is not finite.
        low_db: lower end of the 95% interval; the value itself where that is infinite, or nothing can be
            resampled: there is one sample, or one group.
        high_db: upper end.
    """

    value_db: float
    low_db: float
    high_db: float


def part(split: Split, samples: int) -> Split:
    """The first samples of a split; where they are grouped, its first groups, whole.

    Args:
        split: the samples.
        samples: how many at most; of groups, the first two are taken however large they are, for one has no
            interval.
    """
    if split.groups is None:
        return Split(split.b[:samples], split.x[:samples])
    groups, counts = torch.unique(split.groups, return_counts=True)
    whole = groups[: max(2, int((counts.cumsum(0) <= samples).sum()))]
    rows = torch.isin(split.groups, whole)
    return Split(split.b[rows], split.x[rows], split.groups[rows])


@final
class Judge:
    """Scores signals on one split, as networks are scored: in float32, by the problem's objective and metric.

    The interval is a percentile bootstrap over samples, over groups where samples are grouped; the resamples
    are the same for everything that is scored.

    Args:
        problem: says what a signal is compared with and what counts.
        split: what it is scored on.
    """

    def __init__(self, problem: Problem, split: Split) -> None:
        self._problem, self._split = problem, split
        self._energies = split.x.square().sum(dim=1).double()
        units = np.arange(split.samples) if split.groups is None else split.groups.numpy()
        self._units = [torch.from_numpy(np.flatnonzero(units == unit)) for unit in np.unique(units)]

    def score(self, signals: Floats) -> float:
        """The metric's score in dB of signals ``(samples, n)``; lower is better, infinity is a failure."""
        return self._score(self._errors(signals), list(range(len(self._units))))

    def quality(self, signals: Floats) -> Quality:
        """The score of signals ``(samples, n)`` as reports show it, with its interval."""
        errors, sign = self._errors(signals), self._problem.metric.sign
        value = self._score(errors, list(range(len(self._units))))
        if not math.isfinite(value):
            return Quality(sign * value, sign * value, sign * value)
        rng, count = np.random.default_rng(0), len(self._units)
        scores = [self._score(errors, rng.integers(count, size=count).tolist()) for _ in range(_RESAMPLES)]
        ends = sign * np.quantile(scores, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
        return Quality(sign * value, float(ends.min()), float(ends.max()))

    def _errors(self, signals: Floats) -> Tensor:
        codes = torch.from_numpy(signals.astype(np.float32))
        return self._problem.objective.residual(codes, self._split.x).square().sum(dim=1).double()

    def _score(self, errors: Tensor, units: Sequence[int]) -> float:
        """Score of the units, of which one that comes twice counts twice."""
        if self._split.groups is None:
            rows, groups = torch.tensor(units), None
        else:
            members = [self._units[unit] for unit in units]
            rows = torch.cat(members)
            groups = torch.repeat_interleave(torch.tensor([len(member) for member in members]))
        return self._problem.metric.scores(errors[None, rows], self._energies[None, rows], groups).mean_db[0]
