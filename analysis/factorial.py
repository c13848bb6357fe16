"""Two factors at two levels each: what either changes by itself, and what they change together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.comparison import Interval, Values, interval
from genome.errors import InputError

Levels = tuple[bool, bool]
"""Whether the first factor, and whether the second, is at its second level."""

NEITHER: Levels = (False, False)
FIRST: Levels = (True, False)
SECOND: Levels = (False, True)
BOTH: Levels = (True, True)


@dataclass(frozen=True, slots=True)
class Effects:
    """Differences in dB, seed by seed, as means with their 95% intervals; positive is worse.

    Attributes:
        first: what the second level of the first factor changes, averaged over the other factor.
        second: the same of the second factor.
        interaction: how much more the first factor changes at the second factor's second level than at its
            first, halved, as is usual.
    """

    first: Interval
    second: Interval
    interaction: Interval


def effects(scores: Mapping[Levels, Values]) -> Effects:
    """Effects of two factors in a design that has all four combinations of their levels.

    Args:
        scores: combination -> seed -> score in dB.

    Raises:
        InputError: a combination is missing, the combinations do not share their seeds, there are fewer than
            two of these, or a score is not finite.
    """
    missing = {NEITHER, FIRST, SECOND, BOTH} - scores.keys()
    if missing:
        raise InputError(f"Effects need all four combinations of two factors, got none of {min(missing)}.")
    seeds = sorted(scores[NEITHER])
    for levels, values in scores.items():
        if sorted(values) != seeds:
            raise InputError(f"Effects need the same seeds for all combinations, got others for {levels}.")
        for seed, value in values.items():
            if not math.isfinite(value):
                raise InputError(f"Effects need finite scores, got {value} for {levels}, seed {seed}.")

    def contrast(signs: Mapping[Levels, int]) -> Interval:
        return interval([sum(sign * scores[at][seed] for at, sign in signs.items()) / 2 for seed in seeds])

    return Effects(
        first=contrast({NEITHER: -1, FIRST: 1, SECOND: -1, BOTH: 1}),
        second=contrast({NEITHER: -1, FIRST: -1, SECOND: 1, BOTH: 1}),
        interaction=contrast({NEITHER: 1, FIRST: -1, SECOND: -1, BOTH: 1}),
    )
