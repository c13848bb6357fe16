"""What a search minimizes, by name; and what networks of its problem cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from builders.cells import Cell
from builders.costs import Costs, costs
from builders.injections import Form
from genome import Evaluation, Genome, InputError
from optimizers.goals import CONNECTIONS, SCORE, Goal

CostName = Literal["parameters", "multiply_adds"]


@dataclass(frozen=True, slots=True)
class CostModel:
    """What the networks of one problem cost at inference; a value, so that goals made of it pickle.

    Attributes:
        cell: one iteration.
        m: measurements.
        n: entries of a signal.
        form: name of the injection.
    """

    cell: Cell
    m: int
    n: int
    form: Form

    def of(self, genome: Genome) -> Costs:
        """Count, see `builders.costs.costs`.

        Raises:
            InputError: the cell does not say what its networks cost.
        """
        return costs(genome, self.cell, self.m, self.n, self.form)

    def described(self, genome: Genome) -> dict[str, int | None]:
        """The counts by name, for reports; None where the cell does not say what its networks cost."""
        told = asdict(self.of(genome)) if type(self.cell).costs is not Cell.costs else {}
        return {name: told.get(name) for name in get_args(CostName)}


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
        InputError: the names are others, or a cost is among them that the cell does not say.
    """
    known = (SCORE.name, CONNECTIONS.name, *get_args(CostName))
    for name in names:
        if name not in known:
            raise InputError(f"A goal must be one of {', '.join(known)}, got {name!r}.")
    if not names or names[0] != SCORE.name or len(set(names)) < len(names):
        raise InputError(f"Goals must begin with nmse and differ, got {','.join(names)}.")
    if set(names) & set(get_args(CostName)):
        model.of(Genome.lista(1))
    simple: dict[str, Goal] = {goal.name: goal for goal in (SCORE, CONNECTIONS)}
    return tuple(simple.get(name) or CostGoal(cast(CostName, name), model) for name in names)
