"""The trade-off that a search found: its Pareto front, and the volume that it dominates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from apps.search.control import Control
from apps.search.goals import CostModel
from genome import Evaluation
from optimizers.goals import CONNECTIONS, SCORE, Goal, vector
from optimizers.pareto import front, hypervolume


def front_goals(goals: Sequence[Goal]) -> tuple[Goal, ...]:
    """The goals of the front: the search's, or score and connections where it has one."""
    return tuple(goals) if len(goals) > 1 else (SCORE, CONNECTIONS)


def pareto(
    goals: Sequence[Goal],
    model: CostModel,
    evaluations: Sequence[Evaluation],
    references: Mapping[str, Evaluation],
    control: Control | None,
) -> dict[str, Any]:
    """The section "pareto" of ``result.json``.

    The hypervolume is that of the front and of the random genomes', at the same number of evaluations. It is
    taken up to a corner that only the baselines decide: the worst of each goal among them.

    Args:
        goals: of the search.
        model: what networks cost.
        evaluations: of the search, in the order asked.
        references: the baselines in the search's setting, by display name.
        control: the random genomes.
    """
    axes = front_goals(goals)
    leaders = _front(axes, evaluations)
    corner = [max(goal(each) for each in references.values()) for goal in axes]
    bounded = all(map(math.isfinite, corner))
    return {
        "goals": [goal.name for goal in axes],
        "entries": [_entry(each, axes, model) for each in leaders],
        "hypervolume": {
            "corner": corner,
            "search": _volume(axes, evaluations, corner),
            "compared_at": control.budget if control else None,
            "search_compared": _volume(axes, control.searched[: control.budget], corner) if control else None,
            "random": _volume(axes, control.random[: control.budget], corner) if control else None,
        }
        if bounded
        else None,
    }


def _front(goals: Sequence[Goal], evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Best NMSE first."""
    whole = [each for each in evaluations if each.whole]
    places = front([vector(goals, each) for each in whole])
    return sorted((whole[place] for place in places), key=lambda each: (vector(goals, each), each.key))


def _volume(goals: Sequence[Goal], evaluations: Sequence[Evaluation], corner: Sequence[float]) -> float:
    return hypervolume([vector(goals, each) for each in evaluations if each.whole], corner)


def _entry(evaluation: Evaluation, goals: Sequence[Goal], model: CostModel) -> dict[str, Any]:
    genome = evaluation.genome
    return {
        "digest": genome.digest,
        "valid_nmse_db": evaluation.score,
        "connections": genome.connections,
        **model.described(genome),
        "neurons": list(genome.neurons),
        "goals": list(vector(goals, evaluation)),
        "genome": genome.to_dict(),
    }
