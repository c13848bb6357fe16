"""What a search minimizes, by name; and what networks of its problem cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from builders.cells import create_cell
from builders.costs import Costs, costs
from builders.injections import Form
from genome import Evaluation, Genome, InputError
from optimizers.goals import CONNECTIONS, SCORE, Goal

CostName = Literal["parameters", "multiply_adds"]


@dataclass(frozen=True, slots=True)
class CostModel:
    """What the networks of one problem cost at inference; a value, so that goals made of it pickle.

    Attributes:
        cell: name of the cell.
        m: measurements.
        n: entries of a signal.
        form: of the weighted average.
    """

    cell: str
    m: int
    n: int
    form: Form

    def of(self, genome: Genome) -> Costs:
        """Count, see `builders.costs.costs`."""
        return costs(genome, create_cell(self.cell), self.m, self.n, self.form)


@dataclass(frozen=True, slots=True)
class CostGoal:
    """A cost at inference as a goal.

    Attributes:
        name: which one.
        model: of the search's networks.
    """

    name: CostName
    model: CostModel

    def __call__(self, evaluation: Evaluation) -> float:
        """Count; a diverged network costs what its genome does."""
        return float(getattr(self.model.of(evaluation.genome), self.name))


def search_goals(names: Sequence[str], model: CostModel) -> tuple[Goal, ...]:
    """The goals of a search.

    Args:
        names: "nmse", and after it any of "connections", "parameters" and "multiply_adds", each once.
        model: what networks cost.

    Raises:
        InputError: the names are others.
    """
    known = (SCORE.name, CONNECTIONS.name, *get_args(CostName))
    for name in names:
        if name not in known:
            raise InputError(f"A goal must be one of {', '.join(known)}, got {name!r}.")
    if not names or names[0] != SCORE.name or len(set(names)) < len(names):
        raise InputError(f"Goals must begin with nmse and differ, got {','.join(names)}.")
    simple: dict[str, Goal] = {goal.name: goal for goal in (SCORE, CONNECTIONS)}
    return tuple(simple.get(name) or CostGoal(cast(CostName, name), model) for name in names)
