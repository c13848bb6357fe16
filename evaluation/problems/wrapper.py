"""Problems made from another problem."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from torch import Tensor

from builders.objective import Objective
from evaluation.metric import Metric
from evaluation.problems.base import Problem
from evaluation.problems.checks import generator
from evaluation.problems.dataset import SPLITS, SplitName
from evaluation.problems.described import Described
from evaluation.problems.splitwise import Splitwise


@dataclass(frozen=True)
class Wrapper(Described, Splitwise):
    """A problem that changes the data of another; dictionary, loss and metric are that one's.

    Attributes:
        problem: the other.
    """

    problem: Problem

    @property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""
        return self.problem.dictionary

    @property
    def objective(self) -> Objective:
        """The loss that trains."""
        return self.problem.objective

    @property
    def metric(self) -> Metric:
        """What scores."""
        return self.problem.metric

    def _generator(self, seed: int, purpose: int, draw: int, name: SplitName) -> np.random.Generator:
        """Random numbers of one split, independent of those of wrappers of the same kind further inside."""
        inside = _deepest(self, type(self)) - 1
        return generator(seed, purpose, inside, draw, SPLITS.index(name))


def _deepest(problem: object, kind: type[Wrapper]) -> int:
    """Wrappers of a kind on the way to whatever problem inside has most of them, this one included."""
    if not isinstance(problem, Wrapper):
        return 0
    inside = (_deepest(getattr(problem, field.name), kind) for field in fields(problem))
    return (type(problem) is kind) + max(inside)
