"""What every contender trains for, and what it hands back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import torch
from torch import Tensor

from evaluation.digest import Json
from evaluation.order import batch_order
from evaluation.problems.base import Problem
from evaluation.problems.dataset import Dataset, Split
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Protocol
from genome import Genome, InputError


@dataclass(frozen=True, slots=True)
class Task:
    """What all contenders of a comparison share; it pickles without its data.

    Attributes:
        problem: dictionary and data.
        protocol: how to train; every phase has a fixed number of steps.
        device: where.
        seed: keys the order of batches.

    Raises:
        InputError: a phase has no fixed number of steps.
    """

    problem: SparseRecovery
    protocol: Protocol
    device: torch.device
    seed: int = 0

    def __post_init__(self) -> None:
        for phase in self.protocol.phases:
            if phase.steps is None:
                raise InputError(
                    f"A benchmark needs phases of fixed length, got protocol {self.protocol.name!r} "
                    f"with an open phase {phase.name!r}."
                )

    @property
    def train(self) -> Split:
        """Training data on the device, drawn once a process."""
        return _on_device(self.problem, self.device)[0]

    @property
    def valid(self) -> Split:
        """Validation data on the device, drawn once a process."""
        return _on_device(self.problem, self.device)[1]

    def batches(self, stage: int, phase: int) -> Iterator[Tensor]:
        """Rows of the training split for every step of a phase, ``(batch,)`` each, as the protocol says.

        Args:
            stage: 1..K.
            phase: index into the protocol's phases.
        """
        left = self.protocol.phases[phase].steps or 0
        epoch = 0
        while left:
            order = batch_order(self.problem.train, self.protocol.batch, (self.seed, stage, phase, epoch))[
                :left
            ]
            yield from order.to(self.device).unbind()
            left -= len(order)
            epoch += 1


@dataclass(frozen=True)
class DrawnOnce(Problem):
    """A problem that keeps its first draw, so that evaluators made for it do not draw again."""

    problem: SparseRecovery

    @property
    def dictionary(self) -> Tensor:
        """The problem's."""
        return self.problem.dictionary

    def dataset(self, draw: int) -> Dataset:
        """The problem's; draw 0 is kept."""
        return _first_draw(self.problem) if draw == 0 else self.problem.dataset(draw)

    def to_dict(self) -> dict[str, Json]:
        """The problem's."""
        return self.problem.to_dict()


@lru_cache(maxsize=4)
def _first_draw(problem: SparseRecovery) -> Dataset:
    return problem.dataset(0)


@lru_cache(maxsize=4)
def _on_device(problem: SparseRecovery, device: torch.device) -> tuple[Split, Split]:
    data = _first_draw(problem)
    train, valid = (Split(split.b.to(device), split.x.to(device)) for split in (data.train, data.valid))
    return train, valid


Scores = Mapping[Genome, tuple[float, ...]]
"""Validation NMSE in dB after each stage, by genome."""


@dataclass(frozen=True, slots=True)
class Run:
    """One timed training.

    Attributes:
        scores: of every network trained; empty where they are not to be compared.
        networks: how many.
        seconds: for all of them, at the pace of the whole machine.
    """

    scores: Scores
    networks: int
    seconds: float

    @property
    def per_hour(self) -> float:
        """Networks an hour."""
        return 3600 * self.networks / self.seconds


class Contender(ABC):
    """A way to train networks."""

    name: ClassVar[str]

    @abstractmethod
    def train(self, genomes: Sequence[Genome]) -> Run:
        """Train distinct genomes of one depth from scratch, and validate after each stage.

        Data is drawn and on the device before the clock starts.
        """
