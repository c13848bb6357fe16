"""An Optuna study that grows with a search."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import optuna
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from apps.export.searched import Searched
from apps.export.storage import opened, place
from apps.export.trials import KEY, trials
from genome import Evaluation, InputError

_SETTINGS: Final = "settings"

Watch = Callable[[Sequence[Evaluation]], Iterator[Evaluation]]
"""Hands evaluations on one by one, and shows how far it is."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What a study has after an export.

    Attributes:
        study: its name.
        place: its storage, without a password.
        states: how many of the search's trials are in each state.
        added: how many of them this export added.
    """

    study: str
    place: str
    states: Counter[TrialState]
    added: int


def export_search(searched: Searched, name: str, target: str, watch: Watch = iter) -> Exported:
    """Add to a study what it does not have of a search, or make it.

    Every trial of a database is a transaction of its own: an interrupted export is completed by the next.
    One process at a time may export to a study.

    Args:
        searched: what the search evaluated.
        name: of the study.
        target: URL of a database or path of a journal file, see ``apps.export.storage.opened``.
        watch: goes through the evaluations to be added.

    Raises:
        InputError: the storage cannot be used, or has a study of that name that was not made of this search.
    """
    with _quiet(), opened(target) as storage:
        study = optuna.create_study(storage=storage, study_name=name, load_if_exists=True)
        there = study.get_trials(deepcopy=False)
        _check(study, there, searched.settings, place(target))
        known = {trial.user_attrs[KEY]: trial.state for trial in there if KEY in trial.user_attrs}
        new = [each for each in searched.evaluations if each.key not in known]
        states = Counter(known.values())
        for trial in trials(watch(new), searched.space):
            study.add_trial(trial)
            states[trial.state] += 1
    return Exported(name, place(target), states, len(new))


def _check(study: Study, there: Sequence[FrozenTrial], settings: dict[str, Any], named: str) -> None:
    """Refuse a study that is not of a search with these settings; note them in a new one."""
    kept = study.user_attrs
    if not there and not kept and study.directions == [StudyDirection.MINIMIZE]:
        study.set_user_attr(_SETTINGS, settings)
        return
    advice = "name another with --study"
    before = kept.get(_SETTINGS)
    if not isinstance(before, dict):
        raise InputError(
            f"A study to add to must be one that was exported, got {study.study_name!r} in {named}; {advice}."
        )
    names = sorted(before.keys() | settings.keys())
    differing = [name for name in names if before.get(name) != settings.get(name)]
    if differing:
        raise InputError(
            f"A study belongs to one search, and {study.study_name!r} in {named} to one with another"
            f" {', '.join(differing)}; {advice}."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what Optuna says of its normal course."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        logger.setLevel(level)
