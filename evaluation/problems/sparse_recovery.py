"""The synthetic sparse-recovery problem of the paper, section 3.2."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import final

import numpy as np
from torch import Tensor

from evaluation.digest import Json
from evaluation.problems.checks import check, check_seed, check_snr
from evaluation.problems.dataset import Split, SplitName, as_float32
from evaluation.problems.described import Described
from evaluation.problems.dictionaries import GaussianDictionary
from evaluation.problems.drawn import signal_generator
from evaluation.problems.signals import BernoulliGaussian
from evaluation.problems.splitwise import Splitwise


@final
@dataclass(frozen=True)
class SparseRecovery(Described, Splitwise):
    """Recover ``x`` from ``b = D x + noise`` with a Gaussian dictionary and Bernoulli-Gaussian signals.

    Entries of D are i.i.d. N(0, 1/m), columns normalised. An entry of ``x`` is non-zero with probability
    ``sparsity``, then N(0, 1); a signal without any non-zero entry is drawn again, since NMSE is relative to
    the signal's energy. Without noise it has the data of ``Drawn`` with these two parts.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        sparsity: probability that an entry is non-zero (paper: 0.1).
        snr_db: signal-to-noise ratio in dB, in [-200, 200], over a whole split: the Gaussian noise has the
            mean power of ``D x`` divided by ``10**(snr_db / 10)``; None means no noise.
        seed: of dictionary and data.
        train: training samples.
        valid: validation samples.
        test: test samples.
    """

    kind = "sparse_recovery"

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
            check(name, getattr(self, name), "at least 1", getattr(self, name) >= 1)
        BernoulliGaussian(self.sparsity).check(self.n)
        check_seed(self.seed)
        if self.snr_db is not None:
            check_snr(self.snr_db)

    @cached_property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32, unit columns."""
        return as_float32(GaussianDictionary(self.m, self.n).matrix(self.seed))

    def split(self, draw: int, name: SplitName) -> Split:
        """Signals and measurements of one split; the dictionary is the same for every draw."""
        rng = signal_generator(self.seed, draw, name)
        x = BernoulliGaussian(self.sparsity).draw(rng, getattr(self, name), self.n)
        b = x @ GaussianDictionary(self.m, self.n).matrix(self.seed).T
        if self.snr_db is not None:
            power = np.mean(b**2) / 10 ** (self.snr_db / 10)
            b += np.sqrt(power) * rng.standard_normal(b.shape)
        return Split(as_float32(b), as_float32(x))

    def to_dict(self) -> dict[str, Json]:
        """The attributes as they were given, and the kind of problem."""
        return {"kind": self.kind, **asdict(self)}

    def with_seed(self, seed: int) -> SparseRecovery:
        """The same problem with another dictionary and other data."""
        return replace(self, seed=seed)
