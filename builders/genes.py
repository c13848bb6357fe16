"""Genes: the genomes of a population as tensors with a leading population axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from builders.neurons import NeuronSelection
from genome import Genome, InputError


@dataclass(frozen=True, slots=True)
class Genes:
    """Gates, neurons and side connections of P members.

    Attributes:
        gates: ``(P, K, K)``, 1 where destination (row) takes source (column), 0-based.
        neurons: selection tensors of shape ``(K, P, 1, 1)``.
        side: ``(K, P, 1, 1)``, 1 where the layer takes the side connection ``W_b b``.
        all_soft: per layer, whether every member uses the soft threshold there.
        all_side: per layer, whether every member takes the side connection there.
    """

    gates: Tensor
    neurons: NeuronSelection
    side: Tensor
    all_soft: tuple[bool, ...]
    all_side: tuple[bool, ...]

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
        )

    @property
    def layers(self) -> int:
        """Depth K."""
        return self.gates.shape[1]
