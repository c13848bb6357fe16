"""Adam over the stacked parameters of a population."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log

import torch
from torch import Tensor

from evaluation.protocol import Protocol


class Adam:
    """Kingma and Ba (2015), Algorithm 1, on rows that are updated in place.

    ``torch.optim.Adam`` computes the same; this one keeps its moments as tensors with the population axis,
    so that members can leave, and skips the per-step bookkeeping of parameter groups. All that changes from
    step to step, the step number too, is in tensors on the device: a recorded step that is replayed is the
    next step, and the host is never asked.

    Args:
        rows: parameters, ``(P, size)``.
        gradient: ``(P, size)``; read at every step, and scaled in place.
        scale: factor on the gradient of each parameter, ``(size,)``; 0 where it does not train.
        protocol: betas and epsilon.
        learning_rate: of this phase.
    """

    def __init__(
        self, rows: Tensor, gradient: Tensor, scale: Tensor, protocol: Protocol, learning_rate: float
    ) -> None:
        self._protocol, self._gradient_scale = protocol, scale
        corrections = _corrections(learning_rate, protocol.beta1, protocol.beta2)
        self._corrections = corrections.to(rows.device, rows.dtype)
        self._done = torch.zeros(1, dtype=torch.int64, device=rows.device)
        self._correction = torch.empty(1, 2, dtype=rows.dtype, device=rows.device)
        self._rate, self._root = self._correction[0].unbind()
        self._mean, self._square = torch.zeros_like(rows), torch.zeros_like(rows)
        self._seat(rows, gradient)

    def _seat(self, rows: Tensor, gradient: Tensor) -> None:
        self._rows, self._gradient = rows, gradient
        self._scale, self._move = torch.empty_like(rows), torch.empty_like(rows)

    @property
    def state(self) -> tuple[Tensor, ...]:
        """Every tensor that a step changes and a later step reads, the rows among them."""
        return self._rows, self._gradient, self._mean, self._square, self._done

    def step(self) -> None:
        """Move the rows by one step."""
        settings = self._protocol
        self._gradient.mul_(self._gradient_scale)
        torch.index_select(self._corrections, 0, self._done, out=self._correction)
        self._done.add_(1).clamp_max_(self._corrections.shape[0] - 1)
        self._mean.lerp_(self._gradient, 1 - settings.beta1)
        self._square.mul_(settings.beta2).addcmul_(self._gradient, self._gradient, value=1 - settings.beta2)
        scale = torch.sqrt(self._square, out=self._scale).div_(self._root).add_(settings.epsilon)
        self._rows.addcdiv_(torch.mul(self._mean, self._rate, out=self._move), scale)

    def keep(self, members: Tensor, rows: Tensor, gradient: Tensor) -> None:
        """Go on with some members only.

        Args:
            members: indices of those who stay, int64; one that is repeated goes on as often.
            rows: their parameters.
            gradient: where their gradient will be.
        """
        self._mean, self._square = self._mean[members], self._square[members]
        self._seat(rows, gradient)


@lru_cache(maxsize=16)
def _corrections(learning_rate: float, beta1: float, beta2: float) -> Tensor:
    """What the bias corrections make of steps 1, 2, ...: ``(steps, 2)``, float64.

    The columns are ``-learning_rate / (1 - beta1**t)`` and ``sqrt(1 - beta2**t)``. The last row holds for
    every later step too: by then both corrections are 1 to double precision.
    """
    steps = max(_settled(beta1), _settled(beta2))
    rows = [(-learning_rate / (1 - beta1**t), (1 - beta2**t) ** 0.5) for t in range(1, steps + 1)]
    return torch.tensor(rows, dtype=torch.float64)


def _settled(beta: float) -> int:
    """The first step t at which ``1 - beta**t`` is 1 to double precision."""
    return ceil(-54 * log(2) / log(beta)) if beta > 0 else 1
