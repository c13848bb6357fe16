"""Pareto fronts and the volume that they dominate; every goal is minimized."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genome.errors import InputError


def front(points: ArrayLike) -> list[int]:
    """Find the points that no other point dominates.

    A point dominates another if it is nowhere larger and somewhere smaller. Equal points do not dominate each
    other: all of them are on the front, or none.

    Args:
        points: Shape (points, goals). Points that are not finite are never on the front.

    Returns:
        Places of the points on the front, ascending.

    Raises:
        InputError: If the points are no such array or hold NaN.
    """
    array = _points(points)
    finite = np.flatnonzero(np.isfinite(array).all(axis=1))
    # What dominates a point comes before it in this order, so that one pass is enough.
    order = finite[np.lexsort(array[finite].T[::-1])]
    kept: list[int] = []
    for place in order:
        rivals = array[kept]
        dominated = (rivals <= array[place]).all(axis=1) & (rivals < array[place]).any(axis=1)
        if not dominated.any():
            kept.append(int(place))
    return sorted(kept)


def hypervolume(points: ArrayLike, reference: Sequence[float]) -> float:
    """Measure the part of the goals' space that the points dominate, up to a reference point.

    The volume is exact, by slices along the last goal: n log n operations for n points and two goals, and a
    factor of n more for every further goal.

    Reference: E. Zitzler and L. Thiele, Multiobjective Optimization Using Evolutionary Algorithms - A
    Comparative Case Study, PPSN V, 1998.

    Args:
        points: Shape (points, goals). Points that are not finite, or not smaller than the reference in every
            goal, add nothing.
        reference: The worst value of every goal that still counts.

    Returns:
        The volume, in the product of the goals' units.

    Raises:
        InputError: If the points are no such array or hold NaN, or if the reference is not one finite number
            for every goal.
    """
    array = _points(points)
    corner = np.asarray(reference, dtype=np.float64)
    if corner.ndim != 1 or not corner.size or not np.isfinite(corner).all():
        raise InputError(f"The reference of a hypervolume must be finite numbers, got {reference!r}.")
    if not array.size:
        return 0.0
    if array.shape[1] != corner.size:
        raise InputError(
            f"The reference of a hypervolume must have a number for each of {array.shape[1]} goals, "
            f"got {corner.size}."
        )
    counted = array[(np.isfinite(array) & (array < corner)).all(axis=1)]
    return _volume(counted, corner)


def _volume(points: NDArray[np.float64], corner: NDArray[np.float64]) -> float:
    if not len(points):
        return 0.0
    if len(corner) == 1:
        return float(corner[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    heights = np.diff(points[:, -1], append=corner[-1])
    if len(corner) == 2:
        return float(heights @ (corner[0] - np.minimum.accumulate(points[:, 0])))
    return sum(
        float(height) * _volume(points[:end, :-1], corner[:-1])
        for end, height in enumerate(heights, start=1)
        if height
    )


def _points(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if not array.size:
        return np.empty((0, 1))
    if array.ndim != 2:
        raise InputError(f"Points must have the shape (points, goals), got {array.shape}.")
    if np.isnan(array).any():
        raise InputError(f"Points must hold numbers, got nan at point {np.argwhere(np.isnan(array))[0][0]}.")
    return array
