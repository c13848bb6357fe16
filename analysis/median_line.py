"""The median of scores along a count, as a line to read a cloud of points by."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_COUNTS: Final = 16
"""Where there are more different counts, they are put into bins."""

BINS: Final = 10
FEWEST_POINTS: Final = 3
"""A median of fewer points is none."""


def median_line(counts: ArrayLike, scores: ArrayLike) -> NDArray[np.float64]:
    """Give the median score at each count, or, where there are more than 16, in 10 bins of equal width.

    Args:
        counts: (n,) whole numbers.
        scores: (n,) in dB; what is not finite is worse than all that is. Of an even number of scores the
            median is the worse one of the two in the middle.

    Returns:
        (groups, 2): mean count and median score of every group of at least 3 points, counts ascending; NaN
        for a median that is not finite.
    """
    places, values = np.asarray(counts, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    values = np.where(np.isfinite(values), values, np.inf)
    different, group = np.unique(places, return_inverse=True)
    if len(different) > MOST_COUNTS:
        edges = np.linspace(different[0], different[-1], BINS + 1)
        group = np.clip(np.digitize(places, edges) - 1, 0, BINS - 1)
    groups = [group == each for each in np.unique(group)]
    medians = [
        # No mean of the two in the middle: it would be lost where one of them is infinite.
        (places[own].mean(), np.sort(values[own])[own.sum() // 2])
        for own in groups
        if own.sum() >= FEWEST_POINTS
    ]
    found = np.array(medians, dtype=np.float64).reshape(-1, 2)
    return np.where(np.isfinite(found), found, np.nan)
