"""One stage of stage-wise training, for a population of prefixes of one depth."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from evaluation.memory import is_out_of_memory
from evaluation.phase import Member, Trainer, run_phase
from genome import InputError


@dataclass(frozen=True, slots=True)
class StageState:
    """What is left of training a prefix: all that its children and its evaluation need.

    Attributes:
        row: parameters, ``(size,)``, on the CPU.
        valid_nmse_db: validation NMSE after each stage so far, mean of per-sample dB; inf once diverged.
        valid_ratio_db: the same in dB of the ratio of sums.
        seconds: training time of all its stages: each stage's time divided by the members it shared it with.
    """

    row: Tensor
    valid_nmse_db: tuple[float, ...] = ()
    valid_ratio_db: tuple[float, ...] = ()
    seconds: float = 0.0

    @property
    def depth(self) -> int:
        """Stages trained."""
        return len(self.valid_nmse_db)

    @property
    def diverged(self) -> bool:
        """Whether some stage gave no finite error."""
        return bool(self.valid_nmse_db) and self.valid_nmse_db[-1] == float("inf")


def train_stage(
    trainer: Trainer, members: Sequence[Member], parents: Sequence[StageState]
) -> list[StageState]:
    """Train the deepest layer of prefixes whose shallower layers are trained.

    Args:
        trainer: what the run shares.
        members: prefixes of one depth, those of one draw next to each other.
        parents: state of each member's prefix one layer shorter; none of them diverged.

    Returns:
        The state of each member.

    Raises:
        CancelledError: the trainer was asked to stop.
    """
    start = time.perf_counter()
    depth = members[0].genome.layers
    rows = torch.stack([parent.row for parent in parents]).to(trainer.device)
    trainer.enter(members, rows, depth)
    for index in range(len(trainer.protocol.phases)):
        rows = run_phase(trainer, members, rows, depth, index)
    places = trainer.places(len(members))
    seated, seated_rows = [members[place] for place in places], rows[places]
    step = trainer.bind(seated, seated_rows, torch.zeros_like(seated_rows), depth, lowest=1)
    scores = trainer.score(step, seated, "valid")
    share = (time.perf_counter() - start) / len(members)
    return [
        StageState(
            row.clone(),
            (*parent.valid_nmse_db, mean_db),
            (*parent.valid_ratio_db, ratio_db),
            parent.seconds + share,
        )
        for row, parent, mean_db, ratio_db in zip(
            rows.cpu(), parents, scores.mean_db[: len(members)], scores.ratio_db[: len(members)], strict=True
        )
    ]


def train_within_memory(
    trainer: Trainer, members: Sequence[Member], parents: Sequence[StageState]
) -> list[StageState]:
    """``train_stage``; where memory runs out, in halves, and these in halves again where they must be.

    Raises:
        CancelledError: the trainer was asked to stop.
        InputError: memory runs out for a member alone.
    """
    try:
        return train_stage(trainer, members, parents)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
    # Beyond the handler, where the failed attempt's frames, and the tensors in them, are gone.
    if len(members) == 1:
        raise InputError(
            f"A network must fit in memory to be trained, got out of memory on {trainer.device} "
            f"at layer {members[0].genome.layers} of {trainer.layout.layers} with one network at a time."
        )
    if trainer.device.type != "cpu":
        torch.accelerator.empty_cache()
    middle = len(members) // 2
    return [
        state
        for part in (slice(middle), slice(middle, None))
        for state in train_within_memory(trainer, members[part], parents[part])
    ]
