"""Neurons: one family of piecewise-linear maps, chosen per member of a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genome.neurons import LEAKY_SLOPE, Neuron

_NEGATIVE_SLOPE: dict[Neuron, float] = {"soft": 1.0, "relu": 0.0, "leaky_relu": LEAKY_SLOPE}
_USES_THRESHOLD: dict[Neuron, float] = {"soft": 1.0, "relu": 0.0, "leaky_relu": 0.0}


def uses_threshold(name: Neuron) -> bool:
    """Whether a neuron has a learned threshold."""
    return _USES_THRESHOLD[name] > 0


@dataclass(frozen=True, slots=True)
class NeuronSelection:
    """Which neuron each member uses, as numbers rather than branches.

    Every neuron of the design space is
    ``slope(u) * sign(u) * max(|u| - used * threshold, 0)`` where ``slope`` is 1 for positive ``u`` and
    ``negative_slope`` for negative ``u``:

    ============ ==== ==============
    neuron       used negative_slope
    ============ ==== ==============
    soft         1    1
    relu         0    0
    leaky_relu   0    0.1
    ============ ==== ==============

    Attributes:
        used: ``(..., 1, 1)``, 1 where the learned threshold is applied, else 0.
        negative_slope: ``(..., 1, 1)``, factor on the negative half line.
    """

    used: Tensor
    negative_slope: Tensor

    @classmethod
    def of(cls, neurons: Sequence[Sequence[Neuron]], device: torch.device | None = None) -> NeuronSelection:
        """Build the selection for members x layers.

        Args:
            neurons: one sequence of K neuron names per member (P members).
            device: where the tensors live.

        Returns:
            A selection whose tensors have shape ``(K, P, 1, 1)``: index it by layer.
        """

        def table(values: dict[Neuron, float]) -> Tensor:
            rows = [[values[neuron] for neuron in member] for member in neurons]
            return torch.tensor(rows, device=device).T.contiguous()[:, :, None, None]

        return cls(used=table(_USES_THRESHOLD), negative_slope=table(_NEGATIVE_SLOPE))

    def layer(self, index: int) -> NeuronSelection:
        """The selection of one layer (0-based): tensors of shape ``(P, 1, 1)``."""
        return NeuronSelection(self.used[index], self.negative_slope[index])


def soft_threshold(u: Tensor, threshold: Tensor) -> Tensor:
    """Proximal operator of the l1 norm, ``sign(u) * max(|u| - threshold, 0)`` (paper, footnote 2).

    Args:
        u: any shape.
        threshold: broadcastable to ``u``; it is not clamped, as in the released code.

    Returns:
        A tensor of the shape of ``u``.
    """
    return torch.sign(u) * torch.relu(torch.abs(u) - threshold)


def neuron(u: Tensor, threshold: Tensor, selected: NeuronSelection) -> Tensor:
    """Apply each member's neuron.

    Args:
        u: pre-activation, ``(P, batch, n)``.
        threshold: broadcastable to ``(P, batch, n)``, supplied by the cell.
        selected: the layer's selection, tensors of shape ``(P, 1, 1)``.

    Returns:
        The activation, ``(P, batch, n)``.
    """
    shrunk = soft_threshold(u, threshold * selected.used)
    return torch.where(u < 0, selected.negative_slope * shrunk, shrunk)
