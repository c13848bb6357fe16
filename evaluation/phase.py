"""One phase of a stage, for a population."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from builders.autograd_step import bind_step
from builders.cells import Cell
from builders.genes import Genes
from builders.injections import LearnableWeightedAverage
from builders.parameters import Layout
from builders.step import Binding, PopulationStep
from evaluation.adam import Adam
from evaluation.nmse import Nmse, nmse
from evaluation.order import batch_order
from evaluation.protocol import Phase, Protocol
from evaluation.tables import Batches, SplitName, Tables
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
        injection: how earlier outputs are combined.
        layout: where each parameter lies in a row.
        protocol: the phases.
        tables: the data on the device.
        device: where training runs.
        cancelled: polled at every step; training ends with ``CancelledError`` when it says True.
    """

    cell: Cell
    injection: LearnableWeightedAverage
    layout: Layout
    protocol: Protocol
    tables: Tables
    device: torch.device
    cancelled: Callable[[], bool]

    def bind(
        self, members: Sequence[Member], rows: Tensor, gradient: Tensor, depth: int, lowest: int
    ) -> PopulationStep:
        """A step over these members at this depth; see ``Binding``."""
        genes = Genes.of([member.genome for member in members], self.device)
        weights = self.injection.weights(genes.gates)
        missing = self.layout.layers - genes.layers
        padded = torch.nn.functional.pad(weights, (0, missing, 0, missing))
        return bind_step(self.cell, Binding(self.layout, genes, padded, rows, gradient, depth, lowest))

    def score(self, step: PopulationStep, members: Sequence[Member], name: SplitName) -> Nmse:
        """NMSE of every member on a split."""
        batches = Batches(self.tables, [member.draw for member in members], name)
        everyone = torch.arange(batches.samples, device=self.device).expand(len(members), -1)
        errors, energies = [], []
        for rows in torch.split(everyone, self.protocol.batch, dim=1):
            b, x = batches.take(rows)
            errors.append((step.outputs(b) - x).square().sum(dim=2).cpu().double())
            energies.append(x.square().sum(dim=2).cpu().double())
        return nmse(torch.cat(errors, dim=1), torch.cat(energies, dim=1))


@final
class PhaseRun:
    """Members that train together in one phase; some may leave before the others."""

    def __init__(
        self, trainer: Trainer, members: Sequence[Member], rows: Tensor, depth: int, index: int
    ) -> None:
        self._trainer, self._depth, self._index = trainer, depth, index
        self._phase: Phase = trainer.protocol.phases[index]
        self._introduced = trainer.layout.introduced().to(rows.device)
        rate = self._phase.rate * trainer.protocol.learning_rate
        gradient = torch.zeros_like(rows)
        self._adam = Adam(rows, gradient, trainer.protocol, rate)
        self._seat(members, rows, gradient)

    def _seat(self, members: Sequence[Member], rows: Tensor, gradient: Tensor) -> None:
        self.members, self.rows, self._gradient = members, rows, gradient
        lowest = self._depth if self._phase.scope == "new" else 1
        self._step = self._trainer.bind(members, rows, gradient, self._depth, lowest)
        self._scale = self._gradient_scale(lowest)
        self._batches = Batches(self._trainer.tables, [member.draw for member in members], "train")

    def _gradient_scale(self, lowest: int) -> Tensor:
        """Per parameter, 0 where it does not train, else the protocol's decay, ``(size,)``."""
        age = self._depth - self._introduced
        trains = (self._introduced >= lowest) & (age >= 0)
        decay = torch.as_tensor(self._trainer.protocol.gradient_decay, device=age.device)
        return torch.where(trains, decay ** age.clamp_min(0), torch.zeros((), device=age.device))

    def epochs(self) -> Iterator[Tensor]:
        """Batches epoch by epoch without end: rows of the training split, ``(P, steps, batch)``."""
        epoch = 0
        while True:
            orders: dict[int, Tensor] = {}
            for seed in {member.seed for member in self.members}:
                key = (seed, self._depth, self._index, epoch)
                orders[seed] = batch_order(self._batches.samples, self._trainer.protocol.batch, key)
            stacked = torch.stack([orders[member.seed] for member in self.members])
            yield stacked.to(self._trainer.device)
            epoch += 1

    def train(self, order: Tensor) -> None:
        """One step a batch of ``order: (P, steps, batch)``."""
        for rows in order.unbind(dim=1):
            if self._trainer.cancelled():
                raise CancelledError
            b, x = self._batches.take(rows)
            self._step.differentiate(b, x)
            self._gradient.mul_(self._scale)
            self._adam.step()

    def validate(self) -> Nmse:
        """Validation NMSE of the members as they are."""
        return self._trainer.score(self._step, self.members, "valid")

    def keep(self, staying: Sequence[int]) -> None:
        """Go on with some members only (positions in ``members``)."""
        chosen = torch.tensor(staying, device=self.rows.device)
        rows = self.rows[chosen]
        gradient = torch.zeros_like(rows)
        self._adam.keep(chosen, rows, gradient)
        self._seat([self.members[i] for i in staying], rows, gradient)


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
    run = PhaseRun(trainer, members, rows.clone(), depth, index)
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
