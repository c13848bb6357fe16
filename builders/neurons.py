"""Neurons: one family of piecewise-linear maps, chosen per member of a population."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from genome.neurons import LEAKY_SLOPE, Neuron, support_share

_NEGATIVE_SLOPE: dict[Neuron, float] = {"soft": 1.0, "relu": 0.0, "leaky_relu": LEAKY_SLOPE, "support": 1.0}
_USES_THRESHOLD: dict[Neuron, float] = {"soft": 1.0, "relu": 0.0, "leaky_relu": 0.0, "support": 1.0}
_SELECTS_SUPPORT: dict[Neuron, float] = {"soft": 0.0, "relu": 0.0, "leaky_relu": 0.0, "support": 1.0}


def uses_threshold(name: Neuron) -> bool:
    """Whether a neuron has a learned threshold."""
    return _USES_THRESHOLD[name] > 0


@dataclass(frozen=True, slots=True)
class LayerNeurons:
    """The neurons of one layer, see ``NeuronSelection``.

    Attributes:
        used: ``(P, 1, 1)``.
        negative_slope: ``(P, 1, 1)``.
        selecting: ``(P, 1, 1)``, 1 where the neuron selects support; None where no member's does.
        share: share of a sample's entries that are selected.
        odd: whether every member's neuron treats both signs alike.
    """

    used: Tensor
    negative_slope: Tensor
    selecting: Tensor | None
    share: float
    odd: bool


@dataclass(frozen=True, slots=True)
class NeuronSelection:
    """Which neuron each member uses in each layer, as numbers rather than branches.

    Every neuron of the design space is
    ``slope(u) * sign(u) * max(|u| - used * threshold, 0)`` where ``slope`` is 1 for positive ``u`` and
    ``negative_slope`` for negative ``u``:

    ============ ==== ==============
    neuron       used negative_slope
    ============ ==== ==============
    soft         1    1
    relu         0    0
    leaky_relu   0    0.1
    support      1    1
    ============ ==== ==============

    and the threshold of ``support`` is 0 for selected entries, see ``support_selected``.

    Attributes:
        used: ``(K, P, 1, 1)``, 1 where the threshold is applied, else 0.
        negative_slope: ``(K, P, 1, 1)``, factor on the negative half line.
        selecting: ``(K, P, 1, 1)``, 1 where the neuron selects support, else 0.
        any_selecting: per layer, whether any member's neuron selects support.
        all_odd: per layer, whether every member's neuron treats both signs alike.
    """

    used: Tensor
    negative_slope: Tensor
    selecting: Tensor
    any_selecting: tuple[bool, ...]
    all_odd: tuple[bool, ...]

    @classmethod
    def of(cls, neurons: Sequence[Sequence[Neuron]], device: torch.device | None = None) -> NeuronSelection:
        """Build the selection for members x layers.

        Args:
            neurons: one sequence of K neuron names per member (P members).
            device: where the tensors live.

        Returns:
            The selection of the population.
        """

        def table(values: dict[Neuron, float]) -> Tensor:
            rows = [[values[neuron] for neuron in member] for member in neurons]
            return torch.tensor(rows, device=device).T.contiguous()[:, :, None, None]

        return cls(
            used=table(_USES_THRESHOLD),
            negative_slope=table(_NEGATIVE_SLOPE),
            selecting=table(_SELECTS_SUPPORT),
            any_selecting=tuple("support" in layer for layer in zip(*neurons, strict=True)),
            all_odd=tuple(
                all(_NEGATIVE_SLOPE[neuron] == 1 for neuron in layer) for layer in zip(*neurons, strict=True)
            ),
        )

    def layer(self, index: int) -> LayerNeurons:
        """The neurons of one layer (0-based)."""
        selecting = self.selecting[index] if self.any_selecting[index] else None
        return LayerNeurons(
            used=self.used[index],
            negative_slope=self.negative_slope[index],
            selecting=selecting,
            share=support_share(index + 1),
            odd=self.all_odd[index],
        )


def soft_threshold(u: Tensor, threshold: Tensor) -> Tensor:
    """Proximal operator of the l1 norm, ``sign(u) * max(|u| - threshold, 0)`` (paper, footnote 2).

    Args:
        u: any shape.
        threshold: broadcastable to ``u``; it is not clamped, as in the released code.

    Returns:
        A tensor of the shape of ``u``.
    """
    return torch.sign(u) * torch.relu(torch.abs(u) - threshold)


def support_count(share: float, n: int) -> int:
    """How many of ``n`` entries a share is: the nearest whole number, halves up."""
    return int(share * n + 0.5)


def support_selected(u: Tensor, threshold: Tensor, share: float) -> Tensor:
    """Which entries are so large that they are trusted to be in the support.

    An entry is selected that is larger in magnitude than the threshold, and among the ``support_count``
    largest of its sample; all that tie with the smallest of these are (LISTA-CPSS, Chen et al. 2018, Section
    2.3).

    Args:
        u: ``(..., n)``.
        threshold: broadcastable to ``u``.
        share: of the entries.

    Returns:
        Bool, the shape of ``u``.
    """
    size = torch.abs(u)
    count = support_count(share, u.shape[-1])
    if count == 0:
        return torch.zeros_like(u, dtype=torch.bool)
    least = torch.topk(size.detach(), count, dim=-1).values[..., -1:]
    return (size >= least) & (size > threshold)


def neuron(u: Tensor, threshold: Tensor, selected: LayerNeurons) -> Tensor:
    """Apply each member's neuron.

    Args:
        u: pre-activation, ``(P, batch, n)``.
        threshold: broadcastable to ``(P, batch, n)``, supplied by the cell.
        selected: the layer's neurons.

    Returns:
        The activation, ``(P, batch, n)``.
    """
    used = threshold * selected.used
    if selected.selecting is not None:
        passing = support_selected(u, used, selected.share) & (selected.selecting > 0)
        used = torch.where(passing, torch.zeros_like(used), used)
    shrunk = soft_threshold(u, used)
    return shrunk if selected.odd else torch.where(u < 0, selected.negative_slope * shrunk, shrunk)
