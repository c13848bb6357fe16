"""Adam over the stacked parameters of a population."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from evaluation.protocol import Protocol


@final
class Adam:
    """Kingma and Ba (2015), Algorithm 1, on rows that are updated in place.

    ``torch.optim.Adam`` computes the same; this one keeps its moments as tensors with the population axis,
    so that members can leave, and skips the per-step bookkeeping of parameter groups.

    Args:
        rows: parameters, ``(P, size)``.
        gradient: ``(P, size)``; read at every step.
        protocol: betas and epsilon.
        learning_rate: of this phase.
    """

    def __init__(self, rows: Tensor, gradient: Tensor, protocol: Protocol, learning_rate: float) -> None:
        self._rows, self._gradient = rows, gradient
        self._protocol, self._learning_rate = protocol, learning_rate
        self._mean, self._square = torch.zeros_like(rows), torch.zeros_like(rows)
        self._scratch = torch.empty_like(rows)
        self._steps = 0

    def step(self) -> None:
        """Move the rows by one step."""
        settings = self._protocol
        self._steps += 1
        correction1 = 1 - settings.beta1**self._steps
        correction2 = 1 - settings.beta2**self._steps
        self._mean.lerp_(self._gradient, 1 - settings.beta1)
        self._square.mul_(settings.beta2).addcmul_(self._gradient, self._gradient, value=1 - settings.beta2)
        scale = torch.sqrt(self._square, out=self._scratch)
        scale.div_(correction2**0.5).add_(settings.epsilon)
        self._rows.addcdiv_(self._mean, scale, value=-self._learning_rate / correction1)

    def keep(self, members: Tensor, rows: Tensor, gradient: Tensor) -> None:
        """Go on with some members only.

        Args:
            members: indices of those who stay, int64.
            rows: their parameters.
            gradient: where their gradient will be.
        """
        self._rows, self._gradient = rows, gradient
        self._mean, self._square = self._mean[members], self._square[members]
        self._scratch = torch.empty_like(rows)
