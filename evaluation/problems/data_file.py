"""The user's own data: a dictionary and samples in one NumPy archive."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from builders.network import as_dictionary
from evaluation.digest import Json
from evaluation.problems.base import Problem
from evaluation.problems.dataset import Dataset, Split, check_split
from genome import InputError

SPLITS = ("train", "valid", "test")


@final
class DataFile(Problem):
    """A problem read from ``FILE.npz``.

    The archive holds ``dictionary`` (m, n) and, for each of train, valid and test, ``*_b`` (samples, m)
    and ``*_x`` (samples, n). Nothing in it is executed (no pickled objects).

    Args:
        path: the archive.

    Raises:
        InputError: the file cannot be read, an array is missing, or its content is unusable; the message
            names the file, the array and the place.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        arrays = _read(self.path)
        try:
            self._dictionary = as_dictionary(_tensor("dictionary", arrays["dictionary"]))
            m, n = self._dictionary.shape
            splits = [
                check_split(
                    name, Split(*(_tensor(f"{name}_{part}", arrays[f"{name}_{part}"]) for part in "bx")), m, n
                )
                for name in SPLITS
            ]
        except InputError as error:
            raise InputError(f"Data file {self.path}: {error}") from None
        self._dataset = Dataset(*splits)
        self._sha256 = _content_digest(arrays)

    @property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""
        return self._dictionary

    def dataset(self, draw: int) -> Dataset:
        """The file's data, whatever the draw."""
        del draw
        return self._dataset

    def to_dict(self) -> dict[str, Json]:
        """Sizes and the digest of the arrays; not the path, which the data does not depend on."""
        m, n = self._dictionary.shape
        data = self._dataset
        counts = {"train": data.train.samples, "valid": data.valid.samples, "test": data.test.samples}
        return {"kind": "data_file", "sha256": self._sha256, "m": m, "n": n, **counts}


def _read(path: Path) -> dict[str, NDArray[np.generic]]:
    wanted = ["dictionary", *(f"{name}_{part}" for name in SPLITS for part in "bx")]
    if not path.is_file():
        raise InputError(f"Data file {path} must be an existing .npz file, got none there.")
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            if isinstance(archive, np.ndarray):
                raise InputError(f"Data file {path} must be an .npz archive, got a single array.")
            missing = [name for name in wanted if name not in archive.files]
            if missing:
                raise InputError(
                    f"Data file {path} must hold array {missing[0]}, got {sorted(archive.files)}."
                )
            return {name: archive[name] for name in wanted}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"Data file {path} must be a readable .npz archive: {error}.") from None


def _tensor(name: str, array: NDArray[np.generic]) -> Tensor:
    if array.dtype.kind not in "fiu":
        raise InputError(f"Array {name} must hold real numbers, got dtype {array.dtype}.")
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32))


def _content_digest(arrays: dict[str, NDArray[np.generic]]) -> str:
    content = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name], dtype=np.float32)
        content.update(f"{name}{values.shape}".encode())
        content.update(values.tobytes())
    return content.hexdigest()[:32]
