"""Where a network's extra connections are: by destination layer, by distance, and how far genomes agree.

Source: *A Design Space Study for LISTA and Beyond* (ICLR 2021), section 4 ("A closer look at the averaged
connectivity").
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.average import Average
from genome.genome import Genome
from genome.patterns import extra_places

AGREED: Final = 0.9
"""Share of the genomes that agree on a connection in the study's statement on consensus."""


@dataclass(frozen=True, slots=True)
class Use:
    """How many of a group of extra connections are used.

    Attributes:
        place: what they share: the destination layer, or the distance.
        used: how many are on; of an average, the mean number over its genomes.
        possible: how many there can be.
    """

    place: int
    used: float
    possible: int

    @property
    def share(self) -> float:
        """Share of the possible ones that is used."""
        return self.used / self.possible

    def to_dict(self) -> dict[str, float]:
        """The numbers as JSON data."""
        return {**asdict(self), "share": self.share}


@dataclass(frozen=True, slots=True)
class Pattern:
    """The extra connections of a network, or the mean numbers of them over genomes.

    Attributes:
        by_layer: for each destination layer d = 3..K, of its d - 2 possible sources.
        by_distance: for each distance 2..K-1 (destination minus source) of the K - distance possible ones.
    """

    by_layer: tuple[Use, ...]
    by_distance: tuple[Use, ...]

    @property
    def without(self) -> tuple[int, ...]:
        """Destination layers, of those that could have one, without any extra connection."""
        return tuple(use.place for use in self.by_layer if not use.used)

    @property
    def last(self) -> Use | None:
        """The last layer's; None where there is no extra connection to be had (K < 3)."""
        return self.by_layer[-1] if self.by_layer else None

    def below(self, share: float, *, with_default: bool = False) -> tuple[int, ...]:
        """Destination layers that use less than such a share of their possible sources.

        Args:
            share: of the sources.
            with_default: whether the default connection, which is always used, counts as one of them.
        """
        default = int(with_default)
        # A mean over genomes is a sum of shares, and 1/3 of 3 must not fail by rounding.
        return tuple(
            use.place for use in self.by_layer if use.used + default < share * (use.possible + default) - 1e-9
        )

    def share_of_layers(self, share: float, *, with_default: bool = False) -> float:
        """Share of the layers 3..K that use at least such a share of their possible sources; 0 for K < 3.

        Args:
            share: of the sources.
            with_default: whether the default connection, which is always used, counts as one of them.
        """
        total = len(self.by_layer)
        return (total - len(self.below(share, with_default=with_default))) / total if total else 0.0


def pattern(network: Genome | Average) -> Pattern:
    """Count extra connections by destination layer and by distance.

    Default connections and side connections do not count. Of an average the shares are added up, which gives
    mean numbers over its genomes and needs no threshold; for the network that it stands for, give
    ``network.genome(threshold)``.
    """
    shares = network.share if isinstance(network, Average) else network.heatmap()
    return Pattern(
        by_layer=_uses(shares, lambda destination, _: destination),
        by_distance=_uses(shares, lambda destination, source: destination - source),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How many extra connections nearly all genomes agree on.

    Attributes:
        possible: extra connections that there can be.
        off: how many at least ``AGREED`` of the genomes do not use.
        on: how many at least ``AGREED`` of the genomes use.
    """

    possible: int
    off: int
    on: int

    def to_dict(self) -> dict[str, int]:
        """The numbers as JSON data."""
        return asdict(self)


def agreement(item: Average) -> Agreement:
    """Count the extra connections that at least ``AGREED`` of the genomes agree to use, or not to use."""
    counts = [item.connection_counts[d - 1][s - 1] for d, s in extra_places(item.layers)]
    return Agreement(
        possible=len(counts),
        off=sum((item.count - used) / item.count >= AGREED for used in counts),
        on=sum(used / item.count >= AGREED for used in counts),
    )


def _uses(shares: NDArray[np.float64], group: Callable[[int, int], int]) -> tuple[Use, ...]:
    used: dict[int, float] = {}
    possible: dict[int, int] = {}
    for destination, source in extra_places(len(shares)):
        place = group(destination, source)
        used[place] = used.get(place, 0.0) + float(shares[destination - 1, source - 1])
        possible[place] = possible.get(place, 0) + 1
    return tuple(Use(place, used[place], possible[place]) for place in sorted(used))
