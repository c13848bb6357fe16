"""The contract of a solver: sparse recovery that learns nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
"""A real array."""

Solve = Callable[[Floats], Floats]
"""Measurements ``(samples, m)`` to signals ``(samples, n)``."""


@dataclass(frozen=True)
class Solver(ABC):
    """Recovers signals from a dictionary and measurements alone.

    A solver is a frozen dataclass: its fields are its parameters.

    Attributes:
        name: what tables call it.
        package: what has to be installed for it, "" for nothing beside NumPy.
        batched: whether it takes many signals in one call; otherwise they are solved one after the other.
        tuned: the field that is tuned for a problem.
    """

    package: ClassVar[str] = ""
    batched: ClassVar[bool] = True
    tuned: ClassVar[str]

    @property
    @abstractmethod
    def name(self) -> str:
        """What tables call it."""

    @abstractmethod
    def on(self, dictionary: Floats) -> Solve:
        """Do what depends on the dictionary alone, once, and give what solves.

        Args:
            dictionary: ``(m, n)``, without a zero column.
        """

    @abstractmethod
    def extent(self, b: Floats, dictionary: Floats) -> tuple[float, float]:
        """The smallest and the largest value of the tuned parameter to try.

        Args:
            b: measurements of the problem, ``(samples, m)``.
            dictionary: ``(m, n)``.
        """

    def solve(self, b: Floats, dictionary: Floats) -> Floats:
        """Recover signals.

        Args:
            b: measurements, ``(samples, m)``.
            dictionary: ``(m, n)``, without a zero column.

        Returns:
            ``(samples, n)``.
        """
        return self.on(dictionary)(b)

    @property
    def parameter(self) -> float:
        """Value of the tuned parameter."""
        return cast("float", getattr(self, self.tuned))

    @abstractmethod
    def with_parameter(self, value: float) -> Self:
        """The same solver with another value of the tuned parameter."""


def penalties(b: Floats, dictionary: Floats) -> tuple[float, float]:
    """The l1 penalties to try: four decades, up to that from which on half of the solutions are zero.

    Args:
        b: measurements, ``(samples, m)``.
        dictionary: ``(m, n)``.

    Returns:
        Smallest and largest; the largest is the median of ``||D^T b||_inf``.
    """
    largest = float(np.median(np.abs(b @ dictionary).max(axis=1)))
    return 1e-4 * largest, largest
