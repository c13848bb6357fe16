"""Problems that can make one split without the others."""

from __future__ import annotations

from abc import abstractmethod
from typing import final

from evaluation.problems.base import Problem
from evaluation.problems.dataset import SPLITS, Dataset, Split, SplitName


class Splitwise(Problem):
    """A problem whose splits are made one by one, so that a wrapper that needs one need not draw all."""

    @abstractmethod
    def split(self, draw: int, name: SplitName) -> Split:
        """One split of a draw; nothing is kept.

        Args:
            draw: as in ``dataset``.
            name: which split.
        """

    @final
    def dataset(self, draw: int) -> Dataset:
        """The three splits of a draw; nothing is kept."""
        return Dataset(*(self.split(draw, name) for name in SPLITS))


def split_of(problem: Problem, draw: int, name: SplitName) -> Split:
    """One split of any problem, the others not drawn where the problem allows it."""
    if isinstance(problem, Splitwise):
        return problem.split(draw, name)
    split: Split = getattr(problem.dataset(draw), name)
    return split
