"""Interleaved repetitions, and the check that all contenders train the same networks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks.contenders.task import Run
from genome import Genome

TOLERANCE_DB = 0.05


class DisagreementError(Exception):
    """Two contenders reached different errors with the same network: their speeds cannot be compared."""


@dataclass
class Ledger:
    """The validation NMSE of every network, as the first contender that trained it found it.

    Attributes:
        largest: largest difference so far, dB, over all stages of all networks.
        compared: comparisons of a network between two contenders so far.
    """

    largest: float = 0.0
    compared: int = 0
    _first: dict[Genome, tuple[str, tuple[float, ...]]] = field(default_factory=dict)

    def check(self, name: str, run: Run) -> Run:
        """Take a contender's scores; returns the run.

        Raises:
            DisagreementError: some stage of some network is off by more than ``TOLERANCE_DB``.
        """
        for genome, scores in run.scores.items():
            first, expected = self._first.setdefault(genome, (name, scores))
            if first == name:
                continue
            self.compared += 1
            for stage, (a, b) in enumerate(zip(expected, scores, strict=True), 1):
                gap = 0.0 if a == b else abs(a - b)
                self.largest = max(self.largest, gap)
                if not gap <= TOLERANCE_DB:
                    raise DisagreementError(
                        f"{first} and {name} must agree within {TOLERANCE_DB} dB, got {a:.3f} and {b:.3f} dB "
                        f"after stage {stage} of {genome}."
                    )
        return run


def interleaved(
    entries: Mapping[str, Callable[[], float]], repeats: int, told: Callable[[str], None]
) -> dict[str, list[float]]:
    """Measure everything once a round, so that a slow minute of the machine falls on all alike.

    Args:
        entries: what to measure, by key.
        repeats: rounds.
        told: told of every reading.
    """
    readings: dict[str, list[float]] = {key: [] for key in entries}
    for number in range(1, repeats + 1):
        for key, measure in entries.items():
            value = measure()
            readings[key].append(value)
            told(f"round {number} of {repeats}: {key}: {value:,.4g}")
    return readings


def ratio(of: list[float], to: list[float]) -> float:
    """Median over the rounds of the ratio of two readings of the same round."""
    return median(a / b if b else math.inf for a, b in zip(of, to, strict=True))
