"""What a search was asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps.problem_options import ProblemOptions

if TYPE_CHECKING:
    from apps.arguments import Scalar
    from builders.injections import Form
    from genome.neurons import Neuron
    from genome.thresholds import ThresholdKind
    from genome.weights import Weight


@dataclass(frozen=True, slots=True)
class SearchOptions(ProblemOptions):
    """The command line, checked for form; its values are checked where they are used.

    What it says of the problem is in ``ProblemOptions``.

    Attributes:
        optimizer: registered name, or dotted path of a class.
        optimizer_options: what its constructor takes besides, by name.
        founders: files of genomes to begin with.
        goals: names of what is minimized, the NMSE first.
        budget: genomes to ask for; those that halving drops count too.
        batch: genomes asked for at once.
        rungs: stages after which a batch is halved; none trains every network whole.
        keep: share of a batch that goes on at a rung; None takes a half.
        control: random genomes evaluated beside the search; None takes as many as the budget.
        seed: of the optimizer and of training during the search.
        layers: depth K.
        cell: registered name of a cell, or dotted path of a class.
        cell_options: what its constructor takes, by name.
        connections: whether extra connections are searched; otherwise there are none.
        side: whether side connections are searched; otherwise every layer has its own.
        neurons: neuron types a layer may choose from.
        weights: weights a layer may choose from.
        thresholds: kinds of threshold a layer may choose from.
        protocol: preset of the training protocol.
        form: name of the injection; None takes the protocol's.
        seeds: seeds of the final comparison.
        top: how many of the best make the average architecture.
        device: "auto" or a torch device.
        precision: of float32 matrix products.
        workers: units trained side by side; None takes what suits the device.
        memory: GiB that training may hold on its device; None takes a share of what is free.
        storage: URL of a shared archive; None keeps one in the run directory.
        out: the run directory; None names one after the settings.
        plain: plain lines even on a terminal.
    """

    optimizer: str
    optimizer_options: Mapping[str, Scalar]
    founders: tuple[Path, ...]
    goals: tuple[str, ...]
    budget: int
    batch: int
    rungs: tuple[int, ...]
    keep: float | None
    control: int | None
    seed: int
    layers: int
    cell: str
    cell_options: Mapping[str, Scalar]
    connections: bool
    side: bool
    neurons: tuple[Neuron, ...]
    weights: tuple[Weight, ...]
    thresholds: tuple[ThresholdKind, ...]
    protocol: str
    form: Form | None
    seeds: int
    top: int
    device: str
    precision: str
    workers: int | None
    memory: float | None
    storage: str | None
    out: Path | None
    plain: bool

    @property
    def controls(self) -> int:
        """Random genomes to evaluate beside the search."""
        return self.budget if self.control is None else self.control
