"""What a transfer was asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps.problem_options import ProblemOptions

if TYPE_CHECKING:
    from builders.injections import Form


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A row of the study's Table 1 or Table 2, as the problem.

    Attributes:
        row: its letter or name.
        m: measurements a sample; None is the study's number.
        n: entries of a signal; None is the study's number.
        problem_seed: of dictionary and data.
    """

    row: str
    m: int | None
    n: int | None
    problem_seed: int

    @property
    def label(self) -> str:
        """A short name, fit for a folder."""
        size = f"-{self.m or 'paper'}x{self.n or 'paper'}" if self.m or self.n else ""
        return f"row-{self.row}{size}"

    @property
    def source(self) -> str:
        """Where the signals come from, in words."""
        return f"row {self.row} of the study"


@dataclass(frozen=True, slots=True)
class TransferOptions:
    """The command line, checked for form; its values are checked where they are used.

    Attributes:
        genome: a genome file, or the name of a known one.
        cells: cells to move it to, each with its options.
        layers: depth to move it to; None keeps its own.
        whole: whether neurons, side connections, weights and thresholds go along.
        problem: which problem.
        train: training samples; None takes all.
        random: random patterns of the same size.
        protocol: preset of the training protocol.
        steps: factor on its fixed steps.
        form: name of the injection; None takes the protocol's.
        seeds: seeds that every network is trained with.
        seed: of the random patterns.
        device: "auto" or a torch device.
        workers: units trained side by side; None takes what suits the device.
        out: the run directory; None names one after the settings.
    """

    genome: str
    cells: Sequence[str]
    layers: int | None
    whole: bool
    problem: ProblemOptions | PaperRow
    train: int | None
    random: int
    protocol: str
    steps: float
    form: Form | None
    seeds: int
    seed: int
    device: str
    workers: int | None
    out: Path | None
