"""What counts as good: how the errors of a split become two numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from evaluation.nmse import RESOLUTION, Nmse, nmse


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


@final
@dataclass(frozen=True)
class Psnr(Metric):
    """Negative peak signal-to-noise ratio of images with values from 0 to 1, in dB.

    ``mean_db`` is the mean over images of ``10 log10`` of the mean squared error of all pixels of an image;
    ``ratio_db`` is that of the pixels of all images together. Reports show both with the sign of PSNR.

    Attributes:
        pixels: of a sample.
    """

    name = "PSNR"
    sign = -1

    pixels: int

    def scores(self, errors: Tensor, energies: Tensor, groups: Tensor | None) -> Nmse:
        """Scores from the errors of samples; without groups all samples are one image.

        No mean squared error counts as less than ``evaluation.nmse.RESOLUTION``; a member with a non-finite
        error anywhere has ``inf``.
        """
        del energies
        members, samples = errors.shape
        if groups is None:
            groups = torch.zeros(samples, dtype=torch.int64)
        _, image, counts = torch.unique(groups.to(errors.device), return_inverse=True, return_counts=True)
        sums = errors.new_zeros(members, len(counts)).index_add(1, image, errors)
        mean = _decibel(sums / (counts * self.pixels)).mean(dim=1)
        ratio = _decibel(errors.mean(dim=1) / self.pixels)
        finite = torch.isfinite(errors).all(dim=1)
        infinity = torch.full_like(mean, torch.inf)
        return Nmse(
            tuple(torch.where(finite, mean, infinity).tolist()),
            tuple(torch.where(finite, ratio, infinity).tolist()),
        )


def _decibel(squared_errors: Tensor) -> Tensor:
    return 10 * torch.log10(squared_errors.clamp_min(RESOLUTION))
