"""Square patches of images, with their mean removed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from evaluation.problems.images import Image
from genome import InputError

_MOST_ROUNDS = 1000


def random_patches(
    images: Sequence[Image], side: int, count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Patches at random places of random images; flat ones, which have nothing to recover, are drawn again.

    Args:
        images: each at least ``side`` high and wide.
        side: height and width of a patch.
        count: patches.
        rng: where randomness comes from.

    Returns:
        ``(count, side * side)``, grey values divided by 255, less their mean.

    Raises:
        InputError: nearly all of the images is flat.
    """
    patches = np.zeros((count, side * side))
    flat = np.arange(count)
    for _ in range(_MOST_ROUNDS):
        patches[flat] = centred(_cut(images, side, flat.size, rng))
        flat = flat[~patches[flat].any(axis=1)]
        if not flat.size:
            return patches
    raise InputError("Images to draw patches from must not be flat, got hardly anything else.")


def tiled_patches(image: Image, side: int) -> NDArray[np.float64]:
    """All patches of the grid that starts in the top left corner, row by row.

    What is left at the right and at the bottom, less than a patch, is left out.

    Returns:
        ``(patches, side * side)``, grey values divided by 255, less the mean of each patch.
    """
    down, across = image.shape[0] // side, image.shape[1] // side
    grid = image[: down * side, : across * side].reshape(down, side, across, side)
    return centred(grid.transpose(0, 2, 1, 3).reshape(down * across, side * side))


def centred(patches: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Patches ``(count, pixels)`` divided by 255, less the mean of each: exactly 0 for flat ones."""
    sums = patches.sum(axis=1, keepdims=True, dtype=np.int64)
    pixels = patches.shape[1]
    # In whole numbers up to the division, so that a flat patch has no rounding left.
    values: NDArray[np.float64] = (patches.astype(np.int64) * pixels - sums) / (255 * pixels)
    return values


def _cut(images: Sequence[Image], side: int, count: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    chosen = rng.integers(0, len(images), count)
    room = np.array([image.shape for image in images])[chosen] - side + 1
    corners = rng.integers(0, room)
    patches = np.empty((count, side * side), np.uint8)
    for index in np.unique(chosen):
        places = np.flatnonzero(chosen == index)
        windows = np.lib.stride_tricks.sliding_window_view(images[index], (side, side))
        rows, columns = corners[places].T
        patches[places] = windows[rows, columns].reshape(places.size, -1)
    return patches
