"""What a study was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """The command line, checked for form; its values are checked where they are used.

    Attributes:
        pieces: tables and figures to make, or "all".
        scale: how large.
        form: "mean", "sum", or "both".
        rows: of Tables 1 and 2; None for all.
        seeds: that models are compared over; None takes the scale's.
        training_images: folder or archive to train on in Table 3.
        testing_images: folder or archive to test on.
        device: to train on.
        workers: units trained side by side; None takes what suits the device.
        out: the run directory; None names one after the scale.
    """

    pieces: Sequence[str]
    scale: str
    form: str
    rows: Sequence[str] | None
    seeds: int | None
    training_images: Path | None
    testing_images: Path | None
    device: str
    workers: int | None
    out: Path | None
