"""LISTA with weights shared by all layers (Gregor and LeCun 2010; paper, eq. 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, final

import torch
from torch import Tensor

from builders.cells.base import Cell
from builders.cells.lista_compiled_step import CompiledListaStep
from builders.cells.lista_step import ListaStep
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import neuron, uses_threshold
from builders.parameters import ParameterSpec
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome

START_LAMBDA = 0.4
"""The l1 weight whose ISTA the network starts as (released code)."""

LIPSCHITZ_MARGIN = 1.001
"""L is taken a little above ``||D||_2^2``, the smoothness constant of the LASSO (released code)."""


def lipschitz_constant(dictionary: Tensor) -> Tensor:
    """``L = 1.001 * ||D||_2^2``, a scalar in float64, for a dictionary ``(m, n)``."""
    norm: Tensor = torch.linalg.matrix_norm(dictionary.double(), 2)
    return LIPSCHITZ_MARGIN * norm.square()


@final
class Lista(Cell):
    """``x_k = neuron(W_b b + W_x z_k, theta_k)`` with ``W_b``, ``W_x`` shared by all layers.

    Never trained it is ISTA: ``W_b = D^T / L``, ``W_x = I - D^T D / L``, ``theta_k = lambda / L`` with
    lambda = 0.4 (paper, below eq. 4; released code). Weights are stored for row vectors: products are
    ``b @ W_b`` and ``z @ W_x``. Thresholds are unclamped scalars, one a layer. The first layer has no
    input but ``b``, so that ``W_x`` comes in with layer 2.
    """

    name: ClassVar[str] = "lista"

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``W_b: (m, n)``, ``W_x: (n, n)``, ``theta: (K,)``."""
        lipschitz = lipschitz_constant(dictionary)
        exact = dictionary.double()
        identity = torch.eye(dictionary.shape[1], dtype=torch.float64)
        return (
            ParameterSpec("W_b", (exact / lipschitz).float(), introduced=1),
            ParameterSpec("W_x", (identity - exact.T @ exact / lipschitz).float(), introduced=2),
            ParameterSpec("theta", torch.full((layers,), float(START_LAMBDA / lipschitz)), introduced=None),
        )

    def prepare(self, parameters: Mapping[str, Tensor], b: Tensor) -> Tensor:
        """The side connection ``W_b b``, ``(P, batch, n)``."""
        return torch.bmm(b, parameters["W_b"])

    def step(
        self,
        layer: int,
        inputs: Tensor | None,
        shared: Tensor,
        parameters: Mapping[str, Tensor],
        genes: Genes,
    ) -> Tensor:
        """Eq. (4) with the neuron and the side gate that the genome chose."""
        u = shared * genes.side[layer]
        if inputs is not None:
            u = u + torch.bmm(inputs, parameters["W_x"])
        threshold = parameters["theta"][:, layer, None, None]
        return neuron(u, threshold, genes.neurons.layer(layer))

    def fused_step(self, binding: Binding) -> PopulationStep:
        """Forward and backward written by hand, in tensor operations or compiled."""
        return ListaStep(binding) if binding.in_tensor_operations else CompiledListaStep(binding)

    def fused_step_floats(self, shape: StepShape) -> StepFloats:
        """See ``floats`` of either step."""
        return (ListaStep if shape.in_tensor_operations else CompiledListaStep).floats(shape)

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """``W_b`` once, ``W_x`` in every layer but the first, and the thresholds of soft layers."""
        later = genome.layers - 1
        thresholds = sum(map(uses_threshold, genome.neurons))
        return Costs(m * n + (n * n if later else 0) + thresholds, m * n + later * n * n)
