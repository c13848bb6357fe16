"""What a search that is not finished has asked: the search again, over its archive alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import optimizers
from apps.search.goals import CostModel, search_goals
from builders.cells import cell_from
from evaluation.archive import Archive
from evaluation.halving import Halving, evaluate_in_rungs
from genome import DesignSpace, Evaluation, Genome, Request
from optimizers import Optimizer


def replay(
    settings: Mapping[str, Any], setting: str, space: DesignSpace, archive: Archive
) -> list[Evaluation]:
    """Ask and tell as the search did, until it comes to what the archive does not have.

    An archive also holds what a search did not ask: baselines, random networks beside it, the average, and
    the networks of other searches that share it. An optimizer is deterministic given its seed and what it was
    told, and a batch is told whole, so that this gives what the search asked, in that order. Of a batch that
    is not finished it gives the networks that are trained whole.

    Args:
        settings: of the run.
        setting: digest of those that its evaluations depend on.
        space: the run's design space.
        archive: the run's archive.

    Raises:
        InputError: the optimizer cannot be made again, or the archive cannot be read.
    """
    optimizer = _optimizer(settings, space)
    rungs = settings.get("halving")
    halving = Halving(tuple(rungs["rungs"]), rungs["keep"]) if rungs else None
    recorded = _Recorded(archive, setting)
    told: list[Evaluation] = []
    while genomes := optimizer.ask(settings["batch"]):
        requests = [Request(genome, seed=settings["seed"]) for genome in genomes]
        try:
            batch = _evaluated(requests, halving, recorded)
        except _NotRecordedError:
            return told + recorded.known(requests)
        optimizer.tell(batch)
        told += batch
    return told


def _optimizer(settings: Mapping[str, Any], space: DesignSpace) -> Optimizer:
    names = settings.get("goals", ())
    goals = {"goals": search_goals(names, _model(settings))} if len(names) > 1 else {}
    options = {**goals, **settings.get("options", {})}
    if "founders" in settings:
        options["founders"] = tuple(map(Genome.from_dict, settings["founders"]))
    return optimizers.create(settings["optimizer"], space, settings["seed"], **options)


def _model(settings: Mapping[str, Any]) -> CostModel:
    sizes = settings.get("dictionary", settings["problem"])
    return CostModel(cell_from(settings["cell"]), sizes["m"], sizes["n"], settings["protocol"]["form"])


def _evaluated(requests: list[Request], halving: Halving | None, recorded: _Recorded) -> list[Evaluation]:
    if halving is None:
        return recorded.evaluate(requests)
    return evaluate_in_rungs(recorded, requests, halving, lambda _: None)


class _NotRecordedError(Exception):
    """The archive does not have what is asked next."""


class _Recorded:
    """An evaluator that trains nothing and knows what an archive has."""

    def __init__(self, archive: Archive, setting: str) -> None:
        self._archive = archive
        self._setting = setting

    def evaluate(self, requests: Sequence[Request], progress: object = None) -> list[Evaluation]:
        """Look requests up, in their order.

        Raises:
            _NotRecordedError: one of them is not there.
        """
        del progress
        found = self.known(requests)
        if len(found) < len(requests):
            raise _NotRecordedError
        return found

    def known(self, requests: Sequence[Request]) -> list[Evaluation]:
        """Look requests up, in their order, and leave out what is not there."""
        keys = [request.digest(self._setting) for request in requests]
        found = self._archive.get(keys)
        return [found[key] for key in keys if key in found]
