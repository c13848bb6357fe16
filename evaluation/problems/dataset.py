"""Pairs of measurements and signals, split for training, validation and test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genome import InputError

SplitName = Literal["train", "valid", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class Split:
    """Samples of one purpose.

    Attributes:
        b: measurements, ``(samples, m)``, float32.
        x: what the problem's objective compares with, float32: signals, ``(samples, n)``, unless it says
            otherwise.
        groups: which whole (image) a sample is part of, ``(samples,)``, int64; None where samples stand for
            themselves.
    """

    b: Tensor
    x: Tensor
    groups: Tensor | None = None

    @property
    def samples(self) -> int:
        """Number of samples."""
        return self.b.shape[0]


@dataclass(frozen=True, slots=True)
class Dataset:
    """One draw of a problem's data."""

    train: Split
    valid: Split
    test: Split


def as_float32(values: NDArray[np.generic]) -> Tensor:
    """Values as a float32 tensor of the same shape."""
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def check_split(name: str, split: Split, m: int, n: int) -> Split:
    """Refuse samples that cannot be trained on or scored.

    Args:
        name: how messages call the split ("train", "valid", "test").
        split: the samples.
        m: measurements a sample.
        n: entries of a signal.

    Returns:
        The split, unchanged.

    Raises:
        InputError: wrong shapes, no sample, a non-finite value, or a signal without energy in float32 (its
            NMSE, an error relative to its energy, is not defined); the message names array, row and value.
    """
    for array, values, width in ((f"{name}_b", split.b, m), (f"{name}_x", split.x, n)):
        if values.dim() != 2 or values.shape[1] != width:
            raise InputError(f"Array {array} must have shape (samples, {width}), got {tuple(values.shape)}.")
        if not bool(torch.isfinite(values).all()):
            row, column = (~torch.isfinite(values)).nonzero()[0].tolist()
            value = float(values[row, column])
            raise InputError(f"Array {array} must be finite, got {value} at row {row}, column {column}.")
    if split.b.shape[0] != split.x.shape[0]:
        raise InputError(
            f"Arrays {name}_b and {name}_x must have the same number of rows, "
            f"got {split.b.shape[0]} and {split.x.shape[0]}."
        )
    if split.samples == 0:
        raise InputError(f"Split {name} must hold at least one sample, got none.")
    zero = (split.x.square().sum(dim=1) == 0).nonzero()
    if zero.numel():
        row = int(zero[0])
        what = "all but zero" if bool(split.x[row].any()) else "all-zero"
        raise InputError(
            f"Every signal must have energy in float32 (NMSE is relative to it), "
            f"got an {what} row {row} in array {name}_x."
        )
    return split
