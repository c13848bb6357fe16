"""Noise on the measurements of any problem."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np

from evaluation.problems.checks import check, check_seed, check_size, check_snr
from evaluation.problems.dataset import Split, SplitName, as_float32
from evaluation.problems.splitwise import split_of
from evaluation.problems.wrapper import Wrapper

_GAUSSIAN, _SALT_AND_PEPPER = 2, 3


@final
@dataclass(frozen=True)
class GaussianNoise(Wrapper):
    """A problem with white Gaussian noise added to the measurements of all splits (paper, section 3.3, 1).

    The noise has the mean power of the problem's measurements divided by ``10**(snr_db / 10)``. The paper
    does not say over what the mean is taken.

    Attributes:
        problem: which measurements get noise; its signals stay as they are.
        snr_db: signal-to-noise ratio in dB, in [-200, 200].
        over: "split" takes the mean over all samples of a split, "sample" over each sample alone.
        seed: of the noise.
    """

    kind = "gaussian_noise"

    snr_db: float
    over: Literal["split", "sample"] = "split"
    seed: int = 0

    def __post_init__(self) -> None:
        check_snr(self.snr_db)
        check("reach of the SNR", self.over, "split or sample", self.over in ("split", "sample"))
        check_seed(self.seed)

    def split(self, draw: int, name: SplitName) -> Split:
        """The problem's split with noise."""
        clean = split_of(self.problem, draw, name)
        b = clean.b.double().numpy()
        power = np.mean(b**2, axis=1 if self.over == "sample" else None, keepdims=True)
        rng = self._generator(self.seed, _GAUSSIAN, draw, name)
        noise = np.sqrt(power / 10 ** (self.snr_db / 10)) * rng.standard_normal(b.shape)
        return replace(clean, b=as_float32(b + noise))


@final
@dataclass(frozen=True)
class SaltAndPepper(Wrapper):
    """A problem with some measurements replaced by an extreme value of either sign (paper, section 3.3, 3).

    Every measurement is hit with probability ``density``, independently; it then is ``amplitude`` or minus
    that, with equal probability. The paper does not give the amplitude.

    Attributes:
        problem: which measurements are hit; its signals stay as they are.
        density: the probability, in (0, 1] (paper: 0.01).
        amplitude: positive, at most 1e18; None takes the largest magnitude among the measurements of the
            split.
        seed: of the noise.
    """

    kind = "salt_and_pepper"

    density: float = 0.01
    amplitude: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check("density of hit measurements", self.density, "in (0, 1]", 0 < self.density <= 1)
        if self.amplitude is not None:
            check_size("amplitude", self.amplitude)
        check_seed(self.seed)

    def split(self, draw: int, name: SplitName) -> Split:
        """The problem's split with noise."""
        clean = split_of(self.problem, draw, name)
        b = clean.b.numpy()
        amplitude = np.abs(b).max() if self.amplitude is None else self.amplitude
        rng = self._generator(self.seed, _SALT_AND_PEPPER, draw, name)
        hit = rng.random(b.shape) < self.density
        extreme = np.where(rng.random(b.shape) < 0.5, amplitude, -amplitude)
        return replace(clean, b=as_float32(np.where(hit, extreme, b)))
