"""Networks without some of their side connections (paper, A.4, Figures 7 and 8).

The first layer always takes the measurement, so that K layers leave 2^(K-1) patterns.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest

from analysis.comparison import CONFIDENCE
from analysis.pruning_parts import Part, Parts
from genome.errors import InputError
from genome.gates import check_layers
from genome.genome import Genome
from genome.strict import integer

MOST_PATTERNS = 1 << 20
"""Most patterns that are listed: a bound against filling the memory."""

Side = tuple[bool, ...]
"""Whether each of K layers takes the measurement; True for the first."""


class SideConnections(Parts):
    """The side connections; that of the first layer stays, and is counted."""

    name = "side connections"
    columns = ("layer",)
    least = 1

    def of(self, genome: Genome) -> tuple[Part, ...]:
        """List the layers, as (layer,), but the first, that have their side connection."""
        return tuple((layer,) for layer, side in enumerate(genome.side, 1) if side and layer > 1)

    def without(self, genome: Genome, part: Part) -> Genome:
        """Take one layer's side connection away."""
        (layer,) = part
        return with_side(genome, (*genome.side[: layer - 1], False, *genome.side[layer:]))


SIDES = SideConnections()


def with_side(genome: Genome, side: Sequence[bool]) -> Genome:
    """The same network with other side connections.

    Raises:
        InputError: there is not one entry a layer, or the first layer has none.
    """
    return replace(genome, side=tuple(side))


def reconnected(genome: Genome) -> Genome:
    """The same network with every side connection."""
    return with_side(genome, (True,) * genome.layers)


def side_patterns(layers: int, count: int | None, rng: np.random.Generator) -> tuple[Side, ...]:
    """Different patterns of side connections.

    Args:
        layers: depth K.
        count: how many; None, or at least 2^(K-1), gives all of them. Fewer are spread evenly over the
            numbers of side connections 1..K, as far as a number has enough patterns, and random within a
            number. (Each kept with probability one half, nearly all would have about K/2.)
        rng: draws them.

    Raises:
        InputError: an illegal depth, a count below 1, or more than 2^20 patterns.
    """
    check_layers(layers)
    total = 1 << (layers - 1)
    wanted = total if count is None else min(count, total)
    integer(wanted, "The number of patterns of side connections", 1, MOST_PATTERNS)
    if wanted == total:
        return tuple((True, *rest) for rest in itertools.product((False, True), repeat=layers - 1))
    shares = _spread([math.comb(layers - 1, size) for size in range(layers)], wanted)
    found = [each for size, share in enumerate(shares) for each in _drawn(layers, size, share, rng)]
    return tuple(found)


def _spread(available: Sequence[int], wanted: int) -> list[int]:
    """How many of each kind to take, as evenly as what there is of them allows."""
    taken = [0] * len(available)
    while missing := wanted - sum(taken):
        open_kinds = [kind for kind, most in enumerate(available) if taken[kind] < most]
        served = min(missing, len(open_kinds))
        for place in np.linspace(0, len(open_kinds) - 1, served).round().astype(int):
            taken[open_kinds[place]] += 1
    return taken


def _drawn(layers: int, size: int, wanted: int, rng: np.random.Generator) -> list[Side]:
    """Different random patterns with ``size`` side connections beside the first layer's."""
    found = dict[Side, None]()
    while len(found) < wanted:
        chosen = set(rng.permutation(layers - 1)[:size].tolist())
        found[True, *(layer in chosen for layer in range(layers - 1))] = None
    return list(found)


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many networks, and the exact 95% interval of the share (Clopper and Pearson, 1934).

    The interval holds for networks drawn independently; where they are all that there are, or spread over
    numbers of side connections, it says how far their number goes and no more.
    """

    number: int
    total: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Number over total."""
        return self.number / self.total

    def to_dict(self) -> dict[str, object]:
        """The share as JSON data."""
        return {
            "number": self.number,
            "total": self.total,
            "share": self.share,
            "low": self.low,
            "high": self.high,
        }


def share(number: int, total: int) -> Share:
    """A share with its interval.

    Raises:
        InputError: the total is below 1, or the number not within it.
    """
    integer(total, "The number of networks of a share", 1, 10**9)
    integer(number, "The number of networks that a share counts", 0, total)
    ends = binomtest(number, total).proportion_ci(CONFIDENCE, method="exact")
    return Share(number, total, float(ends.low), float(ends.high))


@dataclass(frozen=True, slots=True)
class SideSummary:
    """What side connections are worth, over networks that lack some.

    Attributes:
        worse: networks that score worse than the unpruned one (Figure 7b).
        gaining: networks that score better once all their side connections are back, their extra
            connections kept (Figure 8b).
    """

    worse: Share
    gaining: Share


def summarize_sides(unpruned: float, pruned: Sequence[float], reconnected: Sequence[float]) -> SideSummary:
    """Count over networks that lack side connections; all scores in dB, lower is better, inf diverged.

    Args:
        unpruned: score of the network that all are compared with.
        pruned: score of every network as it is.
        reconnected: score of each of them with all its side connections.

    Raises:
        InputError: there is no network, or not one reconnected score for each.
    """
    if len(pruned) != len(reconnected):
        raise InputError(
            f"Every pruned network needs its reconnected one, got {len(reconnected)} for {len(pruned)}."
        )
    gains = sum(after < before for before, after in zip(pruned, reconnected, strict=True))
    return SideSummary(
        worse=share(sum(score > unpruned for score in pruned), len(pruned)),
        gaining=share(gains, len(pruned)),
    )
