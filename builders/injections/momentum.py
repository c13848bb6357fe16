"""Momentum: earlier outputs come through matrices of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from builders.injections.base import Injection, default_connections
from builders.injections.weighted import COEFFICIENT
from builders.parameters import ParameterSpec


@final
class Momentum(Injection):
    """Momentum (paper, A.3.2, eq. MM): outputs from further back come through matrices of their own.

    ``u_d = W_b b + alpha_{d,d-1} W_1 x_{d-1} + sum_{i >= 2} alpha_{d,d-i} W_i x_{d-i}`` over the connections
    that are on. ``W_1`` is what the cell does to its input, ``W_x`` for LISTA; every other ``W_i`` belongs to
    the distance i, whatever the destination. Step sizes ``alpha`` start at 1 and ``W_i`` at 0, so that a
    network starts as the unrolled algorithm. (The paper does not say how ``W_i`` starts; its derivation,
    eq. 13, gives 0 where the update direction begins as the gradient alone.)
    """

    form = "momentum"
    fusible = False

    def parameters(self, layers: int, n: int) -> tuple[ParameterSpec, ...]:
        """``coefficient: (K, K)`` and ``W_2: (n, n)``, ..., ``W_{K-1}``, first used by layers 3, ..., K."""
        steps = torch.tril(torch.ones(layers, layers), -1)
        matrices = (
            ParameterSpec(_matrix(distance), torch.zeros(n, n), introduced=distance + 1)
            for distance in range(2, layers)
        )
        return (ParameterSpec(COEFFICIENT, steps, introduced=None), *matrices)

    def weights(self, gates: Tensor) -> Tensor:
        """The gates themselves, ``(P, K, K)``."""
        return gates

    def effective(self, parameters: Mapping[str, Tensor], weights: Tensor) -> Tensor:
        """Those of the default connections alone, ``(P, K, K)``."""
        default = default_connections(weights.shape[1]).to(weights)
        return parameters[COEFFICIENT] * weights * default

    def pull(
        self, layer: int, signals: Sequence[Tensor], parameters: Mapping[str, Tensor], weights: Tensor
    ) -> Tensor | float:
        """``sum over i >= 2 of alpha W_i x``, ``(P, batch, n)``."""
        alpha = parameters[COEFFICIENT] * weights
        pulls = [
            alpha[:, layer, source, None, None]
            * torch.bmm(signals[source], parameters[_matrix(layer - source)])
            for source in range(layer - 1)
        ]
        return sum(pulls) if pulls else 0.0

    def costs(self, distances: Sequence[int], layers: int, n: int) -> tuple[int, int]:
        """A step size a connection; ``n^2`` a matrix in use; ``n^2`` multiply-adds an extra connection."""
        del layers
        extra = [distance for distance in distances if distance > 1]
        return len(distances) + n * n * len(set(extra)), len(distances) * n + n * n * len(extra)


def _matrix(distance: int) -> str:
    return f"W_{distance}"
