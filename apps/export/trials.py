"""Evaluations as trials of an Optuna study."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from genome import DesignSpace, Evaluation

KEY: Final = "evaluation"
"""User attribute of a trial that has the key of its evaluation."""


def trials(evaluations: Iterable[Evaluation], space: DesignSpace) -> Iterator[FrozenTrial]:
    """Make a finished trial of every evaluation.

    The parameters are the space's choices, all categorical: the neurons by name, gates and side connections
    as 0 and 1. The value is the validation score in dB, lower being better, and the intermediate values are
    that after each stage, counted from 1. A network that diverged is a failed trial, which has no value:
    importances leave out an infinite one too, and plots cannot show it. One whose training was stopped early
    is a pruned trial, with its last intermediate value as its value, as Optuna itself does it. A trial took
    as long as its evaluation, and ends now.

    Args:
        evaluations: of genomes in ``space``.
        space: the design space.
    """
    distributions: dict[str, BaseDistribution] = {
        name: CategoricalDistribution(options) for name, options in space.choices.items()
    }
    for evaluation in evaluations:
        state = _state(evaluation)
        trial = create_trial(
            state=state,
            value=None if state == TrialState.FAIL else evaluation.score,
            params=space.encode(evaluation.genome),
            distributions=distributions,
            user_attrs=_attributes(evaluation),
            intermediate_values=_finite(evaluation),
        )
        trial.datetime_complete = datetime.now()  # noqa: DTZ005 (Optuna's times are local and naive)
        trial.datetime_start = trial.datetime_complete - timedelta(seconds=evaluation.seconds)
        yield trial


def _state(evaluation: Evaluation) -> TrialState:
    if evaluation.status == "diverged":
        return TrialState.FAIL
    return TrialState.PRUNED if evaluation.censored else TrialState.COMPLETE


def _finite(evaluation: Evaluation) -> dict[int, float]:
    """Scores by stage, up to where the network diverged."""
    return {stage: value for stage, value in enumerate(evaluation.valid_nmse_db, 1) if math.isfinite(value)}


def _attributes(evaluation: Evaluation) -> dict[str, Any]:
    genome = evaluation.genome
    attributes: dict[str, Any] = {
        KEY: evaluation.key,
        "genome": genome.digest,
        "arch": genome.arch_string(),
        "connections": genome.connections,
        "seconds": evaluation.seconds,
        "stages": evaluation.stages,
    }
    if evaluation.status == "diverged":
        attributes["diverged_at_stage"] = len(_finite(evaluation)) + 1
    return attributes
