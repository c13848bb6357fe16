"""Learnable weighted averages (paper, eq. 6): one trained coefficient for each connection."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, final

import torch
from torch import Tensor

from builders.injections.base import Injection, default_connections, inputs
from builders.parameters import ParameterSpec

COEFFICIENT = "coefficient"
"""Name of the connections' coefficients: ``(K, K)``, row = destination, column = source, 0-based."""


class WeightedAverage(Injection):
    """``z_d = sum_s weight[d, s] * c[d, s] * x_s``; the forms differ in weights and in where ``c`` starts."""

    fusible: ClassVar[bool] = True

    def parameters(self, layers: int, n: int) -> tuple[ParameterSpec, ...]:
        """``coefficient: (K, K)``."""
        del n
        return (ParameterSpec(COEFFICIENT, self.initial_coefficients(layers), introduced=None),)

    @abstractmethod
    def initial_coefficients(self, layers: int) -> Tensor:
        """Start of the coefficients, ``(K, K)``; row = destination, column = source (0-based)."""

    @final
    def effective(self, parameters: Mapping[str, Tensor], weights: Tensor) -> Tensor:
        """Coefficients times weights, ``(P, K, K)``."""
        return parameters[COEFFICIENT] * weights


@final
class WeightedSum(WeightedAverage):
    """Learnable weighted average as in the paper's text, eq. (6): a sum that starts as plain LISTA.

    The default connection's coefficient starts at 1, every other at 0, so that a network starts as the
    unrolled algorithm whatever its extra connections are.
    """

    form = "sum"

    def initial_coefficients(self, layers: int) -> Tensor:
        """Ones on the default connections, zeros elsewhere, ``(K, K)``."""
        return default_connections(layers)

    def weights(self, gates: Tensor) -> Tensor:
        """The gates themselves, ``(P, K, K)``."""
        return gates


@final
class WeightedMean(WeightedAverage):
    """Learnable weighted average as in the authors' released code: the sum divided by the number of inputs.

    Every coefficient starts at 1, so that a network starts by averaging the outputs it takes.
    """

    form = "mean"

    def initial_coefficients(self, layers: int) -> Tensor:
        """Ones below the diagonal, ``(K, K)``."""
        return torch.tril(torch.ones(layers, layers), -1)

    def weights(self, gates: Tensor) -> Tensor:
        """Gates divided by the number of inputs of their destination, ``(P, K, K)``."""
        return gates / inputs(gates)


@final
class SumFromMean(WeightedAverage):
    """The weighted sum with the start of the released code: every input begins with the same coefficient.

    ``c`` starts at one over the number of inputs of its destination. Beside ``WeightedMean``, which computes
    the same at first, it tells what the division by the number of inputs does in training.
    """

    form = "sum_from_mean"

    def initial_coefficients(self, layers: int) -> Tensor:
        """Ones below the diagonal, ``(K, K)``; ``enter`` divides them."""
        return torch.tril(torch.ones(layers, layers), -1)

    def enter(self, layer: int, gates: Tensor, parameters: Mapping[str, Tensor]) -> None:
        """Divide a layer's coefficients by its number of inputs."""
        if layer > 0:
            parameters[COEFFICIENT][:, layer, :layer] = 1.0 / gates.sum(dim=1, keepdim=True)

    def weights(self, gates: Tensor) -> Tensor:
        """The gates themselves, ``(P, K, K)``."""
        return gates


@final
class MeanFromChain(WeightedAverage):
    """The weighted mean with the start of the weighted sum: as plain LISTA, whatever the connections are.

    The default connection's coefficient starts at the number of inputs of its destination, every other at 0.
    """

    form = "mean_from_chain"

    def initial_coefficients(self, layers: int) -> Tensor:
        """Ones on the default connections, zeros elsewhere, ``(K, K)``; ``enter`` multiplies them."""
        return default_connections(layers)

    def enter(self, layer: int, gates: Tensor, parameters: Mapping[str, Tensor]) -> None:
        """Multiply a layer's default coefficient by its number of inputs."""
        if layer > 0:
            parameters[COEFFICIENT][:, layer, layer - 1] = gates.sum(dim=1)

    def weights(self, gates: Tensor) -> Tensor:
        """Gates divided by the number of inputs of their destination, ``(P, K, K)``."""
        return gates / inputs(gates)


@final
class FistaSum(WeightedAverage):
    """The weighted sum with FISTA's own start (Beck and Teboulle 2009; paper, A.1.1, eq. 7).

    Where layer d takes layer d - 2, it starts with ``(1 + mu) x_{d-1} - mu x_{d-2}``, with FISTA's
    ``mu = (t_{d-1} - 1) / t_d``, ``t_1 = 1``, ``t_{k+1} = (1 + sqrt(1 + 4 t_k^2)) / 2``; where it does
    not, with ``x_{d-1}``. So LFISTA that was never trained is FISTA. All other coefficients start at 0.
    """

    form = "fista"

    def initial_coefficients(self, layers: int) -> Tensor:
        """FISTA's momentum on the last two outputs, zeros elsewhere, ``(K, K)``."""
        momentum = torch.tensor(fista_momentum(layers), dtype=torch.float64)
        start = torch.diag(1 + momentum[1:], -1)
        if layers > 2:
            start -= torch.diag(momentum[2:], -2)
        return start.float()

    def weights(self, gates: Tensor) -> Tensor:
        """The gates; a default connection without layer d - 2 beside it undoes its start, ``(P, K, K)``."""
        momentum = fista_momentum(gates.shape[1])
        weights = gates.clone()
        for layer in range(2, gates.shape[1]):
            beside = gates[:, layer, layer - 2]
            weights[:, layer, layer - 1] = beside + (1 - beside) / (1 + momentum[layer])
        return weights


def fista_momentum(layers: int) -> list[float]:
    """FISTA's ``mu_d = (t_{d-1} - 1) / t_d`` of layers d = 1..K; 0 for the first two."""
    momentum, t = [0.0], 1.0
    for _ in range(layers - 1):
        following = (1 + math.sqrt(1 + 4 * t * t)) / 2
        momentum.append((t - 1) / following)
        t = following
    return momentum
