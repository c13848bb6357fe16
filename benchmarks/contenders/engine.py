"""The project's engine, through its public interface; evaluators are new for every run."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier
from typing import ClassVar, final

import optimizers
from benchmarks.clock import seconds
from benchmarks.contenders.task import Contender, DrawnOnce, Run, Task
from evaluation.device import usable_cores
from evaluation.evaluator import Evaluator
from evaluation.reuse import Reuse
from genome import DesignSpace, Evaluation, Genome, Request


def _evaluator(task: Task, workers: int | None = None) -> Evaluator:
    return Evaluator(DrawnOnce(task.problem), task.protocol, device=str(task.device), workers=workers)


def _scores(evaluations: Sequence[Evaluation]) -> dict[Genome, tuple[float, ...]]:
    return {evaluation.genome: evaluation.valid_nmse_db for evaluation in evaluations}


@final
class Engine(Contender):
    """One call of ``evaluate`` with all genomes: batched, prefixes shared inside the batch."""

    name: ClassVar[str] = "engine"

    def __init__(self, task: Task) -> None:
        self._task = task
        self.reuse = Reuse()
        """Of the last run."""

    def train(self, genomes: Sequence[Genome]) -> Run:
        """See ``Contender.train``."""
        evaluator = _evaluator(self._task)
        evaluations: list[Evaluation] = []
        requests = [Request(genome, seed=self._task.seed) for genome in genomes]
        spent = seconds(lambda: evaluations.extend(evaluator.evaluate(requests)), self._task.device)
        self.reuse = evaluator.reuse
        return Run(_scores(evaluations), len(genomes), spent)


@final
class EngineUnshared(Contender):
    """One call of ``evaluate``, each genome with a seed of its own.

    A prefix's state depends on the seed, so that no prefix can be shared: what remains is batching.
    """

    name: ClassVar[str] = "engine, no shared prefix"

    def __init__(self, task: Task) -> None:
        self._task = task

    def train(self, genomes: Sequence[Genome]) -> Run:
        """See ``Contender.train``; the scores, of other seeds, are not handed back."""
        evaluator = _evaluator(self._task)
        requests = [Request(genome, seed=self._task.seed + place) for place, genome in enumerate(genomes)]
        spent = seconds(lambda: evaluator.evaluate(requests), self._task.device)
        return Run({}, len(genomes), spent)


@final
class EngineAlone(Contender):
    """An evaluator for every network, one network at a time on each core: no batching, nothing shared.

    On an accelerator, one network at a time.
    """

    name: ClassVar[str] = "engine, population of one"

    def __init__(self, task: Task) -> None:
        self._task = task
        self._lanes = usable_cores() if task.device.type == "cpu" else 1

    def train(self, genomes: Sequence[Genome]) -> Run:
        """See ``Contender.train``; as for processes side by side, each lane times its own share."""
        lanes = min(self._lanes, len(genomes))
        barrier = Barrier(lanes)

        def lane(share: Sequence[Genome]) -> Run:
            evaluators = [_evaluator(self._task, workers=1) for _ in share]
            evaluations: list[Evaluation] = []

            def work() -> None:
                for evaluator, genome in zip(evaluators, share, strict=True):
                    evaluations.extend(evaluator.evaluate([Request(genome, seed=self._task.seed)]))

            barrier.wait()
            spent = seconds(work, self._task.device)
            return Run(_scores(evaluations), len(share), spent)

        with ThreadPoolExecutor(lanes) as pool:
            runs = list(pool.map(lane, [genomes[place::lanes] for place in range(lanes)]))
        pace = sum(run.networks / run.seconds for run in runs)
        return Run({g: s for run in runs for g, s in run.scores.items()}, len(genomes), len(genomes) / pace)


@dataclass(frozen=True, slots=True)
class Evolution:
    """A search as ``apps.search`` runs it: generations whose prefixes are kept, in memory and on disk.

    Attributes:
        task: what to train for.
        layers: depth K.
        budget: networks in all.
        batch: networks a generation.
    """

    task: Task
    layers: int
    budget: int
    batch: int

    def run(self) -> tuple[Run, Reuse]:
        """Search from scratch; the optimizer's own time counts too."""
        evaluator = _evaluator(self.task)
        optimizer = optimizers.create("evolution", DesignSpace(self.layers), self.task.seed)
        evaluations: list[Evaluation] = []

        def work() -> None:
            while len(evaluations) < self.budget:
                genomes = optimizer.ask(min(self.batch, self.budget - len(evaluations)))
                requests = [Request(genome, seed=self.task.seed) for genome in genomes]
                told = evaluator.evaluate(requests)
                optimizer.tell(told)
                evaluations.extend(told)

        with tempfile.TemporaryDirectory() as folder:
            evaluator.keep_prefixes(Path(folder))
            spent = seconds(work, self.task.device)
        return Run(_scores(evaluations), len(evaluations), spent), evaluator.reuse
