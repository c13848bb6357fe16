"""Where one network stands among random ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from analysis.comparison import Values


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a pattern stands among random ones of its size, by means over seeds.

    Attributes:
        patterns: R random patterns.
        beaten: how many of them it is better than; one that diverged is.
    """

    patterns: int
    beaten: int

    @property
    def p(self) -> float:
        """The chance that a pattern drawn like the random ones would stand as high, at least 1 / (R + 1).

        A paired test speaks of the very patterns that were drawn; this rank test of one value among R + 1,
        which is exact, speaks of all that could be drawn.
        """
        return (1 + self.patterns - self.beaten) / (1 + self.patterns)

    def to_dict(self) -> dict[str, float]:
        """The standing as JSON data."""
        return {"patterns": self.patterns, "beaten": self.beaten, "p": self.p}


def standing(own: Values, patterns: Sequence[Values]) -> Standing | None:
    """Rank a network; None where it diverged, or there is no random one.

    Args:
        own: seed -> score in dB, lower is better.
        patterns: the same of each random network, for the same seeds.
    """
    total = sum(own.values())
    if not patterns or not math.isfinite(total):
        return None
    # A total of NaN is beaten too: what diverged is worse than anything.
    return Standing(len(patterns), sum(not total >= sum(values.values()) for values in patterns))
