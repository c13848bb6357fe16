"""The parts of a compiled training step, each done again by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import final

import torch
from torch import Tensor

from benchmarks.clock import fastest
from benchmarks.compiled_parts import COMPILED_PARTS, Replay, enter
from benchmarks.compiled_work import CompiledWork
from benchmarks.population import Population
from benchmarks.step_parts import ADAM_ALONE, GATHER, Part, Step
from builders.cells.lista_compiled_step import CompiledListaStep
from evaluation.compiled_adam import CompiledAdam
from evaluation.tables import Batches

REST = "rest"
_FLOAT = 4
_LEAST_SECONDS = 0.03


@final
class CompiledProfile:
    """Steps of a population as the engine takes them on the CPU."""

    def __init__(self, population: Population) -> None:
        self._population, self._device = population, population.task.device
        self._run = population.run(None)
        order = next(self._run.epochs())
        self._order, self._taken = order[:, :1], order[:, 0].contiguous()
        trainer, rows = population.trainer(None), population.rows()
        phase = population.task.protocol.phases[population.phase]
        self._lowest = population.stage if phase.scope == "new" else 1
        gradient, trained = torch.zeros_like(rows), self._trained()
        self._step = trainer.bind(population.members, rows, gradient, population.stage, self._lowest)
        self._batches = Batches(population.tables, [member.draw for member in population.members], "train")
        rate = phase.rate * trainer.protocol.learning_rate
        self._adam = CompiledAdam(rows, gradient, trained, trainer.protocol, rate)
        self._before = [tensor.clone() for tensor in self._adam.state]
        self._replay = self._bound()
        self._counts = CompiledWork(
            genomes=population.genomes,
            m=self._replay.shape.m,
            n=self._replay.shape.n,
            layers=population.layers,
            batch=self._taken.shape[1],
            piece=self._replay.piece,
            lowest=self._lowest,
            trained=int(trained.count_nonzero()),
        ).parts()

    def _trained(self) -> Tensor:
        """1 where a parameter trains, else 0, ``(size,)``."""
        introduced = self._population.layout.introduced()
        return ((introduced >= self._lowest) & (introduced <= self._population.stage)).float()

    def _bound(self) -> Replay:
        assert isinstance(self._step, CompiledListaStep)
        b, target = self._batches.take(self._taken)
        return Replay(*self._step.bound(self._taken.shape[1]), b.numpy(), target.numpy())

    def measure(self, repeats: int) -> Step:
        """A whole step, and what its parts take: the fastest of several readings, medians over repeats."""
        whole = partial(self._run.train, self._order)
        # A part without calls only loops.
        works = {name: work for name, work in self._works().items() if self._counts[name].calls}
        entering = self._fastest(partial(enter, self._replay))
        wholes: list[float] = []
        readings: dict[str, list[float]] = {name: [] for name in self._counts}
        for _ in range(repeats):
            wholes.append(self._fastest(whole))
            for name, work in works.items():
                self._fill()
                entered = entering if name in COMPILED_PARTS else 0.0
                readings[name].append(max(0.0, self._fastest(work) - entered))
        parts = {name: self._part(name, taken) for name, taken in readings.items()}
        return Step.of(median(wholes), parts, REST)

    def _part(self, name: str, readings: Sequence[float]) -> Part:
        count = self._counts[name]
        return Part(
            calls=count.calls,
            seconds=median(readings) if readings else 0.0,
            traffic=_FLOAT * count.floats,
            operations=count.operations,
        )

    def _fastest(self, work: Callable[[], object]) -> float:
        return fastest(work, self._device, _LEAST_SECONDS)

    @property
    def working_set(self) -> int:
        """Floats of the buffers, through which one piece of the batch goes after the other."""
        return sum(buffer.size for buffer in self._replay.work)

    def _works(self) -> dict[str, Callable[[], object]]:
        return {
            GATHER: partial(self._batches.take, self._taken),
            **{name: partial(part, self._replay) for name, part in COMPILED_PARTS.items()},
            ADAM_ALONE: self._adam.step,
        }

    def _fill(self) -> None:
        """Begin anew and take the gradient: a part is done again on what a whole step leaves."""
        for tensor, before in zip(self._adam.state, self._before, strict=True):
            tensor.copy_(before)
        self._step.differentiate(*self._batches.take(self._taken))
