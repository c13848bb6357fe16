"""What a comparison was asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Score = Literal["nmse", "hypervolume"]


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """The command line, checked for form; its values are checked where they are used.

    Attributes:
        optimizers: as ``apps.compare.strategies.parse`` reads them.
        table: name of a table that ships with the library, or path of one.
        score: what is compared: validation NMSE, or the hypervolume of NMSE and connections.
        seeds: runs of every optimizer.
        budget: genomes that a run evaluates.
        batch: genomes asked for at once.
        top: best genomes of a run that make its average.
        workers: processes; None takes as many as there are cores.
        out: folder of the files written.
    """

    optimizers: Sequence[str]
    table: str
    score: Score
    seeds: int
    budget: int
    batch: int
    top: int
    workers: int | None
    out: Path
