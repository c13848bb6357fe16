"""ALISTA: weights computed from the dictionary; step sizes and thresholds are learned (Liu et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, final

import torch
from torch import Tensor

from builders.analytic import analytic_weights
from builders.cells.base import Cell, Inputs
from builders.cells.lista import start_thresholds
from builders.cells.lista_compiled_step import CompiledListaStep, Variant
from builders.cells.residual import DICTIONARY, residual
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import neuron, uses_threshold
from builders.parameters import ParameterSpec
from builders.products import shared_product
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome

ANALYTIC = "W_analytic"
"""Name of the analytic weights among the constants of a cell, ``(m, n)``."""
_VARIANT: Final = Variant("analytic", analytic=ANALYTIC)


@final
@dataclass(frozen=True)
class Alista(Cell):
    """``x_k = neuron(z_k + gamma_k W^T (b - D z_k), theta_k)`` with D and ``W = analytic_weights(D)`` fixed.

    Two numbers a layer are trained. They start as in the authors' code: ``gamma_k = 1``, which is the step at
    which an entry's own error vanishes, for ``w_i^T d_i = 1``, and ISTA's ``theta_k = lambda / L`` with
    lambda = 0.4. Without the side connection, b does not enter.

    Source: Liu, Chen, Wang and Yin, *ALISTA: Analytic weights are as good as learned weights in LISTA*, ICLR
    2019, eq. (15).
    """

    name: ClassVar[str] = "alista"

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """``D: (m, n)`` and ``W_analytic: (m, n)``.

        Raises:
            InputError: see ``analytic_weights``.
        """
        return {DICTIONARY: dictionary, ANALYTIC: analytic_weights(dictionary).float()}

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``gamma: (K,)``, ``theta: (K,)``."""
        return (
            ParameterSpec("gamma", torch.ones(layers), introduced=None),
            ParameterSpec("theta", start_thresholds(dictionary, layers), introduced=None),
        )

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Tensor:
        """The measurements, ``(P, batch, m)``."""
        del values
        return b

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """Eq. (15) with the neuron and the side gate that the genome chose."""
        direction = shared_product(residual(layer, inputs, shared, values, genes), values[ANALYTIC])
        u = inputs.state + values["gamma"][:, layer, None, None] * direction + inputs.pull
        return neuron(u, values["theta"][:, layer, None, None], genes.neurons.layer(layer))

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """Forward and backward written by hand, compiled."""
        return None if binding.in_tensor_operations else CompiledListaStep(binding, _VARIANT)

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """See ``CompiledListaStep.floats``."""
        return None if shape.in_tensor_operations else CompiledListaStep.floats(shape, _VARIANT)

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """A step size a layer, and the thresholds; the products with W, with D but in the first layer.

        A step size takes n multiply-adds.
        """
        layers, thresholds = genome.layers, sum(map(uses_threshold, genome.neurons))
        return Costs(layers + thresholds, (2 * layers - 1) * m * n + layers * n)
