"""How far the averages of several searches agree, and which neurons they choose.

The paper (section 3.3) found that three search methods give nearly identical average architectures, all with
soft thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.average import Average, average
from genome import Genome, InputError


@dataclass(frozen=True, slots=True)
class Overlap:
    """Agreement of two averages over the extra connections that a space has.

    Attributes:
        jaccard: connections that both averages have divided by those that either has; 1 where neither has
            any.
        difference: mean absolute difference of the shares.
    """

    jaccard: float
    difference: float

    def to_dict(self) -> dict[str, float]:
        """The numbers as JSON data."""
        return asdict(self)


def top_average(genomes: Sequence[Genome], scores: Sequence[float], count: int) -> Average:
    """Average of the ``count`` genomes with the lowest finite scores; of equal ones, the first.

    Raises:
        InputError: there are fewer than ``count``.
    """
    order = [place for place in np.argsort(np.asarray(scores), kind="stable") if np.isfinite(scores[place])]
    if not 1 <= count <= len(order):
        raise InputError(f"An average of the top {count} needs as many networks, got {len(order)}.")
    return average(genomes[place] for place in order[:count])


def overlap(a: Average, b: Average, threshold: float = 0.5) -> Overlap:
    """Compare two averages of one depth.

    Args:
        a: one of them.
        b: the other.
        threshold: from which share on an average has a connection; inclusive.

    Raises:
        InputError: their depths differ.
    """
    if a.layers != b.layers:
        raise InputError(f"Averages that are compared must have one depth, got {a.layers} and {b.layers}.")
    first, second = _shares(a), _shares(b)
    either = np.count_nonzero((first >= threshold) | (second >= threshold))
    both = np.count_nonzero((first >= threshold) & (second >= threshold))
    difference = float(np.abs(first - second).mean()) if first.size else 0.0
    return Overlap(both / either if either else 1.0, difference)


def soft_share(item: Average) -> float:
    """Share of soft thresholds among all neurons of the averaged genomes."""
    return float(np.mean([shares["soft"] for shares in item.neuron_shares]))


def _shares(item: Average) -> NDArray[np.float64]:
    """Shares of the extra connections, flat."""
    rows, columns = np.tril_indices(item.layers, k=-2, m=max(item.layers - 1, 1))
    shares: NDArray[np.float64] = item.share[rows, columns]
    return shares
