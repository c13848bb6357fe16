"""The Lasso by coordinate descent, as scikit-learn and skglm have it, in float64."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import numpy as np

from evaluation.solvers.base import Floats, Solve, Solver, penalties


@dataclass(frozen=True)
class _Lasso(Solver):
    """Minimizes ``||D x - b||^2 / 2 + penalty * ||x||_1``.

    Attributes:
        penalty: weight of the l1 norm, lambda, positive; the libraries divide the objective by m.
        tolerance: where the library stops, see there.
    """

    penalty: float = 0.1
    tuned: ClassVar[str] = "penalty"

    def extent(self, b: Floats, dictionary: Floats) -> tuple[float, float]:
        """See ``penalties``."""
        return penalties(b, dictionary)

    def with_parameter(self, value: float) -> Self:
        """With another penalty."""
        return replace(self, penalty=value)


@final
@dataclass(frozen=True)
class ScikitLasso(_Lasso):
    """scikit-learn's ``Lasso``: cyclic coordinate descent on the Gram matrix, which is computed once.

    Attributes:
        tolerance: duality gap that ends it, relative to ``||b||^2``.
        sweeps: through all coordinates, at most.
    """

    tolerance: float = 1e-6
    sweeps: int = 10_000
    package: ClassVar[str] = "scikit-learn"

    @property
    def name(self) -> str:
        """With its library."""
        return "Lasso (sklearn)"

    def on(self, dictionary: Floats) -> Solve:
        """Compute the Gram matrix."""
        from sklearn.linear_model import Lasso

        matrix = np.asfortranarray(dictionary, dtype=np.float64)
        model = Lasso(
            alpha=self.penalty / len(matrix),
            fit_intercept=False,
            precompute=matrix.T @ matrix,
            tol=self.tolerance,
            max_iter=self.sweeps,
        )

        def solve(b: Floats) -> Floats:
            with _quiet():
                codes: Floats = model.fit(matrix, b.T.astype(np.float64)).coef_
            return codes.reshape(len(b), -1)  # One signal comes back without its axis.

        return solve


@final
@dataclass(frozen=True)
class SkglmLasso(_Lasso):
    """skglm's ``Lasso`` (Bertrand et al. 2022): accelerated coordinate descent on working sets.

    It takes one signal at a time. Its first solution in a process compiles it, which takes seconds.

    Attributes:
        tolerance: violation of the optimality condition that ends it, relative to the penalty.
    """

    tolerance: float = 1e-3
    package: ClassVar[str] = "skglm"
    batched: ClassVar[bool] = False

    @property
    def name(self) -> str:
        """With its library."""
        return "Lasso (skglm)"

    def on(self, dictionary: Floats) -> Solve:
        """Lay out the dictionary as the library wants it."""
        from skglm import Lasso

        matrix = np.asfortranarray(dictionary, dtype=np.float64)
        alpha = self.penalty / len(matrix)
        model = Lasso(alpha=alpha, fit_intercept=False, tol=self.tolerance * alpha)

        def solve(b: Floats) -> Floats:
            with _quiet():
                return np.stack([model.fit(matrix, row).coef_ for row in b.astype(np.float64)])

        return solve


@contextmanager
def _quiet() -> Iterator[None]:
    """Take a solution that ran out of sweeps for what it is: the quality that is measured says it."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
