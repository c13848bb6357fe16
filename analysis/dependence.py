"""How the score depends on the number of extra connections, whichever they are."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import spearmanr

from analysis.comparison import Interval, interval
from analysis.importance import checked_scores
from genome.errors import InputError
from genome.genome import Genome


@dataclass(frozen=True, slots=True)
class Bin:
    """Networks with similar numbers of extra connections.

    Attributes:
        fewest: extra connections.
        most: extra connections.
        networks: how many.
        score: their mean score in dB and its 95% interval.
    """

    fewest: int
    most: int
    networks: int
    score: Interval

    def to_dict(self) -> dict[str, object]:
        """The bin as JSON data."""
        return {
            "fewest": self.fewest,
            "most": self.most,
            "networks": self.networks,
            **self.score.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Trend:
    """Whether more connections go with better scores, and whether there is a best number.

    Attributes:
        spearman: rank correlation of score and number of connections; negative where more score better.
        p: of the two-sided test that it is 0.
        quadratic: coefficients (c0, c1, c2) of the parabola c0 + c1 n + c2 n^2 fitted to all scores by least
            squares, in dB; None where there are fewer than four different numbers of connections.
    """

    spearman: float
    p: float
    quadratic: tuple[float, float, float] | None

    def to_dict(self) -> dict[str, object]:
        """The trend as JSON data."""
        return asdict(self)

    def at(self, connections: ArrayLike) -> NDArray[np.float64] | None:
        """The parabola's values in dB; None where there is none."""
        if self.quadratic is None:
            return None
        values: NDArray[np.float64] = np.polynomial.Polynomial(self.quadratic)(np.asarray(connections))
        return values


@dataclass(frozen=True, slots=True)
class Dependence:
    """The score against the number of extra connections.

    Attributes:
        bins: by number of connections, ascending.
        trend: over all networks, not over the bins.
    """

    bins: tuple[Bin, ...]
    trend: Trend

    def to_dict(self) -> dict[str, object]:
        """The dependence as JSON data."""
        return {"bins": [each.to_dict() for each in self.bins], "trend": self.trend.to_dict()}


def dependence(genomes: Sequence[Genome], scores: ArrayLike, bins: int = 8) -> Dependence:
    """Average scores over networks with similar numbers of extra connections, and test for a trend.

    Bins hold about equally many networks, at least two each; networks with the same number of connections are
    never parted. What else differs between networks with few and with many connections is not held fixed.

    Args:
        genomes: distinct ones of one depth.
        scores: one for each in dB, finite.
        bins: at most so many.

    Raises:
        InputError: fewer than three genomes, all with the same number of connections or the same score, or as
            for `analysis.importance.effects_alone`.
    """
    values = checked_scores(genomes, scores)
    counts = np.array([genome.connections for genome in genomes])
    if len(values) < 3 or not np.ptp(counts) or not np.ptp(values):
        raise InputError(
            "A dependence on the number of connections needs three networks that differ in it and in their "
            f"scores, got {len(values)} with {np.unique(counts).size} different numbers."
        )
    ranked = spearmanr(counts, values)
    found = tuple(
        Bin(int(counts[own].min()), int(counts[own].max()), int(own.sum()), interval(values[own].tolist()))
        for own in _groups(counts, bins)
    )
    return Dependence(found, Trend(float(ranked.statistic), float(ranked.pvalue), _parabola(counts, values)))


def _groups(counts: NDArray[np.int64], bins: int) -> list[NDArray[np.bool_]]:
    """Which networks are in which bin, ``(G,)`` each."""
    size = max(2.0, len(counts) / bins)
    groups: list[list[int]] = [[]]
    members = 0
    for number, how_many in zip(
        *(each.tolist() for each in np.unique(counts, return_counts=True)), strict=True
    ):
        if members >= size:
            groups.append([])
            members = 0
        groups[-1].append(number)
        members += how_many
    if members < max(2.0, size / 2.0) and len(groups) > 1:
        rest = groups.pop()
        groups[-1] += rest
    return [np.isin(counts, group) for group in groups]


def _parabola(counts: NDArray[np.int64], values: NDArray[np.float64]) -> tuple[float, float, float] | None:
    if np.unique(counts).size < 4:
        return None
    c0, c1, c2 = np.polynomial.Polynomial.fit(counts, values, 2).convert().coef
    return float(c0), float(c1), float(c2)
