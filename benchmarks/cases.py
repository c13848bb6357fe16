"""What the benchmarks train: problem sizes, genomes, and protocols shortened to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import torch

from benchmarks.contenders.task import Task
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Phase, Protocol, protocol
from genome import DesignSpace, Genome, InputError

PRESET: Final = "quick"
_GENOME_SEED: Final = 20
_SPARSITY: Final = 0.1


@dataclass(frozen=True, slots=True)
class Case:
    """One problem size and how much of it is timed.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        layers: depth K.
        scale: factor on the steps of the protocol's phases.
        genomes: random genomes that the engine trains at once, in the largest batch.
        sizes: smaller batches that are timed too.
        baseline: genomes, evenly chosen, that the one-at-a-time networks are timed on.
        stacked: most networks that ``torch.func`` trains together; larger batches take turns.
        phase_b: steps a stage when phase B is timed alone.
        evolution: networks of the evolution, 0 for none.
        repeats: rounds.
        train: training samples.
        valid: validation samples.
    """

    m: int
    n: int
    layers: int
    scale: float
    genomes: int
    sizes: tuple[int, ...]
    baseline: int
    stacked: int
    phase_b: int
    evolution: int
    repeats: int
    train: int = 25_600
    valid: int = 1024

    @property
    def name(self) -> str:
        """``m``x``n``x``K``."""
        return f"{self.m}x{self.n}x{self.layers}"

    @property
    def batches(self) -> tuple[int, ...]:
        """All batch sizes, ascending."""
        return tuple(sorted({size for size in self.sizes if size < self.genomes} | {self.genomes}))

    @property
    def protocol(self) -> Protocol:
        """The shortened preset."""
        return protocol(PRESET).scaled(self.scale)

    def task(self, device: torch.device) -> Task:
        """What all contenders train for."""
        problem = SparseRecovery(
            m=self.m, n=self.n, sparsity=_SPARSITY, train=self.train, valid=self.valid, test=1
        )
        return Task(problem, self.protocol, device)

    def draw(self) -> list[Genome]:
        """The random genomes, distinct, with all neurons."""
        rng, space = np.random.default_rng(_GENOME_SEED), DesignSpace(self.layers)
        chosen: dict[Genome, None] = {}
        while len(chosen) < self.genomes:
            chosen.setdefault(space.sample(rng))
        return list(chosen)


CASES: Final = {
    case.name: case
    for case in (
        Case(
            m=50,
            n=100,
            layers=8,
            scale=0.05,
            genomes=64,
            sizes=(1, 4, 16),
            baseline=4,
            stacked=16,
            phase_b=96,
            evolution=96,
            repeats=3,
        ),
        Case(
            m=250,
            n=500,
            layers=16,
            scale=0.005,
            genomes=8,
            sizes=(4,),
            baseline=2,
            stacked=4,
            phase_b=24,
            evolution=0,
            repeats=2,
            valid=256,
        ),
    )
}
"""By name. On two cores both together take minutes; the second is much the larger problem."""


def quick(case: Case) -> Case:
    """The same case, shortened until it says little more than that everything runs."""
    return replace(
        case,
        scale=case.scale / 4,
        genomes=min(case.genomes // 4, 16),
        sizes=(1,),
        baseline=2,
        stacked=min(case.stacked, 4),
        phase_b=max(1, case.phase_b // 4),
        evolution=min(case.evolution, 24),
        repeats=1,
        train=6400,
    )


def on_accelerator(case: Case) -> Case:
    """The same case as is apt for a device that fills only with many networks and starts slowly."""
    genomes = max(case.genomes, 64)
    return replace(case, scale=10 * case.scale, genomes=genomes, sizes=(1, 4, 16), stacked=genomes)


def find_case(name: str) -> Case:
    """A case by its name.

    Raises:
        InputError: the name is not known.
    """
    try:
        return CASES[name]
    except KeyError:
        raise InputError(f"The case must be one of {', '.join(CASES)}, got {name!r}.") from None


def evenly(genomes: Sequence[Genome], count: int) -> list[Genome]:
    """Some genomes, evenly chosen by their number of connections."""
    ordered = sorted(genomes, key=lambda genome: (genome.connections, genome.digest))
    count = min(count, len(ordered))
    return [ordered[int((place + 0.5) * len(ordered) / count)] for place in range(count)]


def with_full_first_phase(task: Task) -> Task:
    """The task, its phase A made as dear as phase B: as many steps, but every parameter trains."""
    phases = tuple(replace(phase, scope="all") for phase in task.protocol.phases)
    return replace(task, protocol=replace(task.protocol, phases=phases))


def phase_b_alone(task: Task, steps: int) -> Task:
    """The task with nothing but steps on all parameters, and one batch of validation a stage."""
    alone = Phase("B", "all", rate=0.2, steps=steps)
    return replace(
        task,
        protocol=replace(task.protocol, phases=(alone,)),
        problem=replace(task.problem, valid=task.protocol.batch),
    )
