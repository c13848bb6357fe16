"""The parts of a training step in tensor operations, every one recorded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import final

from benchmarks.clock import seconds
from benchmarks.op_clock import Operation, record
from benchmarks.population import Population
from benchmarks.step_parts import PARTS, Part, Sizes, Step, assign
from evaluation.cuda_graph import Recorder

INTERPRETER = "rest, interpreter"
_MOST_STEPS = 10
_ACTIVATIONS_A_LAYER = 3


@final
class OneByOne(Recorder):
    """Records nothing: a step runs in the tensor operations that a recording would hold, one by one."""

    def warm_up(self, function: Callable[[], None]) -> None:
        """See ``Recorder.warm_up``; not needed."""

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        """See ``Recorder.record``."""
        return function


@final
class TensorProfile:
    """Steps of a population in tensor operations."""

    def __init__(self, population: Population) -> None:
        self._population, self._device = population, population.task.device
        self._run = population.run(OneByOne())
        self._order = next(self._run.epochs())[:, :_MOST_STEPS]
        train, problem = population.tables.split(0, "train"), population.task.problem
        self._sizes = Sizes(
            tables=(train.b.untyped_storage().data_ptr(), train.x.untyped_storage().data_ptr()),
            members=len(population.members),
            batch=population.task.protocol.batch,
            m=problem.m,
            n=problem.n,
            layers=population.layers,
            row=population.layout.size,
        )

    def measure(self, repeats: int) -> Step:
        """An unobserved step, and what its parts take; medians over repeats."""
        train = partial(self._run.train, self._order)
        train()
        steps = self._order.shape[1]
        plain, observed = [], []
        for _ in range(repeats):
            plain.append(seconds(train, self._device) / steps)
            observed.append(list(assign(record(train, self._device), self._sizes)))
        parts = {name: _part([_of(name, run) for run in observed], steps) for name in PARTS}
        return Step.of(median(plain), parts, INTERPRETER)

    @property
    def working_set(self) -> int:
        """Floats of the activations that a step keeps."""
        sizes = self._sizes
        return _ACTIVATIONS_A_LAYER * self._population.stage * sizes.members * sizes.batch * sizes.n


def _of(name: str, assigned: Sequence[tuple[str, Operation]]) -> list[Operation]:
    return [operation for part, operation in assigned if part == name]


def _part(runs: Sequence[Sequence[Operation]], steps: int) -> Part:
    """One part of several recordings of the same steps."""
    first = runs[0]
    return Part(
        calls=len(first) / steps,
        seconds=median(sum(operation.seconds for operation in run) for run in runs) / steps,
        traffic=sum(operation.traffic for operation in first) / steps,
        operations=sum(operation.operations for operation in first) / steps,
    )
