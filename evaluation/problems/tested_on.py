"""Training on one problem, test on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from evaluation.problems.base import Problem
from evaluation.problems.dataset import Split, SplitName
from evaluation.problems.splitwise import split_of
from evaluation.problems.wrapper import Wrapper
from genome import InputError


@final
@dataclass(frozen=True)
class TestedOn(Wrapper):
    """Train and validate on one problem, test on another (paper, section 3.3, 3).

    Networks are built from the first problem's dictionary and know nothing of the other. Where that one is
    the first with noise or a perturbed dictionary, the test signals are those of the first.

    Attributes:
        problem: trains and validates; gives dictionary, loss and metric.
        test: gives the test split.
    """

    __test__ = False  # pytest collects classes that are called Test...

    kind = "tested_on"

    test: Problem

    @property
    def draws_differ(self) -> bool:
        """Whether another draw is other data."""
        return self.problem.draws_differ or self.test.draws_differ

    @property
    def trained_on(self) -> Problem:
        """The first problem."""
        return self.problem.trained_on

    def split(self, draw: int, name: SplitName) -> Split:
        """The test split of the other problem, or another split of the first.

        Raises:
            InputError: the other problem has dictionaries, or targets, of another shape.
        """
        if name != "test":
            return split_of(self.problem, draw, name)
        mine, other = (tuple(each.dictionary.shape) for each in (self.problem, self.test))
        if mine != other:
            raise InputError(
                f"A problem can only be tested on one with a dictionary of its shape {mine}, got {other}."
            )
        split = split_of(self.test, draw, "test")
        synthesis = self.objective.synthesis
        width = mine[1] if synthesis is None else synthesis.shape[0]
        if split.x.shape[1] != width:
            raise InputError(
                f"A problem can only be tested on targets of its {width} entries, got {split.x.shape[1]}."
            )
        return split
