"""Arrays of NumPy files, read without executing anything."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from evaluation.problems.dataset import as_float32
from genome import InputError

_UNREADABLE = (OSError, ValueError, EOFError, zipfile.BadZipFile)


def read_arrays(path: Path, wanted: Sequence[str], what: str) -> dict[str, NDArray[np.generic]]:
    """Arrays of an ``.npz`` archive, by name.

    Args:
        path: the archive.
        wanted: names of the arrays.
        what: how messages call the file.

    Raises:
        InputError: there is no such archive, it cannot be read, or an array is missing.
    """
    if not path.is_file():
        raise InputError(f"{what} {path} must be an existing .npz file, got none there.")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if isinstance(archive, np.ndarray):
                raise InputError(f"{what} {path} must be an .npz archive, got a single array.")
            missing = [name for name in wanted if name not in archive.files]
            if missing:
                raise InputError(f"{what} {path} must hold array {missing[0]}, got {sorted(archive.files)}.")
            return {name: archive[name] for name in wanted}
    except _UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{what} {path} must be a readable .npz archive: {error}.") from None


def read_array(path: Path, what: str) -> NDArray[np.generic]:
    """The array of an ``.npy`` file.

    Args:
        path: the file.
        what: how messages call the file.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    if not path.is_file():
        raise InputError(f"{what} {path} must be an existing .npy file, got none there.")
    try:
        with path.open("rb") as file:
            array: NDArray[np.generic] = np.lib.format.read_array(file, allow_pickle=False)
            return array
    except _UNREADABLE as error:
        raise InputError(f"{what} {path} must be a readable .npy file: {error}.") from None


def array_tensor(name: str, array: NDArray[np.generic]) -> Tensor:
    """An array as a float32 tensor of the same shape.

    Raises:
        InputError: its entries are not real numbers.
    """
    if array.dtype.kind not in "fiu":
        raise InputError(f"Array {name} must hold real numbers, got dtype {array.dtype}.")
    return as_float32(array)
