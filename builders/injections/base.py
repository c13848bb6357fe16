"""The contract of an injection: how the states after earlier layers become a layer's input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor

from builders.parameters import ParameterSpec

Form = Literal["sum", "mean", "fista", "sum_from_mean", "mean_from_chain", "naive", "momentum"]
"""Name of an injection."""


class Injection(ABC):
    """The input of layer d: ``z_d = sum_s factor[d, s] * x_s`` over the layers s that d takes.

    Factors are made of what trains and of weights, constants that follow from the gates.
    """

    form: ClassVar[Form]
    fusible: ClassVar[bool]
    """Whether its factors are the weights times one trained parameter, as hand-written steps take it:
    ``(K, K)`` with a coefficient for every connection, or ``(K,)`` with one for every destination."""

    @abstractmethod
    def parameters(self, layers: int, n: int) -> tuple[ParameterSpec, ...]:
        """What trains, and how it starts.

        Args:
            layers: depth K.
            n: entries of a signal.
        """

    def enter(self, layer: int, gates: Tensor, parameters: Mapping[str, Tensor]) -> None:
        """Set in place how a layer starts, where that depends on its gates; called before it first trains.

        Args:
            layer: 0-based layer.
            gates: of that layer, ``(P, layer)``, 1 where it takes the source, else 0.
            parameters: stacked parameters as ``parameters`` has them start, ``(P, *shape)`` each.
        """
        del layer, gates, parameters

    @abstractmethod
    def weights(self, gates: Tensor) -> Tensor:
        """What the gates alone say of the factors.

        Args:
            gates: ``(P, K, K)``, 1 where destination (row) takes source (column), else 0.

        Returns:
            ``(P, K, K)``, zero wherever the gate is.
        """

    @abstractmethod
    def effective(self, parameters: Mapping[str, Tensor], weights: Tensor) -> Tensor:
        """The factors of the weighted sum, ``(P, K, K)``.

        Args:
            parameters: stacked parameters, ``(P, *shape)`` each.
            weights: what ``weights`` gave, ``(P, K, K)``.
        """

    def pull(
        self, layer: int, signals: Sequence[Tensor], parameters: Mapping[str, Tensor], weights: Tensor
    ) -> Tensor | float:
        """What is added to a layer's pre-activation beside what its cell makes of ``z``.

        Args:
            layer: 0-based layer, at least 1.
            signals: outputs of the layers before it, ``(P, batch, n)`` each.
            parameters: stacked parameters, ``(P, *shape)`` each.
            weights: what ``weights`` gave, ``(P, K, K)``.

        Returns:
            ``(P, batch, n)``, or 0 where there is nothing to add.
        """
        del layer, signals, parameters, weights
        return 0.0

    def costs(self, distances: Sequence[int], layers: int, n: int) -> tuple[int, int]:
        """Trained numbers that are read at inference, and multiply-adds that recover one signal.

        Args:
            distances: of every connection, destination minus source, the default ones included.
            layers: depth K.
            n: entries of a signal.
        """
        del layers
        return len(distances), len(distances) * n


def default_connections(layers: int) -> Tensor:
    """Ones on the default connections, zeros elsewhere, ``(K, K)``."""
    return torch.diag(torch.ones(layers - 1), -1)


def inputs(gates: Tensor) -> Tensor:
    """Number of inputs of every destination, at least 1, ``(P, K, 1)``."""
    return gates.sum(dim=2, keepdim=True).clamp_min(1.0)
