"""Differentiable linearized ADMM (Xie, Wu, Liu, Zhong and Lin, ICML 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, final, get_args

import torch
from torch import Tensor

from builders.cells.base import Cell, Inputs
from builders.cells.lista import START_LAMBDA, start_thresholds, start_weights
from builders.cells.residual import DICTIONARY
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import neuron, soft_threshold, uses_threshold
from builders.parameters import ParameterSpec
from builders.products import shared_product
from genome import Genome, InputError

Joins = Literal["signal", "all"]
"""Which states connections join."""


@final
@dataclass(frozen=True)
class Dladmm(Cell):
    """Unrolled linearized ADMM for ``min |Z|_1 + |E|_1`` subject to ``D Z + E = b``.

    The state is Z, the signal, then E and the multiplier L, with n, m and m entries. A layer computes, with
    ``.`` for the product by entries::

        T = D Z + E - b
        Z = neuron(Z - W^T (L + beta_1 . T), theta_Z)
        E = soft(b - D Z - beta_2 . L, theta_E)
        L = L + beta_1 . (D Z + E - b)

    as in the authors' released code, where E is minimized exactly. T is formed from the combined state. The
    neuron is the genome's, for Z alone. Every layer has ``W``, ``beta_1``, ``beta_2`` and thresholds of its
    own; the dictionary D does not train.

    Never trained it is linearized ADMM with penalty ``1 / theta_E = 2.5``, and Z linearized at
    ``L_D = 1.001 ||D||_2^2``, in terms of the multiplier divided by the penalty: ``W = D / L_D``,
    ``beta_1 = beta_2 = 1``, ``theta_Z = 0.4 / L_D`` as for LISTA, ``theta_E = 0.4``. It starts from zeros.
    (The released code starts near ``W = D``, with fixed thresholds, for a dictionary of norm 1.)

    Attributes:
        joins: the states that connections join: "signal" joins Z, while E and L come from the layer before;
            "all" joins Z, E and L, with the same coefficients.

    Raises:
        InputError: ``joins`` is neither.
    """

    name: ClassVar[str] = "dladmm"
    joins: Joins = "signal"

    def __post_init__(self) -> None:
        """Check the option."""
        if self.joins not in get_args(Joins):
            raise InputError(
                f"The option joins of cell {self.name!r} must be one of {', '.join(get_args(Joins))}, "
                f"got {self.joins!r}."
            )

    def check(self, genome: Genome, m: int, n: int) -> None:
        """Refuse also a layer without side connection: b has no matrix here that a gate could take away."""
        super().check(genome, m, n)
        for layer, side in enumerate(genome.side, 1):
            if not side:
                raise InputError(
                    f"Cell {self.name!r} takes genomes with all side connections only, "
                    f"got none in layer {layer}."
                )

    def carried(self, m: int, n: int) -> int:
        """E and L."""
        del n
        return 2 * m

    def joined(self, m: int, n: int) -> int:
        """Z, or all states."""
        return n + 2 * m if self.joins == "all" else n

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """``D: (m, n)``."""
        return {DICTIONARY: dictionary}

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``W: (K, m, n)``, ``beta_1, beta_2: (K, m)``, ``theta_Z, theta_E: (K,)``.

        What a layer does with ``beta_2`` and ``theta_E`` reaches Z one layer later: they train from there on.
        """
        w_b, _ = start_weights(dictionary)
        ones = torch.ones(layers, len(dictionary))
        return (
            ParameterSpec("W", w_b.repeat(layers, 1, 1), introduced=None),
            ParameterSpec("beta_1", ones, introduced=None),
            ParameterSpec("beta_2", ones, introduced=None),
            ParameterSpec("theta_Z", start_thresholds(dictionary, layers), introduced=None),
            ParameterSpec("theta_E", torch.full((layers,), START_LAMBDA), introduced=None),
        )

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """One iteration, from the combined state."""
        synthesis = values[DICTIONARY].T
        n, m = synthesis.shape
        z, e, multiplier = torch.split(inputs.state, [n, m, m], dim=-1)
        beta_1, beta_2 = (values[name][:, layer, None, :] for name in ("beta_1", "beta_2"))
        theta_z, theta_e = (values[name][:, layer, None, None] for name in ("theta_Z", "theta_E"))

        residual = shared_product(z, synthesis) + e - shared
        u = z - torch.bmm(multiplier + beta_1 * residual, values["W"][:, layer]) + inputs.pull
        z = neuron(u, theta_z, genes.neurons.layer(layer))
        rest = shared - shared_product(z, synthesis)
        e = soft_threshold(rest - beta_2 * multiplier, theta_e)
        return torch.cat((z, e, multiplier + beta_1 * (e - rest)), dim=-1)

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """What Z of the last layer depends on, starting from zeros.

        ``W`` and ``beta_1 . T`` in every layer; D, which is not trained, in every layer but the first; D
        again, E and ``beta_1 . T`` in every layer but the last; ``beta_2 . L`` in all but these two.
        """
        layers = genome.layers
        scaled = max(layers - 2, 0) * m
        thresholds = sum(map(uses_threshold, genome.neurons)) + layers - 1
        return Costs(
            layers * (m * n + m) + scaled + thresholds,
            (3 * layers - 2) * m * n + (2 * layers - 1) * m + scaled,
        )
