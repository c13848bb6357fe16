"""A population of the engine in one phase of one stage, as a profile finds it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import final

from torch import Tensor

from benchmarks.contenders.task import DrawnOnce, Task
from benchmarks.work import Work, least_step
from builders.cells import Lista
from builders.injections import injection
from builders.unroll import network_layout
from evaluation.cuda_graph import Recorder
from evaluation.phase import Member, PhaseRun, Trainer
from evaluation.tables import Tables
from genome import Genome

_TAUGHT = 0.01


@final
class Population:
    """Members at one stage, and what trains them.

    Args:
        task: problem and protocol.
        genomes: whole networks.
        stage: depth.
        phase: index into the protocol's phases.
    """

    def __init__(self, task: Task, genomes: Sequence[Genome], stage: int, phase: int) -> None:
        self.task, self.stage, self.phase = task, stage, phase
        self.layers = genomes[0].layers
        self.members = [Member(genome.prefix(stage), task.seed, 0) for genome in genomes]
        self.tables = Tables(DrawnOnce(task.problem), task.device)
        self._cell, self._injection = Lista(), injection(task.protocol.form)
        dictionary = task.problem.dictionary
        self.layout = network_layout(self._cell, self._injection, dictionary, self.layers)

    @property
    def genomes(self) -> list[Genome]:
        """The members', of the stage's depth."""
        return [member.genome for member in self.members]

    def trainer(self, recorder: Recorder | None) -> Trainer:
        """What the engine trains them with."""
        task = self.task
        return Trainer(
            self._cell,
            self._injection,
            self.layout,
            task.protocol,
            self.tables,
            task.device,
            lambda: False,
            recorder=recorder,
        )

    def run(self, recorder: Recorder | None) -> PhaseRun:
        """The phase, not begun."""
        return PhaseRun(self.trainer(recorder), self.members, self.rows(), self.stage, self.phase)

    def rows(self) -> Tensor:
        """Parameters of every member, ``(P, size)``.

        No coefficient is zero, which earlier stages see to, and without which a compiled step leaves the
        connection out.
        """
        row = self.layout.initial().to(self.task.device)
        rows = row.expand(len(self.members), -1).clone()
        self.layout.views(rows)["coefficient"].clamp_min_(_TAUGHT)
        return rows

    def least(self) -> Work:
        """What a step needs at least, where all parameters train."""
        problem, batch, size = self.task.problem, self.task.protocol.batch, self.layout.size
        return reduce(add, (least_step(g, problem.m, problem.n, batch, size) for g in self.genomes))
