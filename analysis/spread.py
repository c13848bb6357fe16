"""Two sources of spread told apart: between networks, and between the seeds that each was trained with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from analysis.comparison import Values
from genome.errors import InputError


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations, in dB, of scores of several networks over the same seeds.

    A score is a mean, plus what is the network's, plus what is the seed's, plus the rest. The variances are
    those of the two-way analysis of variance with random effects and one score for each pair (Searle,
    Casella and McCulloch, Variance Components, 1992, section 4.4); one that comes out negative is 0.

    Attributes:
        networks: between networks, as over infinitely many seeds: what the choice of the network matters.
        seeds: between seeds, in common to all networks: how hard the data of a seed is.
        rest: of one network with one seed, when both are taken into account: the luck of training.
    """

    networks: float
    seeds: float
    rest: float

    def to_dict(self) -> dict[str, float]:
        """The standard deviations as JSON data."""
        return asdict(self)


def spread(networks: Sequence[Values]) -> Spread | None:
    """Take the spread of scores apart; None where one is not finite.

    Args:
        networks: for each of at least two networks, seed -> score in dB.

    Raises:
        InputError: fewer than two networks or seeds, or networks that do not have the same seeds.
    """
    seeds = sorted(networks[0]) if networks else []
    if len(networks) < 2 or len(seeds) < 2:
        raise InputError(
            f"A spread needs at least 2 networks and 2 seeds, got {len(networks)} and {len(seeds)}."
        )
    if any(values.keys() != networks[0].keys() for values in networks):
        raise InputError("A spread needs the same seeds for all networks, got others for some.")
    scores = np.array([[values[seed] for seed in seeds] for values in networks])
    if not np.isfinite(scores).all():
        return None
    rows, columns = scores.shape
    by_network, by_seed = scores.mean(axis=1), scores.mean(axis=0)
    residual = scores - by_network[:, None] - by_seed + scores.mean()
    rest = float((residual**2).sum()) / ((rows - 1) * (columns - 1))
    return Spread(
        networks=_deviation(float(by_network.var(ddof=1)) - rest / columns),
        seeds=_deviation(float(by_seed.var(ddof=1)) - rest / rows),
        rest=_deviation(rest),
    )


def _deviation(variance: float) -> float:
    return math.sqrt(max(variance, 0.0))
