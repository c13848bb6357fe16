"""Trains what a study asks for: many problems, protocols and cells over one archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, final

from apps.display.pace import Pace
from apps.search.run_directory import owner
from builders.cells import Cell, Lista
from evaluation.archive import Archive
from evaluation.digest import digest
from evaluation.evaluator import Evaluator
from evaluation.problems.base import Problem
from evaluation.protocol import Protocol
from evaluation.trie import Progress
from genome import Evaluation, Genome, Request

_KEPT: Final = 2
"""Evaluators that hold their data at a time."""

Seeded = Mapping[str, Mapping[int, Evaluation]]
"""Model -> seed -> evaluation."""


class Setting(NamedTuple):
    """What networks of one comparison share."""

    problem: Problem
    protocol: Protocol
    cell: Cell = Lista()


class Told(NamedTuple):
    """How far a study is.

    Attributes:
        done: networks of this piece that are evaluated, with fractions.
        expected: networks that the piece asks for in all, about.
        left: seconds for the rest of them at the pace of late; None while nothing is known of it.
    """

    done: float
    expected: int
    left: float | None


@final
class Lab:
    """Evaluates networks in any setting; what the archive has is taken from there.

    Args:
        archive: open; every evaluation is recorded there.
        folder: keeps trained prefixes, below ``prefixes``.
        device: to train on.
        workers: units trained side by side; None takes what suits the device.
        tell: told how far the training is.
    """

    def __init__(
        self,
        archive: Archive,
        folder: Path,
        *,
        device: str,
        workers: int | None,
        tell: Callable[[Told], None],
    ) -> None:
        self._archive, self.folder = archive, folder
        self._device, self._workers = device, workers
        self._owner = owner(folder)
        self._evaluators: dict[str, Evaluator] = {}
        self._tell, self._pace = tell, Pace()
        self._done, self._expected = 0, 0

    def _evaluator(self, setting: Setting) -> Evaluator:
        """What trains in a setting, over the archive.

        Raises:
            InputError: the setting cannot be trained in.
        """
        described = (setting.problem.to_dict(), setting.protocol.to_dict(), setting.cell.describe())
        name = digest(list(described))
        found = self._evaluators.pop(name, None) or self._made(setting)
        self._evaluators[name] = found
        while len(self._evaluators) > _KEPT:
            del self._evaluators[next(iter(self._evaluators))]
        return found

    def _made(self, setting: Setting) -> Evaluator:
        evaluator = Evaluator(
            setting.problem, setting.protocol, cell=setting.cell, device=self._device, workers=self._workers
        )
        evaluator.keep_prefixes(self.folder / "prefixes")
        evaluator.attach(self._archive, self._owner)
        return evaluator

    def evaluate(self, setting: Setting, requests: Sequence[Request]) -> list[Evaluation]:
        """Evaluate requests in a setting, in their order.

        Raises:
            InputError: the setting cannot be trained in, or its cell cannot take a genome.
        """
        evaluator = self._evaluator(setting)
        keys = {request.digest(evaluator.setting) for request in requests}
        missing = len(keys - self._archive.get(keys).keys())

        def progress(walk: Progress) -> None:
            self._pace.advance(walk.done, time.monotonic())
            self._report(len(requests), len(requests) - (1 - walk.done) * missing)

        self._pace.begin(missing, time.monotonic())
        found = evaluator.evaluate(requests, progress)
        self._pace.end(time.monotonic())
        self._done += len(requests)
        self._report(0, 0.0)
        return found

    def compare(self, setting: Setting, models: Mapping[str, Genome], seeds: Sequence[int]) -> Seeded:
        """Every model on every seed, each with signals of its own, scored on the test split.

        Raises:
            InputError: as ``evaluate`` does.
        """
        pairs = [(name, seed) for name in models for seed in seeds]
        requests = [Request(models[name], seed=seed, draw=seed, test=True) for name, seed in pairs]
        results: dict[str, dict[int, Evaluation]] = {name: {} for name in models}
        for (name, seed), evaluation in zip(pairs, self.evaluate(setting, requests), strict=True):
            results[name][seed] = evaluation
        return results

    def begin(self, expected: int) -> None:
        """Another piece begins, that asks for about so many networks."""
        self._done, self._expected, self._pace = 0, expected, Pace()

    def _report(self, asked: int, done: float) -> None:
        """Tell how far the piece is: of those asked for now, so many are done."""
        later = max(0, self._expected - self._done - asked)
        self._tell(Told(self._done + done, self._expected, self._pace.left(later)))
