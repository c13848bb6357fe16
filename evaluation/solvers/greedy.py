"""Orthogonal matching pursuit (Pati, Rezaiifar and Krishnaprasad 1993), as scikit-learn has it, in float64.

It is scikit-learn's ``orthogonal_mp_gram``, the variant for many signals of one dictionary, whose Gram matrix
is computed once. It wants unit columns: the dictionary is normalised before, the signals are scaled back.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import numpy as np

from evaluation.solvers.base import Floats, Solve, Solver


@final
@dataclass(frozen=True)
class OmpSize(Solver):
    """Ends when a signal has a given number of non-zero entries.

    Attributes:
        non_zeros: how many, at most m.
    """

    non_zeros: int = 1
    package: ClassVar[str] = "scikit-learn"
    tuned: ClassVar[str] = "non_zeros"

    @property
    def name(self) -> str:
        """With what ends it."""
        return "OMP to a size"

    def on(self, dictionary: Floats) -> Solve:
        """Compute the Gram matrix."""
        return _pursuit(dictionary, n_nonzero_coefs=self.non_zeros)

    def extent(self, b: Floats, dictionary: Floats) -> tuple[float, float]:
        """Up to half of m: a signal with more entries need not be the only one with its measurements."""
        del b
        return 1.0, max(1.0, dictionary.shape[0] / 2)

    def with_parameter(self, value: float) -> Self:
        """With another number of non-zero entries, rounded."""
        return replace(self, non_zeros=max(1, round(value)))


@final
@dataclass(frozen=True)
class OmpResidual(Solver):
    """Ends when ``||D x - b||^2`` is small enough.

    Attributes:
        residual: the squared norm that ends it, positive.
    """

    residual: float = 1e-3
    package: ClassVar[str] = "scikit-learn"
    tuned: ClassVar[str] = "residual"

    @property
    def name(self) -> str:
        """With what ends it."""
        return "OMP to a residual"

    def on(self, dictionary: Floats) -> Solve:
        """Compute the Gram matrix."""
        return _pursuit(dictionary, tol=self.residual)

    def extent(self, b: Floats, dictionary: Floats) -> tuple[float, float]:
        """From float32's resolution to the median of ``||b||^2``, which leaves half of the signals zero."""
        del dictionary
        largest = float(np.median(np.square(b).sum(axis=1)))
        return 2.0**-48 * largest, largest

    def with_parameter(self, value: float) -> Self:
        """With another squared residual."""
        return replace(self, residual=value)


def _pursuit(dictionary: Floats, **end: float) -> Solve:
    from sklearn.linear_model import orthogonal_mp_gram

    matrix = dictionary.astype(np.float64)
    lengths = np.linalg.norm(matrix, axis=0)
    matrix /= lengths
    gram = matrix.T @ matrix

    def solve(b: Floats) -> Floats:
        exact = b.astype(np.float64)
        energies = np.square(exact).sum(axis=1) if "tol" in end else None
        with _quiet():
            codes: Floats = orthogonal_mp_gram(gram, matrix.T @ exact.T, norms_squared=energies, **end)
        signals: Floats = codes.reshape(len(lengths), -1).T / lengths
        return signals

    return solve


@contextmanager
def _quiet() -> Iterator[None]:
    """A pursuit that ends before its time has explained the measurements to the last bit."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Orthogonal matching pursuit ended prematurely", RuntimeWarning)
        yield
