"""What a network is trained for: a dictionary, and measurements with their signals."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from builders.objective import Objective
from evaluation.digest import Json, digest
from evaluation.metric import Metric, NmseMetric
from evaluation.problems.dataset import Dataset


class Problem(ABC):
    """A sparse-recovery problem; it owns its dictionary, its data, its loss and its metric.

    A problem is a value: equal descriptions give equal data, bit by bit.
    """

    @property
    @abstractmethod
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""

    @property
    def objective(self) -> Objective:
        """The loss that trains: half the squared error of the signal, where a problem does not say."""
        return Objective()

    @property
    def metric(self) -> Metric:
        """What scores: NMSE, where a problem does not say."""
        return NmseMetric()

    @property
    def draws_differ(self) -> bool:
        """Whether another draw is other data."""
        return True

    @property
    def trained_on(self) -> Problem:
        """The problem whose trained networks are these: itself, unless it changes nothing but the test."""
        return self

    @abstractmethod
    def dataset(self, draw: int) -> Dataset:
        """One draw of the data.

        Args:
            draw: 0 is the draw that a search trains and selects on; others are independent of it where the
                problem can draw data, and the same data where it cannot.
        """

    @property
    def digest(self) -> str:
        """One short name for everything that the data depends on: of ``to_dict``."""
        return digest(self.to_dict())

    @abstractmethod
    def to_dict(self) -> dict[str, Json]:
        """Everything that the data depends on, for digests and reports."""
