"""LISTA (Gregor and LeCun 2010; paper, eq. 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from builders.cells.base import Cell, Inputs
from builders.cells.lista_compiled_step import CompiledListaStep
from builders.cells.lista_step import ListaStep
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import neuron, uses_threshold
from builders.parameters import ParameterSpec
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome
from genome.strict import boolean

START_LAMBDA = 0.4
"""The l1 weight whose ISTA the network starts as (released code)."""

LIPSCHITZ_MARGIN = 1.001
"""L is taken a little above ``||D||_2^2``, the smoothness constant of the LASSO (released code)."""


def lipschitz_constant(dictionary: Tensor) -> Tensor:
    """``L = 1.001 * ||D||_2^2``, a scalar in float64, for a dictionary ``(m, n)``."""
    norm: Tensor = torch.linalg.matrix_norm(dictionary.double(), 2)
    return LIPSCHITZ_MARGIN * norm.square()


def start_thresholds(dictionary: Tensor, layers: int) -> Tensor:
    """ISTA's threshold ``lambda / L`` with lambda = 0.4 in every layer, ``(K,)``."""
    return torch.full((layers,), float(START_LAMBDA / lipschitz_constant(dictionary)))


def start_weights(dictionary: Tensor) -> tuple[Tensor, Tensor]:
    """ISTA's ``W_b = D / L: (m, n)`` and ``W_x = I - D^T D / L: (n, n)``, for row vectors."""
    exact, lipschitz = dictionary.double(), lipschitz_constant(dictionary)
    identity = torch.eye(dictionary.shape[1], dtype=torch.float64)
    return (exact / lipschitz).float(), (identity - exact.T @ exact / lipschitz).float()


@final
@dataclass(frozen=True)
class Lista(Cell):
    """``x_k = neuron(W_b b + W_x z_k, theta_k)``.

    Never trained it is ISTA: ``W_b = D^T / L``, ``W_x = I - D^T D / L``, ``theta_k = lambda / L`` with
    lambda = 0.4 (paper, below eq. 4; released code). Weights are stored for row vectors: products are
    ``b @ W_b`` and ``z @ W_x``. Thresholds are unclamped scalars, one a layer. The first layer has no
    input but ``b``, so that a shared ``W_x`` comes in with layer 2.

    Attributes:
        tied: whether all layers share ``W_b`` and ``W_x``, as in the paper; otherwise each has its own.
    """

    name: ClassVar[str] = "lista"
    tied: bool = True

    def __post_init__(self) -> None:
        """Check the option."""
        boolean(self.tied, f"The option tied of cell {self.name!r}")

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``W_b: (m, n)``, ``W_x: (n, n)``, ``theta: (K,)``; untied, W with a leading axis of K layers."""
        w_b, w_x = start_weights(dictionary)
        theta = ParameterSpec("theta", start_thresholds(dictionary, layers), introduced=None)
        if self.tied:
            return (ParameterSpec("W_b", w_b, introduced=1), ParameterSpec("W_x", w_x, introduced=2), theta)
        return (
            ParameterSpec("W_b", w_b.repeat(layers, 1, 1), introduced=None),
            ParameterSpec("W_x", w_x.repeat(layers, 1, 1), introduced=None),
            theta,
        )

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Tensor:
        """The side connection ``W_b b``, ``(P, batch, n)``; untied, the measurements themselves."""
        return torch.bmm(b, values["W_b"]) if self.tied else b

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """Eq. (4) with the neuron and the side gate that the genome chose."""
        side = shared if self.tied else _own_side(layer, shared, values["W_b"], genes)
        u = side * genes.side[layer] + inputs.pull
        if layer > 0:
            w_x = values["W_x"]
            u = u + torch.bmm(inputs.state, w_x if self.tied else w_x[:, layer])
        threshold = values["theta"][:, layer, None, None]
        return neuron(u, threshold, genes.neurons.layer(layer))

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """Forward and backward written by hand: compiled, or, for tied weights, in tensor operations."""
        if not binding.in_tensor_operations:
            return CompiledListaStep(binding)
        return ListaStep(binding) if self.tied else None

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """See ``floats`` of either step."""
        if not shape.in_tensor_operations:
            return CompiledListaStep.floats(shape)
        return ListaStep.floats(shape) if self.tied else None

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """``W_b`` once a signal, or untied in every layer with a side connection; ``W_x`` from layer 2 on.

        Beside them, the thresholds of the layers whose neuron takes one.
        """
        later, sides = genome.layers - 1, sum(genome.side)
        thresholds = sum(map(uses_threshold, genome.neurons))
        if self.tied:
            return Costs(m * n + (n * n if later else 0) + thresholds, m * n + later * n * n)
        weights = sides * m * n + later * n * n
        return Costs(weights + thresholds, weights)


def _own_side(layer: int, b: Tensor, w_b: Tensor, genes: Genes) -> Tensor:
    """``W_b b`` with a layer's own ``W_b``, ``(P, batch, n)``; zeros where no member asks for it."""
    if genes.any_side[layer]:
        return torch.bmm(b, w_b[:, layer])
    return b.new_zeros(*b.shape[:2], w_b.shape[-1])
