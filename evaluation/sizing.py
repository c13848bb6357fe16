"""What training takes of the memory it may take, from shapes alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from builders.autograd_step import step_floats
from builders.step_shape import StepFloats, StepShape
from evaluation.buckets import bucket
from evaluation.memory import in_gib
from evaluation.phase import Member, Trainer
from evaluation.tables import Tables
from genome import InputError

MOST_KEPT_BYTES = 512 * 2**20
"""Prefixes kept in memory, at most; less where an eighth of the memory is less."""

_KEPT_PART, _UNITS_PART = 8, 4
_ALLOWANCE = 1.25
"""What allocators hold of freed blocks that do not fit the next request: a quarter of what is in use."""
_LIBRARIES = 32 * 2**20
"""Packed operands and thread stacks of the linear algebra library."""
_FLOAT, _INDEX, _DOUBLE = 4, 8, 8
_ROWS, _COPIED_ROWS = 7, 13
"""Rows a member: parents', own, gradient, and Adam's four. Where members leave early, also the results, and
a second copy of four of them while the others close up; where a step is recorded, the state before it."""
_ROW_MASKS = 40
"""Bytes an element of a row for which parameters train and how fast, once a unit."""
_ORDERS = 3
"""Epochs of sample indices at once: the last one's, and the next one's before and after it is stacked."""
_SCORES = 9
"""Doubles a member and sample while NMSE is taken."""


def kept_bytes(memory: int) -> int:
    """The prefix store's capacity, of the memory that training may take."""
    return min(MOST_KEPT_BYTES, memory // _KEPT_PART)


@dataclass(frozen=True, slots=True)
class DataShape:
    """Sizes of one draw of the data.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        target: entries of what a sample's output is compared with.
        train: training samples.
        valid: validation samples.
        test: test samples.
    """

    m: int
    n: int
    target: int
    train: int
    valid: int
    test: int

    @classmethod
    def of(cls, tables: Tables) -> DataShape:
        """Sizes of the first draw; all draws have the same."""
        train, valid, test = (tables.split(0, name) for name in ("train", "valid", "test"))
        m, target = train.b.shape[1], train.x.shape[1]
        return cls(m, tables.n, target, train.samples, valid.samples, test.samples)

    @property
    def nbytes(self) -> int:
        """Bytes of a draw on the device."""
        return _FLOAT * (self.m + self.target) * (self.train + self.valid + self.test)


@dataclass(frozen=True, slots=True)
class Walk:
    """Members that one walk trains, and the draws whose data stay on the device meanwhile."""

    members: Sequence[Member]
    draws: frozenset[int]


@final
class Sizing:
    """Whether training fits in memory, and how many members at a time do.

    The bound is on what training holds: the data on the device, and of all units that run at once the
    activations, parameters, gradients, Adam's moments and batch orders, counted at the deepest stage. On the
    CPU it is also on the prefix store, and on the rows that a walk keeps for the next stage; beside an
    accelerator these lie in main memory. Libraries that training loads, and the drawing of synthetic data,
    which happens while nothing trains, are not in it.

    Args:
        trainer: what is trained.
        data: sizes of a draw.
        memory: the bound, bytes.
    """

    def __init__(self, trainer: Trainer, data: DataShape, memory: int) -> None:
        self._trainer, self._memory = trainer, memory
        self.data = data
        self._on_host = trainer.device.type == "cpu"
        copies = trainer.recorder is not None or any(phase.steps is None for phase in trainer.protocol.phases)
        self._row = _FLOAT * trainer.layout.size
        size = trainer.protocol.batch
        rows = (_COPIED_ROWS if copies else _ROWS) * self._row
        step = _FLOAT * (size * (data.m + data.target) + self._step(trainer.layout.layers, size).member)
        order = _ORDERS * _INDEX * data.train
        self._member = rows + step + order + self._scored(data.valid, bound=size)
        workspace = _FLOAT * self._step(trainer.layout.layers, size).unit
        self._fixed = _ROW_MASKS * trainer.layout.size + workspace
        # The main thread scores a network on the test split while units run.
        self._tester = 2 * self._row + self._scored(data.test) + workspace

    @property
    def step_floats(self) -> int:
        """Floats a member that a training step at the middle depth works on."""
        depth = (self._trainer.layout.layers + 1) // 2
        step = self._step(depth, self._trainer.protocol.batch)
        return step.member + step.unit + _ROWS * self._trainer.layout.size

    def largest_unit(self, walk: Walk, workers: int) -> int:
        """Most members a unit may have where ``workers`` units run at once; 0 where not even one fits."""
        return self._fitting(len(walk.members), len(walk.draws), workers)

    def walks(self, members: Sequence[Member]) -> Iterator[Walk]:
        """Divide members into walks that leave enough memory to train in, as few as need be.

        The first draw's data stay where there is room for them, since searches come back to them.

        Raises:
            InputError: not even a member alone fits; the message says how much is needed.
        """
        draws = frozenset(member.draw for member in members)
        for kept in (draws | {0}, draws):
            if self._room(len(members), len(kept)) >= self._memory / _UNITS_PART:
                yield Walk(members, kept)
                return
        if len(members) > 1:
            for part in _halves(members):
                yield from self.walks(part)
        else:
            self.check()
            yield Walk(members, draws)

    def check(self) -> None:
        """Refuse a bound in which no network can be trained.

        Raises:
            InputError: not even a member alone fits; the message says how much is needed.
        """
        if self._fitting(members=1, draws=1, workers=1):
            return
        taken = self._held(members=1, draws=1) + _ALLOWANCE * (self._fixed + self._member)
        if self._on_host:
            taken += min(MOST_KEPT_BYTES, taken / (_KEPT_PART - 1))
        raise InputError(
            f"Training networks of {self._trainer.layout.layers} layers needs at least {in_gib(taken)} of "
            f"memory for the data and one network at a time, got {self._memory / 2**30:.2f} GiB."
        )

    def _fitting(self, members: int, draws: int, workers: int) -> int:
        each = self._room(members, draws) / _ALLOWANCE / workers
        fitting = max(0, int(each - self._fixed) // self._member)
        return fitting if not self._trainer.padded or fitting == 0 else bucket(fitting + 1) // 2

    def _room(self, members: int, draws: int) -> int:
        """Bytes left for units."""
        kept = kept_bytes(self._memory) if self._on_host else 0
        return self._memory - kept - self._held(members, draws)

    def _held(self, members: int, draws: int) -> int:
        """Bytes that data, a walk's rows of two depths, and the scoring of a test split take."""
        rows = 2 * members * self._row if self._on_host else 0
        return draws * self.data.nbytes + rows + self._tester + _LIBRARIES

    def _step(self, depth: int, batch: int) -> StepFloats:
        layout, data = self._trainer.layout, self.data
        shape = StepShape(
            m=data.m,
            n=data.n,
            layers=layout.layers,
            depth=depth,
            batch=batch,
            size=layout.size,
            parameters=len(layout.specs),
            in_tensor_operations=self._trainer.in_tensor_operations,
            fusible=self._trainer.injection.fusible and self._trainer.objective.plain,
        )
        return step_floats(self._trainer.cell, shape)

    def _scored(self, samples: int, bound: int = 0) -> int:
        """Bytes a member while batches of a split are scored, less a step's at the batch size ``bound``."""
        batch, width = self._trainer.protocol.batch, self.data.m + self.data.target
        sizes = {min(samples, batch), samples % batch} - {0}
        steps = sum(self._step(self._trainer.layout.layers, size).member for size in sizes - {bound})
        floats = steps + sum(sizes) * width + 2 * max(sizes) * self.data.target
        return _FLOAT * floats + _SCORES * _DOUBLE * samples


def _halves(members: Sequence[Member]) -> tuple[Sequence[Member], Sequence[Member]]:
    """Two parts, neither empty: of half the draws each, or of one draw and half the members each."""
    draws = sorted({member.draw for member in members})
    if len(draws) == 1:
        middle = len(members) // 2
        return members[:middle], members[middle:]
    first = set(draws[: len(draws) // 2])
    return [m for m in members if m.draw in first], [m for m in members if m.draw not in first]
