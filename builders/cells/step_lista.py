"""Step-LISTA: ISTA with learned step sizes (Ablin et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from sys import float_info
from typing import ClassVar, final

import torch
from torch import Tensor

from builders.cells.base import Cell, Inputs
from builders.cells.lista import START_LAMBDA, lipschitz_constant
from builders.cells.lista_compiled_step import CompiledListaStep, Variant
from builders.cells.residual import DICTIONARY, residual
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import neuron
from builders.parameters import ParameterSpec
from builders.products import shared_product
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome, InputError
from genome.strict import shown


@final
@dataclass(frozen=True)
class StepLista(Cell):
    """``x_k = neuron(z_k + gamma_k D^T (b - D z_k), gamma_k lambda)``: one number a layer is trained.

    Whatever the step sizes, it takes ISTA's steps for one Lasso, ``||b - D x||^2 / 2 + lambda ||x||_1``. They
    start at ISTA's ``1 / L``. Without the side connection, b does not enter.

    Source: Ablin, Moreau, Massias and Gramfort, *Learning step sizes for unfolded sparse coding*, NeurIPS
    2019 (SLISTA).

    Attributes:
        l1: lambda, at least 0; by default that whose ISTA the other cells start as.
    """

    name: ClassVar[str] = "step_lista"
    l1: float = START_LAMBDA

    def __post_init__(self) -> None:
        """Check the option."""
        value: object = self.l1
        number = isinstance(value, float | int) and not isinstance(value, bool)
        if not (number and 0 <= self.l1 <= float_info.max):
            raise InputError(f"The option l1 of cell {self.name!r} must be at least 0, got {shown(value)}.")
        # 1 and 1.0 are the same value and so have the same description.
        object.__setattr__(self, "l1", float(self.l1))

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """``D: (m, n)``."""
        return {DICTIONARY: dictionary}

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``gamma: (K,)``."""
        start = torch.full((layers,), float(1 / lipschitz_constant(dictionary)))
        return (ParameterSpec("gamma", start, introduced=None),)

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Tensor:
        """The measurements, ``(P, batch, m)``."""
        del values
        return b

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """A step of ISTA with the neuron and the side gate that the genome chose."""
        gamma = values["gamma"][:, layer, None, None]
        gradient = shared_product(residual(layer, inputs, shared, values, genes), values[DICTIONARY])
        u = inputs.state + gamma * gradient + inputs.pull
        return neuron(u, gamma * self.l1, genes.neurons.layer(layer))

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """Forward and backward written by hand, compiled."""
        return None if binding.in_tensor_operations else CompiledListaStep(binding, self._variant)

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """See ``CompiledListaStep.floats``."""
        return None if shape.in_tensor_operations else CompiledListaStep.floats(shape, self._variant)

    @property
    def _variant(self) -> Variant:
        return Variant("analytic", analytic=DICTIONARY, l1=self.l1)

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """A step size a layer, n multiply-adds each; ``D`` twice in every layer, once in the first."""
        layers = genome.layers
        return Costs(layers, (2 * layers - 1) * m * n + layers * n)
