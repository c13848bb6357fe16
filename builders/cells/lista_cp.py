"""LISTA-CP: LISTA whose two matrices are coupled by the dictionary (Chen et al. 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from builders.cells.base import Cell, Inputs
from builders.cells.lista import start_thresholds, start_weights
from builders.cells.lista_compiled_step import CompiledListaStep, Variant
from builders.cells.residual import DICTIONARY, residual
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import neuron, uses_threshold
from builders.parameters import ParameterSpec
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome
from genome.strict import boolean


@final
@dataclass(frozen=True)
class ListaCp(Cell):
    """``x_k = neuron(z_k + W_k^T (b - D z_k), theta_k)`` with the dictionary D fixed.

    The weights that LISTA must come to if it recovers sparse signals (Chen, Liu, Wang and Yin, *Theoretical
    linear convergence of unfolded ISTA and its practical weights and thresholds*, NeurIPS 2018, Section
    2.2). With the neuron ``support`` in every layer it is their LISTA-CPSS. Never trained it is ISTA:
    ``W = D / L``, ``theta = lambda / L`` with lambda = 0.4, as in their code. Without the side connection, b
    does not enter.

    Attributes:
        tied: whether all layers share ``W``.
    """

    name: ClassVar[str] = "lista_cp"
    tied: bool = False

    def __post_init__(self) -> None:
        """Check the option."""
        boolean(self.tied, f"The option tied of cell {self.name!r}")

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """``D: (m, n)``."""
        return {DICTIONARY: dictionary}

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``W: (K, m, n)``, tied ``(m, n)``, and ``theta: (K,)``."""
        start, _ = start_weights(dictionary)
        theta = ParameterSpec("theta", start_thresholds(dictionary, layers), introduced=None)
        if self.tied:
            return (ParameterSpec("W", start, introduced=1), theta)
        return (ParameterSpec("W", start.repeat(layers, 1, 1), introduced=None), theta)

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Tensor:
        """The measurements, ``(P, batch, m)``."""
        del values
        return b

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """One step along ``W``."""
        weights = values["W"] if self.tied else values["W"][:, layer]
        moved = torch.bmm(residual(layer, inputs, shared, values, genes), weights)
        u = inputs.state + moved + inputs.pull
        return neuron(u, values["theta"][:, layer, None, None], genes.neurons.layer(layer))

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """Forward and backward written by hand, compiled."""
        return None if binding.in_tensor_operations else CompiledListaStep(binding, Variant("coupled"))

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """See ``CompiledListaStep.floats``."""
        return None if shape.in_tensor_operations else CompiledListaStep.floats(shape, Variant("coupled"))

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """``W`` in every layer, ``D``, which is not trained, in every layer but the first, and thresholds."""
        layers, thresholds = genome.layers, sum(map(uses_threshold, genome.neurons))
        return Costs((1 if self.tied else layers) * m * n + thresholds, (2 * layers - 1) * m * n)
