"""What a network's output is compared with, and what of it is penalized."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from builders.products import shared_product


@dataclass(frozen=True, eq=False, slots=True)
class Objective:
    """The loss ``||S x - target||^2 / 2 + l1 * ||x||_1``, summed over a batch.

    Attributes:
        synthesis: ``S``, ``(t, n)``; None compares the signal itself, t = n.
        l1: weight of the l1 norm of the output, at least 0.
    """

    synthesis: Tensor | None = None
    l1: float = 0.0

    @property
    def plain(self) -> bool:
        """Whether the loss is half the squared error of the signal."""
        return self.synthesis is None and self.l1 == 0

    def to(self, device: torch.device) -> Objective:
        """The same on a device."""
        return self if self.synthesis is None else Objective(self.synthesis.to(device), self.l1)

    def residual(self, x: Tensor, target: Tensor) -> Tensor:
        """``S x - target``.

        Args:
            x: signals, ``(P, batch, n)``, or ``(samples, n)`` of one member.
            target: ``(P, batch, t)``, or ``(samples, t)``.

        Returns:
            The shape of ``target``.
        """
        if self.synthesis is None:
            return x - target
        return (shared_product(x, self.synthesis.T) if x.dim() == 3 else x @ self.synthesis.T) - target

    def loss(self, x: Tensor, target: Tensor) -> Tensor:
        """The loss summed over everything, a scalar."""
        squared = self.residual(x, target).square().sum() / 2
        return squared + self.l1 * x.abs().sum() if self.l1 else squared
