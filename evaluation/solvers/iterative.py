"""ISTA and FISTA: proximal gradient descent on ``||D x - b||^2 / 2 + penalty * ||x||_1``.

Both work on all signals at once, in the floating type of measurements and dictionary (float32 for both gives
float32), from ``x = 0``, with the step 1/L, where L is the largest eigenvalue of ``D^T D``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self, final

import numpy as np

from evaluation.solvers.base import Floats, Solve, Solver, penalties


def soft_threshold(u: Floats, threshold: float) -> Floats:
    """``sign(u) max(|u| - threshold, 0)``, the proximal operator of ``threshold * ||x||_1``; any shape."""
    return u - np.clip(u, -threshold, threshold)


@dataclass(frozen=True)
class _ProximalGradient(Solver):
    """What ISTA and FISTA share.

    Attributes:
        penalty: weight of the l1 norm, lambda, positive; the threshold is lambda / L.
        iterations: how many.
    """

    penalty: float = 0.1
    iterations: int = 16
    label: ClassVar[str]
    tuned: ClassVar[str] = "penalty"

    @property
    def name(self) -> str:
        """With the iterations."""
        return f"{self.label} {self.iterations}"

    def extent(self, b: Floats, dictionary: Floats) -> tuple[float, float]:
        """See ``penalties``."""
        return penalties(b, dictionary)

    def with_parameter(self, value: float) -> Self:
        """With another penalty."""
        return replace(self, penalty=value)


@final
@dataclass(frozen=True)
class Ista(_ProximalGradient):
    """ISTA (Daubechies, Defrise and De Mol 2004), with the threshold lambda / L of the paper's eq. 2."""

    label: ClassVar[str] = "ISTA"

    def on(self, dictionary: Floats) -> Solve:
        """Find the step."""
        step = _step(dictionary)

        def solve(b: Floats) -> Floats:
            x = np.zeros((len(b), dictionary.shape[1]), np.result_type(b, dictionary))
            for _ in range(self.iterations):
                x = _descend(x, b, dictionary, step, self.penalty)
            return x

        return solve


@final
@dataclass(frozen=True)
class Fista(_ProximalGradient):
    """FISTA (Beck and Teboulle 2009, with constant step): ISTA's step from a point moved on by momentum."""

    label: ClassVar[str] = "FISTA"

    def on(self, dictionary: Floats) -> Solve:
        """Find the step."""
        step = _step(dictionary)

        def solve(b: Floats) -> Floats:
            before = point = np.zeros((len(b), dictionary.shape[1]), np.result_type(b, dictionary))
            pace = 1.0
            for _ in range(self.iterations):
                x = _descend(point, b, dictionary, step, self.penalty)
                faster = (1.0 + math.sqrt(1.0 + 4.0 * pace * pace)) / 2.0
                point = x + (pace - 1.0) / faster * (x - before)
                before, pace = x, faster
            return before

        return solve


def _step(dictionary: Floats) -> float:
    return float(np.linalg.norm(dictionary.astype(np.float64), 2)) ** -2


def _descend(x: Floats, b: Floats, dictionary: Floats, step: float, penalty: float) -> Floats:
    """One gradient step, then the threshold."""
    return soft_threshold(x + step * ((b - x @ dictionary.T) @ dictionary), step * penalty)
