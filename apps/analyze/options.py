"""What a user can ask of an analysis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AnalyzeOptions:
    """Everything on the command line.

    Attributes:
        runs: run directories of searches, at least one.
        top: best networks of a run that make its average; None takes what the search took.
        against: best networks that make the average which the first is compared with; None takes 3/5 of them.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        threshold: from which share on an average has a connection.
        archive: file or URL of the archive of the runs, where it is not in their run directories.
        out: folder to write to; None takes one in the run directory, or ``runs/analysis`` for several runs.
    """

    runs: Sequence[Path]
    top: int | None
    against: int | None
    resamples: int
    seed: int
    threshold: float
    archive: str | None
    out: Path | None
