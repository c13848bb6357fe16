"""What a search minimizes: one number of an evaluation, or several at once."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from genome.errors import InputError
from genome.records import Evaluation

SEVERAL: Final = ("evolution", "gp", "nsga2", "random", "tpe")
"""Names of the optimizers that take several goals."""


@runtime_checkable
class Goal(Protocol):
    """Something to minimize.

    A goal is a value: two of one kind are equal, and it pickles. It depends on the evaluation alone, so that
    a search that is told recorded evaluations goes the same way.
    """

    @property
    def name(self) -> str:
        """What the goal is called, as reports shall show it."""

    def __call__(self, evaluation: Evaluation) -> float:
        """Read the goal off an evaluation; lower is better, and it is never NaN."""


@dataclass(frozen=True, slots=True)
class Score:
    """Validation NMSE in dB after the last stage trained, ``Evaluation.score``."""

    @property
    def name(self) -> str:
        """``nmse``."""
        return "nmse"

    def __call__(self, evaluation: Evaluation) -> float:
        """Return the score."""
        return evaluation.score


@dataclass(frozen=True, slots=True)
class Connections:
    """Number of extra connections of the genome."""

    @property
    def name(self) -> str:
        """``connections``."""
        return "connections"

    def __call__(self, evaluation: Evaluation) -> float:
        """Return the count."""
        return float(evaluation.connections)


SCORE: Final = Score()
CONNECTIONS: Final = Connections()


def vector(goals: Sequence[Goal], evaluation: Evaluation) -> tuple[float, ...]:
    """Read all goals off an evaluation.

    Args:
        goals: What is minimized.
        evaluation: Of a network that diverged, every goal is +inf: small as it may be, it is of no use. Of a
            censored one the score is the score so far, which is no result of the whole network.

    Returns:
        One number for each goal, in order; lower is better.

    Raises:
        InputError: If a goal is no number for this evaluation.
    """
    if evaluation.status == "diverged":
        return (math.inf,) * len(goals)
    values = tuple(goal(evaluation) for goal in goals)
    for goal, value in zip(goals, values, strict=True):
        if math.isnan(value):
            raise InputError(
                f"Goal {goal.name!r} must be a number, got nan for genome {evaluation.genome.digest}."
            )
    return values


def checked(goals: Iterable[Goal]) -> tuple[Goal, ...]:
    """Return ``goals`` as a tuple.

    Args:
        goals: What a search shall minimize.

    Raises:
        InputError: If there is none, if something is no goal, or if two have one name.
    """
    try:
        found = tuple(goals)
    except TypeError:
        raise InputError(f"The goals of a search must be a tuple of goals, got {goals!r}.") from None
    if not found:
        raise InputError("A search must have at least one goal, got none.")
    for place, goal in enumerate(found, start=1):
        if isinstance(goal, type) or not isinstance(goal, Goal):
            raise InputError(f"The goals of a search must have a name and be callable, got {goal!r}.")
        if goal.name in (earlier.name for earlier in found[: place - 1]):
            raise InputError(f"The goals of a search must differ, got {goal.name!r} again at place {place}.")
    return found


def only(taker: str, goals: Iterable[Goal]) -> Goal:
    """Return the goal of a search that takes one.

    Args:
        taker: What takes it, to begin the refusal with.
        goals: What the search shall minimize.

    Raises:
        InputError: If these are no goals, or several.
    """
    found = checked(goals)
    if len(found) > 1:
        raise several_refused(taker, found)
    return found[0]


def several_refused(taker: str, goals: Sequence[Goal]) -> InputError:
    """Make the refusal of several goals.

    Args:
        taker: What refuses them, to begin the message with.
        goals: What was given.
    """
    given = ", ".join(goal.name for goal in goals)
    return InputError(
        f"{taker} takes one goal, got {len(goals)} ({given}): "
        f"the optimizers {', '.join(SEVERAL)} take several."
    )
