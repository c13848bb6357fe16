"""Distributions of signals."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from numpy.typing import NDArray

from evaluation.problems.checks import check
from evaluation.problems.described import Described

_LEAST_FILLED = 0.1
_LEAST = float(np.finfo(np.float32).tiny) ** 0.5
"""Smaller entries have squares below the normal numbers of float32, and may have none."""


class Signals(Described):
    """A distribution of signals."""

    def check(self, n: int) -> None:
        """Refuse a length of signals for which the distribution is of no use.

        Args:
            n: entries of a signal.

        Raises:
            InputError: nearly all signals would be zero.
        """

    @abstractmethod
    def sample(self, rng: np.random.Generator, samples: int, n: int) -> NDArray[np.float64]:
        """Signals ``(samples, n)``, among them some that are zero, perhaps."""

    def draw(self, rng: np.random.Generator, samples: int, n: int) -> NDArray[np.float64]:
        """Signals ``(samples, n)``; one without energy in float32, of no defined NMSE, is drawn again."""
        x = np.zeros((samples, n))
        empty = np.arange(samples)
        while empty.size:
            x[empty] = self.sample(rng, empty.size, n)
            empty = empty[~(np.abs(x[empty]) >= _LEAST).any(axis=1)]
        return x


@final
@dataclass(frozen=True)
class BernoulliGaussian(Signals):
    """Exactly sparse signals: an entry is non-zero with a probability, then N(0, 1) (paper, section 3.2).

    Attributes:
        sparsity: the probability, in (0, 1] (paper: 0.1).
    """

    kind = "bernoulli_gaussian"

    sparsity: float = 0.1

    def __post_init__(self) -> None:
        check("sparsity", self.sparsity, "in (0, 1]", 0 < self.sparsity <= 1)

    def check(self, n: int) -> None:
        """Refuse fewer than 0.1 non-zero entries a signal: drawing empty ones again would take for ever."""
        filled = self.sparsity * n
        check("sparsity times n", filled, f"at least {_LEAST_FILLED}", filled >= _LEAST_FILLED)

    def sample(self, rng: np.random.Generator, samples: int, n: int) -> NDArray[np.float64]:
        """See ``Signals.sample``."""
        support = rng.random((samples, n)) < self.sparsity
        return support * rng.standard_normal((samples, n))


@final
@dataclass(frozen=True)
class GammaSignals(Signals):
    """Signals that are not exactly sparse: every entry is Gamma(shape, parameter) (paper, section 3.3).

    The paper writes Gamma(alpha, beta) with alpha = 1.0 and beta = 0.1 and does not say whether beta is a
    rate (mean alpha / beta) or a scale (mean alpha * beta). The two differ by a factor on all signals. All
    entries are positive; the smaller the shape, the fewer entries carry the energy.

    Attributes:
        shape: alpha, in [0.01, 100].
        parameter: beta, in [1e-6, 1e6].
        parameter_is: "rate", what beta usually stands for, or "scale".
    """

    kind = "gamma"

    shape: float = 1.0
    parameter: float = 0.1
    parameter_is: Literal["rate", "scale"] = "rate"

    def __post_init__(self) -> None:
        check("Gamma shape", self.shape, "in [0.01, 100]", 0.01 <= self.shape <= 100)
        check("Gamma parameter", self.parameter, "in [1e-6, 1e6]", 1e-6 <= self.parameter <= 1e6)
        known = ("rate", "scale")
        check(
            "meaning of the Gamma parameter", self.parameter_is, "rate or scale", self.parameter_is in known
        )

    @property
    def scale(self) -> float:
        """Mean of an entry divided by the shape."""
        return self.parameter if self.parameter_is == "scale" else 1 / self.parameter

    def sample(self, rng: np.random.Generator, samples: int, n: int) -> NDArray[np.float64]:
        """See ``Signals.sample``."""
        return rng.gamma(self.shape, self.scale, (samples, n))
