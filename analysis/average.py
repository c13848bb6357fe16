"""The average architecture: how many of a set of genomes use each connection and each option of a layer.

Source: *A Design Space Study for LISTA and Beyond* (ICLR 2021), section 2.3 ("average architecture") and
Figure 2 (its heat map).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from genome.errors import InputError
from genome.genome import Genome
from genome.neurons import ALL_NEURONS, NEURONS, Neuron
from genome.thresholds import THRESHOLDS, ThresholdKind
from genome.usual import all_usual
from genome.weights import WEIGHTS, Weight

Name = TypeVar("Name", bound=str)

Counts = tuple[tuple[int, ...], ...]
"""A row a layer, an entry a name or source layer: how many genomes have it."""


@dataclass(frozen=True, slots=True)
class Average:
    """Counts of every choice over a set of genomes of one depth K; made by `average`.

    Whole counts are kept, not shares, so that two averages are equal exactly when they say the same and a
    share compares with a threshold without rounding.

    Attributes:
        count: number of genomes.
        connection_counts: K rows, row d - 1 with d - 1 entries: how many genomes feed x(s) into destination
            layer d, for sources s = 1..d-1. The default connection (s = d - 1) counts every genome.
        neuron_counts: K rows in the order of `genome.neurons.ALL_NEURONS`: how many genomes use each neuron
            there.
        side_counts: K entries: how many genomes give layer d its side connection.
        weight_counts: K rows in the order of `genome.weights.WEIGHTS`.
        threshold_counts: K rows in the order of `genome.thresholds.THRESHOLDS`.
    """

    count: int
    connection_counts: Counts
    neuron_counts: Counts
    side_counts: tuple[int, ...]
    weight_counts: Counts
    threshold_counts: Counts

    @property
    def layers(self) -> int:
        """Depth K of the averaged genomes."""
        return len(self.connection_counts)

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of the genomes that use each connection, (K, K-1), in the layout of the paper's Figure 2.

        Row d - 1 is destination layer d, column s - 1 is source x(s). Default connections are 1; places that
        no connection can have (s >= d) are 0, as in `Genome.heatmap`.
        """
        share = np.zeros((self.layers, self.layers - 1))
        for row, counts in zip(share, self.connection_counts, strict=True):
            row[: len(counts)] = [n / self.count for n in counts]
        return share

    @property
    def agreement(self) -> NDArray[np.float64]:
        """How far the genomes agree on each connection, (K, K-1): max(share, 1 - share), from 0.5 to 1.

        Places that no connection can have are NaN, so that ``numpy.nanmean`` over any rows is the mean
        agreement.
        """
        share = self.share
        agreement = np.maximum(share, 1.0 - share)
        agreement[np.triu_indices(self.layers, m=self.layers - 1)] = np.nan
        return agreement

    @property
    def neuron_shares(self) -> tuple[dict[Neuron, float], ...]:
        """For each layer 1..K, the share of the genomes that use each neuron, every name present."""
        return self._shares(self.neuron_counts, ALL_NEURONS)

    @property
    def weight_shares(self) -> tuple[dict[Weight, float], ...]:
        """For each layer 1..K, the share of genomes that use each kind of weights, every name present."""
        return self._shares(self.weight_counts, WEIGHTS)

    @property
    def threshold_shares(self) -> tuple[dict[ThresholdKind, float], ...]:
        """For each layer 1..K, the share of genomes that use each kind of threshold, every name present."""
        return self._shares(self.threshold_counts, THRESHOLDS)

    @property
    def side_shares(self) -> tuple[float, ...]:
        """For each layer 1..K, the share of the genomes that have its side connection (1 at layer 1)."""
        return tuple(n / self.count for n in self.side_counts)

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The most used neuron of each layer; of equally used ones, the first in `ALL_NEURONS`."""
        return _most_used(self.neuron_counts, ALL_NEURONS)

    @property
    def weights(self) -> tuple[Weight, ...]:
        """The most used kind of weights of each layer; of equally used ones, the first in `WEIGHTS`."""
        return _most_used(self.weight_counts, WEIGHTS)

    @property
    def thresholds(self) -> tuple[ThresholdKind, ...]:
        """The most used kind of threshold of each layer; of equally used ones, the first in `THRESHOLDS`."""
        return _most_used(self.threshold_counts, THRESHOLDS)

    def _shares(self, counts: Counts, names: Sequence[Name]) -> tuple[dict[Name, float], ...]:
        return tuple({name: n / self.count for name, n in zip(names, row, strict=True)} for row in counts)

    def genome(self, threshold: float = 0.5) -> Genome:
        """The average as an architecture: what at least `threshold` of the genomes use.

        The threshold is inclusive and holds for connections and side connections alike; neuron, weights and
        threshold kind are each layer's most used ones (see `neurons`). The average of one genome is that
        genome, at any threshold above 0.

        Raises:
            InputError: if `threshold` is not in [0, 1].
        """
        return Genome.from_heatmap(
            self.share,
            threshold=threshold,
            neurons=self.neurons,
            side=tuple(share >= threshold for share in self.side_shares),
            weights=self.weights,
            thresholds=self.thresholds,
        )

    def to_dict(self) -> dict[str, object]:
        """The average as JSON data; `share` is the ragged lower triangle, row d - 1 with d - 1 entries.

        A neuron that is not one of the study's is named only where a genome uses it, and `weight_shares` and
        `threshold_shares` are there only where a genome has other than free weights or learned thresholds.
        """
        used = _used(self.neuron_counts, ALL_NEURONS)
        named = [name for name in ALL_NEURONS if name in NEURONS or name in used]
        data: dict[str, object] = {
            "layers": self.layers,
            "count": self.count,
            "share": [[n / self.count for n in counts] for counts in self.connection_counts],
            "neuron_shares": [{name: shares[name] for name in named} for shares in self.neuron_shares],
            "side_shares": list(self.side_shares),
        }
        if not all_usual(_used(self.weight_counts, WEIGHTS), _used(self.threshold_counts, THRESHOLDS)):
            data["weight_shares"] = list(self.weight_shares)
            data["threshold_shares"] = list(self.threshold_shares)
        return data

    def heatmap_csv(self) -> str:
        """The shares as CSV text with labels: one line a destination layer, one column a source x(1)..x(K-1).

        The numbers are exact (shortest text that reads back to the same float) and those of `share`, so that
        the file read back without its labels is a heat map for `Genome.from_heatmap`.
        """
        header = ["destination", *(f"x({source})" for source in range(1, self.layers))]
        rows = [[str(d), *(repr(float(value)) for value in row)] for d, row in enumerate(self.share, start=1)]
        return "".join(",".join(cells) + "\n" for cells in [header, *rows])


def average(genomes: Iterable[Genome]) -> Average:
    """Count, over genomes of one depth, who uses each connection and each option of a layer.

    The paper averages the top 50 of a search: ``average(e.genome for e in top(evaluations, 50))``. A genome
    given twice counts twice, as a bootstrap over a top set needs.

    Raises:
        InputError: if there is no genome, or if the genomes differ in depth.
    """
    members = list(genomes)
    if not members:
        raise InputError("An average needs at least one genome, got none.")
    layers = members[0].layers
    for place, member in enumerate(members):
        if member.layers != layers:
            raise InputError(
                f"Genomes of an average must have one depth, got {member.layers} layers at position {place} "
                f"and {layers} at position 0."
            )
    depths = range(layers)
    return Average(
        count=len(members),
        connection_counts=tuple(
            tuple(sum(member.gates[d][s] for member in members) for s in range(d)) for d in depths
        ),
        neuron_counts=_count([member.neurons for member in members], ALL_NEURONS),
        side_counts=tuple(sum(member.side[d] for member in members) for d in depths),
        weight_counts=_count([member.weights for member in members], WEIGHTS),
        threshold_counts=_count([member.thresholds for member in members], THRESHOLDS),
    )


def _count(members: Sequence[Sequence[str]], names: Sequence[str]) -> Counts:
    """Count each name in each layer over genomes, given as one list of K names each."""
    return tuple(tuple(layer.count(name) for name in names) for layer in zip(*members, strict=True))


def _used(counts: Counts, names: Sequence[Name]) -> tuple[Name, ...]:
    return tuple(name for name, *layers in zip(names, *counts, strict=True) if any(layers))


def _most_used(counts: Counts, names: Sequence[Name]) -> tuple[Name, ...]:
    return tuple(names[row.index(max(row))] for row in counts)
