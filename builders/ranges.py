"""Where numbers that are found by search, not by training, are looked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from genome import InputError


@dataclass(frozen=True, slots=True)
class Range:
    """An interval in which a number is looked for.

    Attributes:
        low: its least value.
        high: its largest value.
        log: whether the number's logarithm is looked for, not the number itself.

    Raises:
        InputError: the ends are not finite and ascending, or not positive where logarithms are taken.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        ascending = math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high
        if not ascending or (self.log and self.low <= 0):
            rule = "positive, finite and ascending" if self.log else "finite and ascending"
            raise InputError(f"The ends of a range must be {rule}, got {self.low} and {self.high}.")

    def at(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """The numbers at these places: 0 is the low end, 1 the high end."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        numbers = low + places * (high - low)
        return np.exp(numbers) if self.log else numbers

    def place(self, number: float) -> float:
        """Where a number stands in the range, at an end where it is beyond it; the inverse of ``at``."""
        within = min(max(number, self.low), self.high)
        low, high, within = map(math.log if self.log else float, (self.low, self.high, within))
        return (within - low) / (high - low)
