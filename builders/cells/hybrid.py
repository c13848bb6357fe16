"""A cell whose layers choose, by genome, how their weights are made and where their threshold comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Final, final

import torch
from torch import Tensor

from builders.analytic import analytic_weights, pseudo_inverse
from builders.cells.alista import ANALYTIC
from builders.cells.base import Cell, Inputs
from builders.cells.lista import start_thresholds, start_weights
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

PSEUDO_INVERSE = "D_pinv"
"""Name of the dictionary's pseudo-inverse among the constants, ``(n, m)``."""
_VARIANT: Final = Variant(None, analytic=ANALYTIC, inverse=PSEUDO_INVERSE)


class Measured:
    """The measurements, and the side connection of free layers, which is computed if a layer asks for it."""

    def __init__(self, b: Tensor, w_b: Tensor) -> None:
        self.b, self._w_b = b, w_b

    @cached_property
    def side(self) -> Tensor:
        """``W_b b``, ``(P, batch, n)``."""
        return torch.bmm(self.b, self._w_b)


@final
@dataclass(frozen=True)
class Hybrid(Cell):
    """``x_k = neuron(u_k, t_k)``, with ``u_k`` by the layer's weights and ``t_k`` by its threshold.

    ========== ==========================================
    weights    u (without what momentum adds)
    ========== ==========================================
    free       ``W_b b + W_x z``, see ``Lista``
    coupled    ``z + W^T (b - D z)``, see ``ListaCp``
    analytic   ``z + gamma_k A^T (b - D z)``, see ``Alista``
    ========== ==========================================

    ========== ==========================================
    threshold  t
    ========== ==========================================
    learned    ``theta_k``
    adaptive   ``kappa_k ||D^+ (D z - b)||_1``
    ========== ==========================================

    Layers share ``W_b``, ``W_x`` and ``W``. The adaptive threshold is HyperLISTA's (Chen, Liu, Wang and Yin,
    *Hyperparameter tuning is all you need for LISTA*, NeurIPS 2021), an estimate of how far z is from the
    signal, with a factor that is trained in each layer. Without the side connection, b does not enter.

    Every parameter starts as in the cell that it comes from, ``theta_k = 0.4 / L`` whatever the weights.
    ``kappa_k`` starts at ``1 / n``: a threshold is then the mean magnitude of the entries of
    ``D^+ (D z - b)``. For signals with one entry in ten, measured by Gaussian dictionaries (25 x 50, 50 x
    100), that is twice ISTA's threshold in the first layer, and 16 layers that were never trained recover as
    well as with learned thresholds, or better, whatever their weights.

    As in the cells that they come from, ``W_b`` and ``W`` are introduced by layer 1 and ``W_x`` by layer 2,
    whatever the genome: where a kind of weight is first used later, the phase of that layer which trains only
    what is new does not train it.
    """

    name: ClassVar[str] = "hybrid"

    def check(self, genome: Genome, m: int, n: int) -> None:
        """Takes every genome."""
        del genome, m, n

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """``D: (m, n)``, ``W_analytic: (m, n)`` and ``D_pinv: (n, m)``.

        Raises:
            InputError: see ``analytic_weights``.
        """
        return {
            DICTIONARY: dictionary,
            ANALYTIC: analytic_weights(dictionary).float(),
            PSEUDO_INVERSE: pseudo_inverse(dictionary).float(),
        }

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``W_b, W: (m, n)``, ``W_x: (n, n)``, ``gamma, theta, kappa: (K,)``.

        All members of a population have all of them, whatever their genomes use.
        """
        w_b, w_x = start_weights(dictionary)
        return (
            ParameterSpec("W_b", w_b, introduced=1),
            ParameterSpec("W_x", w_x, introduced=2),
            ParameterSpec("W", w_b, introduced=1),
            ParameterSpec("gamma", torch.ones(layers), introduced=None),
            ParameterSpec("theta", start_thresholds(dictionary, layers), introduced=None),
            ParameterSpec("kappa", torch.full((layers,), 1 / dictionary.shape[1]), introduced=None),
        )

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Measured:
        """The measurements, and ``W_b b`` on demand."""
        return Measured(b, values["W_b"])

    def step(
        self, layer: int, inputs: Inputs, shared: Measured, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """One iteration of every member by its own genes; what no member asks for is not computed."""
        made = _Layer(layer, inputs, shared, values, genes)
        terms = {"free": made.free, "coupled": made.coupled, "analytic": made.analytic}
        asked = [(chosen.members[layer], kind) for kind, chosen in genes.weights.items() if chosen.any[layer]]
        u = terms[asked[0][1]]()
        for members, kind in asked[1:]:
            u = torch.where(members, terms[kind](), u)
        threshold = made.learned()
        adaptive = genes.thresholds["adaptive"]
        if adaptive.any[layer]:
            threshold = torch.where(adaptive.members[layer], made.adaptive(), threshold)
        return neuron(u + inputs.pull, threshold, genes.neurons.layer(layer))

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """Forward and backward written by hand, compiled."""
        return None if binding.in_tensor_operations else CompiledListaStep(binding, _VARIANT)

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """See ``CompiledListaStep.floats``."""
        return None if shape.in_tensor_operations else CompiledListaStep.floats(shape, _VARIANT)

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """What the layers use: ``W_b`` once a signal, ``W_x`` in free layers but the first, and so on.

        A coupled layer takes a product with ``W``, an analytic one with ``A`` and n for its step size, an
        adaptive threshold one with ``D^+``. Where a layer other than the first has any of these, the residual
        takes one with ``D``. Only parameters that such a layer reads are counted.
        """
        products = parameters = 0
        for layer, kind in enumerate(genome.weights):
            adaptive = genome.thresholds[layer] == "adaptive" and uses_threshold(genome.neurons[layer])
            parameters += (kind == "analytic") + uses_threshold(genome.neurons[layer])
            products += n * n if kind == "free" and layer else 0
            products += m * n if kind != "free" else 0
            products += n if kind == "analytic" else 0
            products += m * n if adaptive else 0
            products += m * n if layer and (adaptive or kind != "free") else 0
        sided = any(k == "free" and side for k, side in zip(genome.weights, genome.side, strict=True))
        parameters += (sided + ("coupled" in genome.weights)) * m * n
        parameters += n * n if "free" in genome.weights[1:] else 0
        return Costs(parameters, products + (m * n if sided else 0))


class _Layer:
    """What the members of a population may ask for in one layer; see ``Cell.step`` for the arguments."""

    def __init__(
        self, layer: int, inputs: Inputs, measured: Measured, values: Mapping[str, Tensor], genes: Genes
    ) -> None:
        self._layer, self._inputs, self._measured = layer, inputs, measured
        self._values, self._genes = values, genes

    @cached_property
    def residual(self) -> Tensor:
        """``b - D z``, ``(P, batch, m)``."""
        return residual(self._layer, self._inputs, self._measured.b, self._values, self._genes)

    def free(self) -> Tensor:
        """LISTA's pre-activation."""
        state, layer = self._inputs.state, self._layer
        kept = torch.bmm(state, self._values["W_x"]) if layer else state
        sided = self._genes.any_side[layer]
        return kept + self._measured.side * self._genes.side[layer] if sided else kept

    def coupled(self) -> Tensor:
        """LISTA-CP's pre-activation."""
        return self._inputs.state + torch.bmm(self.residual, self._values["W"])

    def analytic(self) -> Tensor:
        """ALISTA's pre-activation."""
        return self._inputs.state + self._scalar("gamma") * shared_product(
            self.residual, self._values[ANALYTIC]
        )

    def learned(self) -> Tensor:
        """A number a layer, ``(P, batch, 1)``: of one shape whatever mates ask for.

        In another shape its gradient would be summed in another order.
        """
        return self._scalar("theta").expand(-1, self._measured.b.shape[1], -1)

    def adaptive(self) -> Tensor:
        """HyperLISTA's threshold, ``(P, batch, 1)``."""
        error = shared_product(self.residual, self._values[PSEUDO_INVERSE].T)
        return self._scalar("kappa") * error.abs().sum(dim=2, keepdim=True)

    def _scalar(self, name: str) -> Tensor:
        return self._values[name][:, self._layer, None, None]
