"""What a network is trained for: a dictionary, and measurements with their signals."""

from __future__ import annotations

from abc import ABC, abstractmethod

from torch import Tensor

from evaluation.dataset import Dataset
from evaluation.digest import Json


class Problem(ABC):
    """A sparse-recovery problem; it owns its dictionary and its data.

    A problem is a value: equal descriptions give equal data, bit by bit.
    """

    @property
    @abstractmethod
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""

    @abstractmethod
    def dataset(self, draw: int) -> Dataset:
        """One draw of the data.

        Args:
            draw: 0 is the draw that a search trains and selects on; others are independent of it where the
                problem can draw data, and the same data where it cannot.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Json]:
        """Everything that the data depends on, for digests and reports."""
