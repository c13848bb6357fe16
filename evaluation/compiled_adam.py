"""Adam on the CPU, compiled."""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
import torch
from torch import Tensor

from builders.cells.lista_kernel import Array
from builders.compiled import compiled
from evaluation.adam import Adam


class _State(NamedTuple):
    """What a step works on; see ``Adam``.

    Attributes:
        trained: first and end of each run of parameters that train, ``(runs, 2)``. The mean of all others is
            zero, so that they would not move.
    """

    rows: Array
    gradient: Array
    scale: Array
    mean: Array
    square: Array
    trained: Array
    corrections: Array
    done: Array


class _Settings(NamedTuple):
    to_mean: np.floating
    beta2: np.floating
    to_square: np.floating
    epsilon: np.floating


@final
class CompiledAdam(Adam):
    """The same rule in one pass over the parameters that train, which in the first phase are a few."""

    def step(self) -> None:
        """See ``Adam.step``; the gradient stays as it is."""
        _move(self._compiled, self._settings)

    def _seat(self, rows: Tensor, gradient: Tensor) -> None:
        self._rows, self._gradient = rows, gradient
        self._compiled = _State(
            rows=rows.numpy(),
            gradient=gradient.numpy(),
            scale=self._gradient_scale.numpy(),
            mean=self._mean.numpy(),
            square=self._square.numpy(),
            trained=_runs(self._gradient_scale != 0).numpy(),
            corrections=self._corrections.numpy(),
            done=self._done.numpy(),
        )
        number = self._compiled.rows.dtype.type
        self._settings = _Settings(
            to_mean=number(1 - self._protocol.beta1),
            beta2=number(self._protocol.beta2),
            to_square=number(1 - self._protocol.beta2),
            epsilon=number(self._protocol.epsilon),
        )


def _runs(chosen: Tensor) -> Tensor:
    """First and end of each run of True in ``(size,)``, as ``(runs, 2)``, int64."""
    edges = torch.diff(chosen.to(torch.int8), prepend=torch.zeros(1), append=torch.zeros(1))
    return torch.stack([torch.nonzero(edges == way)[:, 0] for way in (1, -1)], dim=1).contiguous()


@compiled
def _move(state: _State, settings: _Settings) -> None:
    rate, root = state.corrections[state.done[0]]
    state.done[0] = min(state.done[0] + 1, state.corrections.shape[0] - 1)
    for run in range(state.trained.shape[0]):
        trained = slice(state.trained[run, 0], state.trained[run, 1])
        scale = state.scale[trained]
        for member in range(state.rows.shape[0]):
            gradient, mean = state.gradient[member, trained], state.mean[member, trained]
            square, row = state.square[member, trained], state.rows[member, trained]
            # Two loops, for one would write to so many arrays that the compiler could not vectorise it.
            for i in range(row.size):
                slope = gradient[i] * scale[i]
                mean[i] += settings.to_mean * (slope - mean[i])
                # Not as a difference: infinity must stay infinity.
                square[i] = settings.beta2 * square[i] + settings.to_square * (slope * slope)
            for i in range(row.size):
                row[i] += rate * mean[i] / (np.sqrt(square[i]) / root + settings.epsilon)
