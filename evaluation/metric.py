"""What counts as good: how the errors of a split become two numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, final

from torch import Tensor

from evaluation.nmse import Nmse, nmse


class Metric(ABC):
    """Turns squared errors into scores in dB, of which lower is better.

    Attributes:
        name: what reports call it.
        sign: 1 where reports show a score as it is, -1 where they show its negative, as of PSNR.
    """

    name: ClassVar[str]
    sign: ClassVar[int]

    @abstractmethod
    def scores(self, errors: Tensor, energies: Tensor, groups: Tensor | None) -> Nmse:
        """Scores of P members on one split.

        Args:
            errors: squared norm of every sample's residual, ``(P, samples)``, float64.
            energies: squared norm of every target, ``(P, samples)``, float64, positive.
            groups: which whole (image) a sample is part of, ``(samples,)``, int64; None where samples stand
                for themselves.
        """


@final
class NmseMetric(Metric):
    """Normalised mean squared error, see ``evaluation.nmse``."""

    name = "NMSE"
    sign = 1

    def scores(self, errors: Tensor, energies: Tensor, groups: Tensor | None) -> Nmse:
        """See ``evaluation.nmse.nmse``; groups play no part."""
        del groups
        return nmse(errors, energies)
