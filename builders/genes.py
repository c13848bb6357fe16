"""Genes: the genomes of a population as tensors with a leading population axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from builders.neurons import NeuronSelection, uses_threshold
from builders.selection import Selection, selections
from genome import Genome, InputError
from genome.thresholds import THRESHOLDS, ThresholdKind
from genome.weights import WEIGHTS, Weight


@dataclass(frozen=True, slots=True)
class Genes:
    """What the genomes of P members chose.

    Attributes:
        gates: ``(P, K, K)``, 1 where destination (row) takes source (column), 0-based.
        neurons: those of every layer.
        side: ``(K, P, 1, 1)``, 1 where the layer takes the side connection ``W_b b``.
        all_soft: per layer, whether every member uses the soft threshold there.
        all_side: per layer, whether every member takes the side connection there.
        any_side: per layer, whether any member does.
        weights: who has which kind of weights.
        thresholds: who has which kind of threshold; a layer whose neuron takes none has neither.
    """

    gates: Tensor
    neurons: NeuronSelection
    side: Tensor
    all_soft: tuple[bool, ...]
    all_side: tuple[bool, ...]
    any_side: tuple[bool, ...]
    weights: Mapping[Weight, Selection]
    thresholds: Mapping[ThresholdKind, Selection]

    @classmethod
    def of(cls, genomes: Sequence[Genome], device: torch.device | None = None) -> Genes:
        """Stack the genomes of a population.

        Raises:
            InputError: no genome, or genomes of different depths.
        """
        depths = {genome.layers for genome in genomes}
        if len(depths) != 1:
            raise InputError(f"A population needs genomes of one depth, got depths {sorted(depths)}.")
        (layers,) = depths
        gates = torch.zeros(len(genomes), layers, layers)
        for member, genome in enumerate(genomes):
            for row, sources in enumerate(genome.gates):
                gates[member, row, : len(sources)] = torch.tensor(sources, dtype=gates.dtype)
        side = torch.tensor([genome.side for genome in genomes], dtype=gates.dtype, device=device)
        return cls(
            gates=gates.to(device),
            neurons=NeuronSelection.of([genome.neurons for genome in genomes], device),
            side=side.T.contiguous()[:, :, None, None],
            all_soft=tuple(all(g.neurons[k] == "soft" for g in genomes) for k in range(layers)),
            all_side=tuple(all(g.side[k] for g in genomes) for k in range(layers)),
            any_side=tuple(any(g.side[k] for g in genomes) for k in range(layers)),
            weights=selections(WEIGHTS, [genome.weights for genome in genomes], device),
            thresholds=selections(THRESHOLDS, [_thresholds(genome) for genome in genomes], device),
        )

    @property
    def layers(self) -> int:
        """Depth K."""
        return self.gates.shape[1]


def _thresholds(genome: Genome) -> list[ThresholdKind | None]:
    """The kind of threshold of every layer; None where the neuron takes none."""
    layers = zip(genome.thresholds, genome.neurons, strict=True)
    return [kind if uses_threshold(neuron) else None for kind, neuron in layers]
