"""The synthetic sparse-recovery problem of the paper, section 3.2."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evaluation.digest import Json
from evaluation.problems.base import Problem
from evaluation.problems.dataset import Dataset, Split
from genome import InputError

_DICTIONARY, _SIGNALS = 0, 1
_LEAST_FILLED = 0.1


def _check(name: str, value: float, rule: str, holds: bool) -> None:
    if not holds:
        raise InputError(f"The problem's {name} must be {rule}, got {value}.")


@final
@dataclass(frozen=True)
class SparseRecovery(Problem):
    """Recover ``x`` from ``b = D x + noise`` with a Gaussian dictionary and Bernoulli-Gaussian signals.

    Entries of D are i.i.d. N(0, 1/m), columns normalised. An entry of ``x`` is non-zero with probability
    ``sparsity``, then N(0, 1); a signal without any non-zero entry is drawn again, since NMSE is relative to
    the signal's energy.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        sparsity: probability that an entry is non-zero (paper: 0.1).
        snr_db: signal-to-noise ratio in dB over a whole split: the Gaussian noise has the mean power of
            ``D x`` divided by ``10**(snr_db / 10)``; None means no noise.
        seed: of dictionary and data.
        train: training samples.
        valid: validation samples.
        test: test samples.
    """

    m: int = 25
    n: int = 50
    sparsity: float = 0.1
    snr_db: float | None = None
    seed: int = 0
    train: int = 102_400
    valid: int = 2048
    test: int = 10_240

    def __post_init__(self) -> None:
        for name in ("m", "n", "train", "valid", "test"):
            _check(name, getattr(self, name), "at least 1", getattr(self, name) >= 1)
        _check("sparsity", self.sparsity, "in (0, 1]", 0 < self.sparsity <= 1)
        # Below it, drawing the empty signals again would take for ever.
        filled = self.sparsity * self.n
        _check("sparsity times n", filled, f"at least {_LEAST_FILLED}", filled >= _LEAST_FILLED)
        _check("seed", self.seed, "at least 0", self.seed >= 0)
        if self.snr_db is not None:
            _check("SNR in dB", self.snr_db, "finite", bool(np.isfinite(self.snr_db)))

    @cached_property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32, unit columns."""
        return torch.from_numpy(self._dictionary64().astype(np.float32))

    def _dictionary64(self) -> NDArray[np.float64]:
        entries = self._generator(_DICTIONARY).standard_normal((self.m, self.n)) / np.sqrt(self.m)
        unit: NDArray[np.float64] = entries / np.linalg.norm(entries, axis=0)
        return unit

    def dataset(self, draw: int) -> Dataset:
        """Draw ``draw`` of the signals; the dictionary is the same for every draw. Nothing is kept."""
        samples = (self.train, self.valid, self.test)
        return Dataset(*(self._split(draw, index, count) for index, count in enumerate(samples)))

    def to_dict(self) -> dict[str, Json]:
        """The attributes, and the kind of problem."""
        return {"kind": "sparse_recovery", **asdict(self)}

    def with_seed(self, seed: int) -> SparseRecovery:
        """The same problem with another dictionary and other data."""
        return replace(self, seed=seed)

    def _generator(self, *key: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    def _split(self, draw: int, index: int, samples: int) -> Split:
        rng = self._generator(_SIGNALS, draw, index)
        x = np.zeros((samples, self.n))
        empty = np.arange(samples)
        while empty.size:
            support = rng.random((empty.size, self.n)) < self.sparsity
            x[empty] = support * rng.standard_normal((empty.size, self.n))
            empty = empty[~x[empty].any(axis=1)]
        b = x @ self._dictionary64().T
        if self.snr_db is not None:
            power = np.mean(b**2) / 10 ** (self.snr_db / 10)
            b += np.sqrt(power) * rng.standard_normal(b.shape)
        return Split(torch.from_numpy(b.astype(np.float32)), torch.from_numpy(x.astype(np.float32)))
