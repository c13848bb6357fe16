"""One phase of a stage, for a population."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import torch
from torch import Tensor

from builders.autograd_step import bind_step
from builders.cells import Cell
from builders.genes import Genes
from builders.injections import Injection
from builders.objective import Objective
from builders.parameters import Layout
from builders.step import Binding, PopulationStep
from evaluation.adam import Adam
from evaluation.buckets import seats
from evaluation.compiled_adam import CompiledAdam
from evaluation.cuda_graph import Recorder
from evaluation.metric import Metric, NmseMetric
from evaluation.nmse import Nmse
from evaluation.order import batch_order
from evaluation.protocol import Phase, Protocol
from evaluation.tables import Batches, SplitName, Tables
from evaluation.training_step import TrainingStep
from genome import Genome


class CancelledError(Exception):
    """Training was asked to stop before it was done."""


@dataclass(frozen=True, slots=True)
class Member:
    """One network in training: what its result depends on beside problem and protocol."""

    genome: Genome
    seed: int
    draw: int


@dataclass(frozen=True)
class Trainer:
    """What all populations of a run share.

    Attributes:
        cell: the iteration.
        injection: how earlier states are combined.
        layout: where each parameter lies in a row.
        protocol: the phases.
        tables: the data on the device.
        device: where training runs.
        constants: the cell's, on the device.
        objective: the loss, on the device.
        metric: turns errors into scores.
        cancelled: polled at every step; training ends with ``CancelledError`` when it says True.
        recorder: records a training step for replay; None where steps just run.
        padded: whether populations are padded to the sizes of ``evaluation.buckets``.
    """

    cell: Cell
    injection: Injection
    layout: Layout
    protocol: Protocol
    tables: Tables
    device: torch.device
    cancelled: Callable[[], bool]
    constants: Mapping[str, Tensor] = field(default_factory=dict)
    objective: Objective = field(default_factory=Objective)
    metric: Metric = field(default_factory=NmseMetric)
    recorder: Recorder | None = None
    padded: bool = False

    def places(self, members: int) -> list[int]:
        """Which member takes each place of a population; see ``evaluation.buckets.seats``."""
        return seats(members, padded=self.padded)

    @property
    def in_tensor_operations(self) -> bool:
        """Whether a training step must consist of these: on accelerators, and wherever it is recorded."""
        return self.device.type != "cpu" or self.recorder is not None

    def enter(self, members: Sequence[Member], rows: Tensor, depth: int) -> None:
        """Have the deepest layer start as its gates say, in place, in rows ``(P, size)``."""
        gates = torch.tensor([member.genome.gates[depth - 1] for member in members], dtype=rows.dtype)
        self.injection.enter(depth - 1, gates.to(rows.device), self.layout.views(rows))

    def bind(
        self, members: Sequence[Member], rows: Tensor, gradient: Tensor, depth: int, lowest: int
    ) -> PopulationStep:
        """A step over these members at this depth; see ``Binding``."""
        genes = Genes.of([member.genome for member in members], self.device)
        weights = self.injection.weights(genes.gates)
        missing = self.layout.layers - genes.layers
        padded = torch.nn.functional.pad(weights, (0, missing, 0, missing))
        binding = Binding(
            layout=self.layout,
            injection=self.injection,
            n=self.tables.n,
            genes=genes,
            weights=padded,
            rows=rows,
            gradient=gradient,
            depth=depth,
            lowest=lowest,
            in_tensor_operations=self.in_tensor_operations,
            constants=self.constants,
            objective=self.objective,
        )
        return bind_step(self.cell, binding)

    def score(self, step: PopulationStep, members: Sequence[Member], name: SplitName) -> Nmse:
        """Scores of every member on a split."""
        batches = Batches(self.tables, [member.draw for member in members], name)
        everyone = torch.arange(batches.samples, device=self.device).expand(len(members), -1)
        errors, energies = [], []
        for rows in torch.split(everyone, self.protocol.batch, dim=1):
            b, x = batches.take(rows)
            errors.append(self.objective.residual(step.outputs(b), x).square().sum(dim=2))
            energies.append(x.square().sum(dim=2))
        # Fetched at once, for the device waits at every fetch.
        norms = [torch.cat(parts, dim=1).cpu().double() for parts in (errors, energies)]
        groups = self.tables.split(members[0].draw, name).groups
        return self.metric.scores(norms[0], norms[1], None if groups is None else groups.cpu())


@final
class PhaseRun:
    """Members that train together in one phase; some may leave before the others.

    Args:
        trainer: what the run shares.
        members: those of one draw next to each other.
        rows: their parameters, ``(P, size)``; copied.
        depth: the stage.
        index: which phase of the protocol.
    """

    def __init__(
        self, trainer: Trainer, members: Sequence[Member], rows: Tensor, depth: int, index: int
    ) -> None:
        self._trainer, self._depth, self._index = trainer, depth, index
        self._phase: Phase = trainer.protocol.phases[index]
        self._introduced = trainer.layout.introduced().to(rows.device)
        rate = self._phase.rate * trainer.protocol.learning_rate
        places = trainer.places(len(members))
        seated = rows[places]
        gradient = torch.zeros_like(seated)
        self._lowest = depth if self._phase.scope == "new" else 1
        adam = Adam if trainer.in_tensor_operations else CompiledAdam
        self._adam = adam(seated, gradient, self._gradient_scale(), trainer.protocol, rate)
        self._seat(members, seated, gradient)

    def _seat(self, members: Sequence[Member], rows: Tensor, gradient: Tensor) -> None:
        """Begin to work on ``rows`` and ``gradient``, one row a place."""
        trainer = self._trainer
        self.members, self._rows = members, rows
        self._seated = [members[place] for place in trainer.places(len(members))]
        self._step = trainer.bind(self._seated, rows, gradient, self._depth, self._lowest)
        self._batches = Batches(trainer.tables, [member.draw for member in self._seated], "train")
        self._train_on = TrainingStep(
            self._step,
            self._batches,
            self._adam,
            batch=trainer.protocol.batch,
            recorder=trainer.recorder,
        )

    @property
    def rows(self) -> Tensor:
        """Parameters of the members as they are, ``(len(members), size)``."""
        return self._rows[: len(self.members)]

    def _gradient_scale(self) -> Tensor:
        """Per parameter, 0 where it does not train, else the protocol's decay, ``(size,)``."""
        age = self._depth - self._introduced
        trains = (self._introduced >= self._lowest) & (age >= 0)
        decay = torch.as_tensor(self._trainer.protocol.gradient_decay, device=age.device)
        return torch.where(trains, decay ** age.clamp_min(0), torch.zeros((), device=age.device))

    def epochs(self) -> Iterator[Tensor]:
        """Batches epoch by epoch without end: rows of the training split, ``(places, steps, batch)``."""
        epoch = 0
        while True:
            orders: dict[int, Tensor] = {}
            for seed in {member.seed for member in self.members}:
                key = (seed, self._depth, self._index, epoch)
                orders[seed] = batch_order(self._batches.samples, self._trainer.protocol.batch, key)
            yield _moved(torch.stack([orders[member.seed] for member in self._seated]), self._trainer.device)
            epoch += 1

    def train(self, order: Tensor) -> None:
        """One step a batch of ``order: (places, steps, batch)``."""
        for rows in order.unbind(dim=1):
            if self._trainer.cancelled():
                raise CancelledError
            self._train_on(rows)

    def validate(self) -> Nmse:
        """Validation NMSE of the members as they are, then of those that pad the population."""
        return self._trainer.score(self._step, self._seated, "valid")

    def keep(self, staying: Sequence[int]) -> None:
        """Go on with some members only (positions in ``members``)."""
        places = [staying[place] for place in self._trainer.places(len(staying))]
        chosen = torch.tensor(places, device=self._rows.device)
        rows = self._rows[chosen]
        gradient = torch.zeros_like(rows)
        self._adam.keep(chosen, rows, gradient)
        self._seat([self.members[i] for i in staying], rows, gradient)


