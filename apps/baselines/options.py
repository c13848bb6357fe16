"""What a measurement of baselines was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from apps.problem_options import ProblemOptions


@dataclass(frozen=True, slots=True)
class BaselinesOptions(ProblemOptions):
    """The command line, checked for form; its values are checked where they are used.

    What it says of the problem is in ``ProblemOptions``.

    Attributes:
        solvers: names of solvers that learn nothing.
        iterations: of ISTA and FISTA, besides the depth of the networks.
        layers: depth K of the published networks.
        cells: cells to train beside LISTA, and for the genomes.
        genomes: files of architectures to train.
        networks: files of trained networks.
        protocol: preset of the training protocol.
        seed: of training.
        device: to train on, "auto" or a torch device; times are always the CPU's.
        workers: units trained side by side; None takes what suits the device.
        samples: test samples that give the quality, at most.
        tuning: validation samples that parameters are tuned on, at most.
        rounds: rounds of timing.
        out: the run directory; None names one after the settings.
    """

    solvers: Sequence[str]
    iterations: Sequence[int]
    layers: int
    cells: Sequence[str]
    genomes: Sequence[Path]
    networks: Sequence[Path]
    protocol: str
    seed: int
    device: str
    workers: int | None
    samples: int
    tuning: int
    rounds: int
    out: Path | None
