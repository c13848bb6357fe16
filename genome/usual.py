"""What every layer has unless its genome says otherwise: the weights and thresholds of LISTA."""

from __future__ import annotations

from typing import Final

from genome.thresholds import ThresholdKind
from genome.weights import Weight

USUAL_WEIGHT: Final[Weight] = "free"
USUAL_THRESHOLD: Final[ThresholdKind] = "learned"


def all_usual(weights: tuple[Weight, ...], thresholds: tuple[ThresholdKind, ...]) -> bool:
    """Say whether every layer has the usual weights and threshold.

    The digests and files of such genomes do not mention them, so that they are those of a time when there was
    nothing else to choose.
    """
    return set(weights) <= {USUAL_WEIGHT} and set(thresholds) <= {USUAL_THRESHOLD}
