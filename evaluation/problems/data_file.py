"""The user's own data: a dictionary and samples in one NumPy archive."""

from __future__ import annotations

from pathlib import Path
from typing import Self, final

from torch import Tensor

from builders.network import as_dictionary
from evaluation.digest import Json
from evaluation.problems.arrays import array_tensor, read_arrays
from evaluation.problems.base import Problem
from evaluation.problems.dataset import SPLITS, Dataset, Split, as_float32, check_split
from evaluation.problems.described import FromFile, content_digest
from genome import InputError


@final
class DataFile(FromFile, Problem):
    """A problem read from ``FILE.npz``.

    The archive holds ``dictionary`` (m, n) and, for each of train, valid and test, ``*_b`` (samples, m)
    and ``*_x`` (samples, n). Nothing in it is executed (no pickled objects).

    Args:
        path: the archive.

    Raises:
        InputError: the file cannot be read, an array is missing, or its content is unusable; the message
            names the file, the array and the place.
    """

    kind = "data_file"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        wanted = ["dictionary", *(f"{name}_{part}" for name in SPLITS for part in "bx")]
        arrays = read_arrays(self.path, wanted, "Data file")
        try:
            self._dictionary = as_dictionary(array_tensor("dictionary", arrays["dictionary"]))
            m, n = self._dictionary.shape
            splits = [
                check_split(
                    name,
                    Split(*(array_tensor(f"{name}_{part}", arrays[f"{name}_{part}"]) for part in "bx")),
                    m,
                    n,
                )
                for name in SPLITS
            ]
        except InputError as error:
            raise InputError(f"Data file {self.path}: {error}") from None
        self._dataset = Dataset(*splits)
        self._sha256 = content_digest({name: as_float32(array).numpy() for name, array in arrays.items()})

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """The problem of a file."""
        return cls(path)

    @property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""
        return self._dictionary

    @property
    def draws_differ(self) -> bool:
        """No: the file is what it is."""
        return False

    def dataset(self, draw: int) -> Dataset:
        """The file's data, whatever the draw."""
        del draw
        return self._dataset

    def to_dict(self) -> dict[str, Json]:
        """Sizes and the digest of the arrays; not the path, which the data does not depend on."""
        m, n = self._dictionary.shape
        data = self._dataset
        counts = {"train": data.train.samples, "valid": data.valid.samples, "test": data.test.samples}
        return {"kind": self.kind, "sha256": self._sha256, "m": m, "n": n, **counts}
