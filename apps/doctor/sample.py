"""A small population with parameters off their start, for checks that compare or time training steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from builders.cells import Cell
from builders.genes import Genes
from builders.injections import injection
from builders.step import Binding
from builders.unroll import network_layout
from evaluation.problems.sparse_recovery import SparseRecovery
from genome import DesignSpace, Genome

LAYERS = 6
_BATCH = 128


class Sample:
    """A population of eight on one device, and a batch for it.

    Args:
        cell: the iteration.
        device: where the tensors live.

    Attributes:
        b: measurements, ``(P, batch, m)``.
        x: signals, ``(P, batch, n)``.
    """

    b: Tensor
    x: Tensor

    def __init__(self, cell: Cell, device: torch.device) -> None:
        problem = SparseRecovery(m=32, n=64, train=_BATCH, valid=1, test=1)
        rng = np.random.default_rng(0)
        space = DesignSpace(LAYERS, search_side=True)
        genomes = [Genome.lista(LAYERS), Genome.dense(LAYERS), *(space.sample(rng) for _ in range(6))]
        combination = injection("sum")
        layout = network_layout(cell, combination, problem.dictionary, LAYERS)
        noise = rng.standard_normal((len(genomes), layout.size)).astype(np.float32)
        rows = (layout.initial() + 0.01 * torch.from_numpy(noise)).to(device)
        genes = Genes.of(genomes, device)
        weights = combination.weights(genes.gates)
        self._binding = Binding(
            layout,
            combination,
            problem.n,
            genes,
            weights,
            rows,
            torch.zeros_like(rows),
            LAYERS,
            lowest=1,
            in_tensor_operations=device.type != "cpu",
        )
        split = problem.dataset(0).train
        self.b = split.b.to(device).repeat(len(genomes), 1, 1)
        self.x = split.x.to(device).repeat(len(genomes), 1, 1)

    def binding(self) -> Binding:
        """A binding with these parameters and a gradient of its own."""
        return replace(self._binding, gradient=torch.zeros_like(self._binding.gradient))
