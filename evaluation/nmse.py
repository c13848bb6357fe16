"""Normalised mean squared error in dB, in the two conventions of the literature."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

RESOLUTION = 2.0**-48
"""Smallest NMSE that counts, -144.5 dB: squared relative resolution of the float32 signals.

A signal with one entry can come out exact to the last bit. Its NMSE, minus infinity in dB, would decide the
mean over all samples.
"""


@dataclass(frozen=True, slots=True)
class Nmse:
    """NMSE of P members on one split, in dB; lower is better.

    Attributes:
        mean_db: mean over samples of ``10 log10(||x_hat - x||^2 / ||x||^2)`` (the paper's; our headline).
        ratio_db: ``10 log10(sum ||x_hat - x||^2 / sum ||x||^2)`` (ALISTA, HyperLISTA).
    """

    mean_db: tuple[float, ...]
    ratio_db: tuple[float, ...]


def nmse(errors: Tensor, energies: Tensor) -> Nmse:
    """NMSE from squared norms.

    Args:
        errors: ``||x_hat - x||^2``, ``(P, samples)``, float64.
        energies: ``||x||^2``, ``(P, samples)``, float64, positive.

    Returns:
        Both conventions, no sample and no ratio below ``RESOLUTION``; a member with a non-finite error
        anywhere has ``inf``.
    """
    mean = (10 * torch.log10((errors / energies).clamp_min(RESOLUTION))).mean(dim=1)
    ratio = 10 * torch.log10((errors.sum(dim=1) / energies.sum(dim=1)).clamp_min(RESOLUTION))
    finite = torch.isfinite(errors).all(dim=1)
    infinity = torch.full_like(mean, torch.inf)
    return Nmse(
        tuple(torch.where(finite, mean, infinity).tolist()),
        tuple(torch.where(finite, ratio, infinity).tolist()),
    )
