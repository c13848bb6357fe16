"""One step of training for a population."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import torch
from torch import Tensor

from builders.step import PopulationStep
from evaluation.adam import Adam
from evaluation.cuda_graph import Recorder
from evaluation.tables import Batches


@final
class TrainingStep:
    """Gather a batch, differentiate, move the parameters.

    All of it works on tensors that stay where they are, and nothing depends on a number that only the host
    has. With a recorder, the first call therefore records the step, which every call replays: one launch
    instead of hundreds, which is what small steps on an accelerator spend their time on.

    Args:
        step: the loss gradient.
        batches: the training data.
        adam: moves the parameters.
        batch: samples a member takes a step.
        recorder: records the step; None runs it as it is.
    """

    def __init__(
        self, step: PopulationStep, batches: Batches, adam: Adam, *, batch: int, recorder: Recorder | None
    ) -> None:
        self._step, self._batches, self._adam = step, batches, adam
        self._taken = torch.zeros(batches.members, batch, dtype=torch.int64, device=batches.device)
        self._recorder = recorder
        # None before the first step: a method of this object would make a cycle, and all the buffers outlive
        # their phase until they are collected.
        self._replay: Callable[[], None] | None = None

    def __call__(self, rows: Tensor) -> None:
        """Take one step.

        Args:
            rows: which training samples each member takes, ``(P, batch)``, int64.
        """
        self._taken.copy_(rows)
        if self._recorder is None:
            self._run()
        elif self._replay is None:
            self._replay = self._first(self._recorder)
        else:
            self._replay()

    def _run(self) -> None:
        b, x = self._batches.take(self._taken)
        self._step.differentiate(b, x)
        self._adam.step()

    def _first(self, recorder: Recorder) -> Callable[[], None]:
        """Record the step, which leaves parameters, moments and step number as they were, then take it."""
        state = self._adam.state
        before = [tensor.clone() for tensor in state]
        recorder.warm_up(self._run)
        replay = recorder.record(self._run)
        for tensor, old in zip(state, before, strict=True):
            tensor.copy_(old)
        replay()
        return replay
