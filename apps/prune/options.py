"""What a pruning was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps.problem_options import ProblemOptions

if TYPE_CHECKING:
    from builders.injections import Form


@dataclass(frozen=True, slots=True)
class PruneOptions(ProblemOptions):
    """The command line, checked for form; its values are checked where they are used.

    What it says of the problem is in ``ProblemOptions``.

    Attributes:
        genome: file of the network to prune, or a name of one.
        layers: depth K; None takes 8 for a name, and what the file has.
        side: whether side connections are pruned instead of extra ones.
        patterns: of side connections that are tried beside the elimination; 0 for none.
        margin: how much worse than the start the smallest network may be, in dB.
        least: number of connections that the elimination stops at; None removes all.
        candidates: removals tried in a round after the first; None tries all.
        seeds: that select, and as many fresh ones that compare.
        cell: name of a cell with its options.
        protocol: preset of the training protocol.
        form: name of the injection; None takes the protocol's.
        steps: factor on the protocol's steps.
        seed: first of those that select.
        device: "auto" or a torch device.
        workers: units trained side by side; None takes what suits the device.
        out: the run directory; None names one after the settings.
    """

    genome: str
    layers: int | None
    side: bool
    patterns: int
    margin: float
    least: int | None
    candidates: int | None
    seeds: int
    cell: str
    protocol: str
    form: Form | None
    steps: float
    seed: int
    device: str
    workers: int | None
    out: Path | None
