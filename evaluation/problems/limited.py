"""Less data to train with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from evaluation.problems.checks import check
from evaluation.problems.dataset import Split, SplitName
from evaluation.problems.splitwise import split_of
from evaluation.problems.wrapper import Wrapper
from genome import InputError


@final
@dataclass(frozen=True)
class Limited(Wrapper):
    """The first training and validation samples of a problem, and all its test samples (paper, 3.3, 4).

    Attributes:
        problem: which data is limited.
        train: training samples (paper: 10240 or 5120).
        valid: validation samples (paper: 1024).
    """

    kind = "limited"

    train: int
    valid: int

    def __post_init__(self) -> None:
        check("train", self.train, "at least 1", self.train >= 1)
        check("valid", self.valid, "at least 1", self.valid >= 1)

    @property
    def draws_differ(self) -> bool:
        """Whether another draw is other data."""
        return self.problem.draws_differ

    def split(self, draw: int, name: SplitName) -> Split:
        """The beginning of the problem's split; the test split whole.

        Raises:
            InputError: the problem has fewer samples.
        """
        whole = split_of(self.problem, draw, name)
        if name == "test":
            return whole
        count = self.train if name == "train" else self.valid
        if count > whole.samples:
            raise InputError(
                f"A limited {name} split must be no larger than the problem's {whole.samples} samples, "
                f"got {count}."
            )
        # Copies, for a view would keep the whole split in memory.
        groups = None if whole.groups is None else whole.groups[:count].clone()
        return Split(whole.b[:count].clone(), whole.x[:count].clone(), groups)