def _moved(order: Tensor, device: torch.device) -> Tensor:
    """A batch order on the device, without waiting for what the device is at."""
    return order.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else order.to(device)


def run_phase(trainer: Trainer, members: Sequence[Member], rows: Tensor, depth: int, index: int) -> Tensor:
    """Train members through one phase.

    Args:
        trainer: what the run shares.
        members: the population; members of one draw stand next to each other.
        rows: their parameters, ``(P, size)``; not changed.
        depth: the stage.
        index: which phase of the protocol.

    Returns:
        The parameters after the phase, ``(P, size)``.

    Raises:
        CancelledError: the trainer was asked to stop.
    """
    run = PhaseRun(trainer, members, rows, depth, index)
    steps = trainer.protocol.phases[index].steps
    if steps is None:
        return _until_patience_ends(run, rows, trainer.protocol.patience)
    for order in run.epochs():
        run.train(order[:, :steps])
        steps -= min(steps, order.shape[1])
        if steps == 0:
            break
    return run.rows


def _until_patience_ends(run: PhaseRun, rows: Tensor, patience: int) -> Tensor:
    """Epochs until the validation NMSE of every member has not improved for ``patience`` of them."""
    result = torch.empty_like(rows)
    places = list(range(len(run.members)))
    best, waited = [torch.inf] * len(places), [0] * len(places)
    epochs = run.epochs()
    while places:
        run.train(next(epochs))
        scores = run.validate().mean_db
        for position, place in enumerate(places):
            improved = scores[position] < best[place]
            best[place] = min(best[place], scores[position])
            waited[place] = 0 if improved else waited[place] + 1
        staying = [p for p, place in enumerate(places) if waited[place] < patience]
        for position, place in enumerate(places):
            if position not in staying:
                result[place] = run.rows[position]
        if staying and len(staying) < len(places):
            run.keep(staying)
        places = [places[p] for p in staying]
    return result
