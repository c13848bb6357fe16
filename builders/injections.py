"""Injections: how the outputs of earlier layers are combined into a layer's input."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Literal, final

import torch
from torch import Tensor

from genome.errors import InputError

Form = Literal["sum", "mean"]


class LearnableWeightedAverage(ABC):
    """Learnable weighted average, paper eq. (6): ``z_d = sum_s weight[d, s] * c[d, s] * x_s``.

    The two published forms differ in the constant ``weight`` and in where the coefficients start.
    """

    form: ClassVar[Form]

    @abstractmethod
    def initial_coefficients(self, layers: int) -> Tensor:
        """Start of the coefficients, ``(K, K)``; row = destination, column = source (0-based)."""

    @abstractmethod
    def weights(self, gates: Tensor) -> Tensor:
        """Constant factor of every coefficient.

        Args:
            gates: ``(P, K, K)``, 1 where destination (row) takes source (column), else 0.

        Returns:
            ``(P, K, K)``, zero wherever the gate is.
        """


@final
class WeightedSum(LearnableWeightedAverage):
    """The form of the paper's text, eq. (6): a sum that starts as plain LISTA.

    The default connection's coefficient starts at 1, every other at 0, so that a network starts as the
    unrolled algorithm whatever its extra connections are.
    """

    form = "sum"

    def initial_coefficients(self, layers: int) -> Tensor:
        """Ones on the default connections, zeros elsewhere, ``(K, K)``."""
        return torch.diag(torch.ones(layers - 1), -1)

    def weights(self, gates: Tensor) -> Tensor:
        """The gates themselves, ``(P, K, K)``."""
        return gates


@final
class WeightedMean(LearnableWeightedAverage):
    """The form of the authors' released code: the weighted sum divided by the number of inputs.

    Every coefficient starts at 1, so that a network starts by averaging the outputs it takes.
    """

    form = "mean"

    def initial_coefficients(self, layers: int) -> Tensor:
        """Ones below the diagonal, ``(K, K)``."""
        return torch.tril(torch.ones(layers, layers), -1)

    def weights(self, gates: Tensor) -> Tensor:
        """Gates divided by the number of inputs of their destination, ``(P, K, K)``."""
        return gates / gates.sum(dim=2, keepdim=True).clamp_min(1.0)


_FORMS: dict[str, type[LearnableWeightedAverage]] = {"sum": WeightedSum, "mean": WeightedMean}


def injection(form: str) -> LearnableWeightedAverage:
    """Look up an injection by the name of its form.

    Raises:
        InputError: the name is not known.
    """
    try:
        return _FORMS[form]()
    except KeyError:
        known = ", ".join(sorted(_FORMS))
        raise InputError(f"The form of the weighted average must be one of {known}, got {form!r}.") from None
