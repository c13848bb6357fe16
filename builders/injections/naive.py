"""The naive average of earlier outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

import torch
from torch import Tensor

from builders.injections.base import Injection, inputs
from builders.parameters import ParameterSpec


@final
class NaiveAverage(Injection):
    """Naive average (paper, A.3.1): the mean of the outputs that a layer takes, times ``alpha`` (eq. 4).

    Nothing is learned of how much each output counts. ``alpha: (K,)`` starts at 1, so that a network without
    extra connections is the one that the learnable weighted average makes of it.
    """

    form = "naive"
    fusible = True

    def parameters(self, layers: int, n: int) -> tuple[ParameterSpec, ...]:
        """``alpha: (K,)``; the first layer, which has no input, does not use its own."""
        del n
        return (ParameterSpec("alpha", torch.ones(layers), introduced=None),)

    def weights(self, gates: Tensor) -> Tensor:
        """Gates divided by the number of inputs of their destination, ``(P, K, K)``."""
        return gates / inputs(gates)

    def effective(self, parameters: Mapping[str, Tensor], weights: Tensor) -> Tensor:
        """``alpha`` of the destination over its number of inputs, ``(P, K, K)``."""
        return parameters["alpha"][:, :, None] * weights

    def costs(self, distances: Sequence[int], layers: int, n: int) -> tuple[int, int]:
        """One ``alpha`` for every layer but the first, and ``n`` multiply-adds a connection."""
        return layers - 1, len(distances) * n
