"""Where a dictionary comes from."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Self, final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from builders.network import as_dictionary
from evaluation.digest import Json
from evaluation.problems.arrays import array_tensor, read_array, read_arrays
from evaluation.problems.checks import check, generator
from evaluation.problems.described import Described, FromFile, content_digest
from genome import InputError

_DICTIONARY = 0


class DictionarySource(Described):
    """A way to get a dictionary."""

    @abstractmethod
    def matrix(self, seed: int) -> NDArray[np.float64]:
        """The dictionary ``(m, n)``."""


@final
@dataclass(frozen=True)
class GaussianDictionary(DictionarySource):
    """Entries i.i.d. N(0, 1/m), columns of unit norm (paper, section 3.2).

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
    """

    kind = "gaussian_dictionary"

    m: int = 250
    n: int = 500

    def __post_init__(self) -> None:
        check("m", self.m, "at least 1", self.m >= 1)
        check("n", self.n, "at least 1", self.n >= 1)

    def matrix(self, seed: int) -> NDArray[np.float64]:
        """See ``DictionarySource.matrix``."""
        entries = generator(seed, _DICTIONARY).standard_normal((self.m, self.n)) / np.sqrt(self.m)
        return with_norms(entries, 1.0)


@final
@dataclass(frozen=True)
class LowRankDictionary(DictionarySource):
    """``D = U V``, ill-conditioned for its rank is below m (paper, A.2.2).

    Entries of U (m, rank) are i.i.d. N(0, 1/m), those of V (rank, n) N(0, 1/rank), so that a column has norm
    1 on average. The paper does not say whether columns are normalised in this experiment.

    Attributes:
        m: measurements a sample (paper: 250).
        n: entries of a signal (paper: 500).
        rank: columns of U (paper: 200).
        unit_columns: whether columns are normalised, as those of all other dictionaries of the paper are.
    """

    kind = "low_rank_dictionary"

    m: int = 250
    n: int = 500
    rank: int = 200
    unit_columns: bool = True

    def __post_init__(self) -> None:
        check("m", self.m, "at least 1", self.m >= 1)
        check("n", self.n, "at least 1", self.n >= 1)
        most = min(self.m, self.n)
        check("rank", self.rank, f"from 1 to {most}, the smaller of m and n", 1 <= self.rank <= most)

    def matrix(self, seed: int) -> NDArray[np.float64]:
        """See ``DictionarySource.matrix``."""
        rng = generator(seed, _DICTIONARY)
        u = rng.standard_normal((self.m, self.rank)) / np.sqrt(self.m)
        v = rng.standard_normal((self.rank, self.n)) / np.sqrt(self.rank)
        return with_norms(u @ v, 1.0) if self.unit_columns else u @ v


@final
class GivenDictionary(FromFile, DictionarySource):
    """The user's own dictionary, used as it is: columns are not normalised.

    Args:
        matrix: ``(m, n)``, real.
        path: the file that it was read from.

    Raises:
        InputError: it is not a finite real matrix, or has a zero column.
    """

    kind = "given_dictionary"

    def __init__(self, matrix: NDArray[np.generic] | Tensor, path: Path | None = None) -> None:
        self.path = path
        values = array_tensor("dictionary", np.asarray(matrix))
        self._matrix: NDArray[np.float32] = as_dictionary(values).numpy().copy()
        self._sha256 = content_digest({"dictionary": self._matrix})

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read it from a ``.npy`` file, or from the array ``dictionary`` of an ``.npz`` archive.

        Raises:
            InputError: the file cannot be read or its array cannot be used; the message names the file.
        """
        path, what = Path(path), "Dictionary file"
        if path.suffix == ".npy":
            matrix = read_array(path, what)
        else:
            matrix = read_arrays(path, ("dictionary",), what)["dictionary"]
        try:
            return cls(matrix, path)
        except InputError as error:
            raise InputError(f"{what} {path}: {error}") from None

    def matrix(self, seed: int) -> NDArray[np.float64]:
        """The given one, whatever the seed; see ``DictionarySource.matrix``."""
        del seed
        return self._matrix.astype(np.float64)

    def to_dict(self) -> dict[str, Json]:
        """Digest and sizes."""
        m, n = self._matrix.shape
        return {"kind": self.kind, "sha256": self._sha256, "m": m, "n": n}


def with_norms(matrix: NDArray[np.float64], norms: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The matrix ``(m, n)`` with its columns scaled to these norms, ``(n,)`` or one for all."""
    scaled: NDArray[np.float64] = matrix / np.linalg.norm(matrix, axis=0) * norms
    return scaled
