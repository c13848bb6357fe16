"""How stable an average architecture is: against another number of genomes, and against other genomes.

Source: *A Design Space Study for LISTA and Beyond* (ICLR 2021), section A.5 and Figure 9 (the average of the
top 50 against that of the top 30). The bootstrap says what the figure cannot: which connections of the
average would be others had other genomes of the same kind come out on top.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.average import Average, average
from analysis.comparison import CONFIDENCE
from genome.errors import InputError
from genome.genome import Genome
from genome.patterns import extra_places
from genome.records import MAX_SEED
from genome.strict import integer

SETTLED: Final = 0.95
"""Share of the resamples that must agree on a connection for it to be settled."""

MAX_RESAMPLES: Final = 100_000

Connection = tuple[int, int]
"""Destination layer and source layer, from 1."""

State = Literal["on", "off", "open"]
"""Whether a connection is settled, and how; open where it is not."""


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """One average architecture minus another.

    Attributes:
        values: shares of the first minus those of the second, (K, K-1), in the layout of `Average.share`; 0
            where there is no extra connection.
        mean: mean absolute difference over the extra connections that there can be; 0 where there are none.
        largest: the connection whose share differs most; of equal ones the first; None where none differs.
        crossing: connections that one of them has and the other has not, at the threshold.
    """

    values: NDArray[np.float64]
    mean: float
    largest: Connection | None
    crossing: tuple[Connection, ...]

    def at(self, connection: Connection) -> float:
        """The signed difference of a connection's shares."""
        destination, source = connection
        return float(self.values[destination - 1, source - 1])


def difference(first: Average, second: Average, threshold: float = 0.5) -> Difference:
    """Subtract the shares of a second average from those of a first.

    Args:
        first: such as the average of the top 30.
        second: such as that of the top 50.
        threshold: from which share on an average has a connection; inclusive.

    Raises:
        InputError: their depths differ, or the threshold is not in [0, 1].
    """
    if first.layers != second.layers:
        raise InputError(
            f"Averages that are compared must have one depth, got {first.layers} and {second.layers}."
        )
    _check_threshold(threshold)
    values = first.share - second.share
    places = extra_places(first.layers)
    size = {(d, s): abs(float(values[d - 1, s - 1])) for d, s in places}
    largest = max(places, key=size.__getitem__, default=None)
    ours, theirs = (set(each.genome(threshold).extra_connections()) for each in (first, second))
    return Difference(
        values=values,
        mean=sum(size.values()) / len(size) if size else 0.0,
        largest=largest if largest and size[largest] else None,
        crossing=tuple(sorted(ours ^ theirs)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Bootstrap:
    """What the average of a set of genomes might have been: the set resampled with replacement.

    Attributes:
        resamples: how many.
        on: share of the resamples whose average has each connection at the threshold, (K, K-1), in the layout
            of `Average.share`.
        low: lower end of the 95% percentile interval of each share, (K, K-1). A connection that every genome
            has, or none, gets an interval of no width: resampling makes nothing that is not there.
        high: upper end.
        distinct: how many different architectures the averages of the resamples are.
        frequent: the most frequent of these with the share of the resamples that give each, most frequent
            first.
    """

    resamples: int
    on: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    distinct: int
    frequent: tuple[tuple[Genome, float], ...]

    def state(self, connection: Connection) -> State:
        """Whether at least ``SETTLED`` of the resamples have, or have not, an extra connection."""
        destination, source = connection
        on = float(self.on[destination - 1, source - 1])
        if on >= SETTLED:
            return "on"
        return "off" if on <= 1.0 - SETTLED else "open"

    def connections(self, state: State) -> tuple[Connection, ...]:
        """The extra connections of a state, in ascending order."""
        return tuple(place for place in extra_places(len(self.on)) if self.state(place) == state)


def bootstrap(
    genomes: Sequence[Genome], resamples: int = 1000, *, seed: int = 0, threshold: float = 0.5, shown: int = 5
) -> Bootstrap:
    """Average resamples of genomes, each as many as there are, drawn from them with replacement.

    This says how far the average depends on which genomes were the best. It says nothing of another search,
    whose genomes are of another kind where the search went elsewhere.

    Args:
        genomes: of one depth, such as the top 50 of a search.
        resamples: how many to draw.
        seed: of the draws.
        threshold: from which share on an average has a connection; inclusive.
        shown: how many of the most frequent averages to give.

    Raises:
        InputError: no genome, genomes of different depth, a threshold that is not in [0, 1], or a number of
            resamples, or a seed, that is out of range.
    """
    check_resampling(resamples, seed, threshold)
    layers = average(genomes).layers
    shares, on = (np.empty((resamples, layers, layers - 1)) for _ in range(2))
    made: Counter[Genome] = Counter()
    rng = np.random.default_rng(seed)
    for place in range(resamples):
        drawn = average(genomes[number] for number in rng.integers(len(genomes), size=len(genomes)))
        architecture = drawn.genome(threshold)
        shares[place], on[place] = drawn.share, architecture.heatmap()
        made[architecture] += 1
    tail = (1.0 - CONFIDENCE) / 2.0
    # Ends at shares that occurred: between two of them lies none that so many genomes can have.
    low, high = np.quantile(shares, [tail, 1.0 - tail], axis=0, method="inverted_cdf")
    return Bootstrap(
        resamples=resamples,
        on=on.mean(axis=0),
        low=low,
        high=high,
        distinct=len(made),
        frequent=tuple((genome, count / resamples) for genome, count in made.most_common(shown)),
    )


def check_resampling(resamples: int, seed: int, threshold: float) -> None:
    """Refuse what `bootstrap` cannot be made with.

    Raises:
        InputError: a number of resamples, a seed or a threshold that is out of range.
    """
    integer(resamples, "The number of resamples", 1, MAX_RESAMPLES)
    integer(seed, "The seed of a bootstrap", 0, MAX_SEED)
    _check_threshold(threshold)


def _check_threshold(threshold: float) -> None:
    if not 0.0 <= threshold <= 1.0:
        raise InputError(f"The threshold of an average must lie in [0, 1], got {threshold}.")
