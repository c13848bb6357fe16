"""The synthetic experiments of the paper: rows of its Table 1 and Table 2."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from evaluation.problems.base import Problem
from evaluation.problems.checks import check
from evaluation.problems.dictionaries import GaussianDictionary, LowRankDictionary
from evaluation.problems.drawn import Drawn
from evaluation.problems.limited import Limited
from evaluation.problems.noise import GaussianNoise, SaltAndPepper
from evaluation.problems.perturbed_dictionary import PerturbedDictionary
from evaluation.problems.signals import BernoulliGaussian, GammaSignals
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.problems.tested_on import TestedOn
from genome import InputError

_RANK_SHARE: Final = 200 / 250


@dataclass(frozen=True, slots=True)
class PaperSetting:
    """Size of the paper's experiments, and what the paper leaves open; each default is the usual reading.

    Attributes:
        m: measurements a sample (paper: 250; 512 in the row "512x1024"); None is the paper's.
        n: entries of a signal (paper: 500; 1024 in the row "512x1024"); None is the paper's.
        train: training samples, of which the rows "j" and "k" take a tenth and a twentieth.
        valid: validation samples, of which they take a tenth.
        test: test samples.
        seed: of dictionary and data.
        snr_over: what the SNR is taken over, see ``GaussianNoise``.
        gamma_shape: alpha, see ``GammaSignals``.
        gamma_is: whether beta is a rate or a scale, see ``GammaSignals``.
        salt_and_pepper: amplitude, see ``SaltAndPepper``.
        low_rank_unit_columns: see ``LowRankDictionary``.
    """

    m: int | None = None
    n: int | None = None
    train: int = 102_400
    valid: int = 10_240
    test: int = 10_240
    seed: int = 0
    snr_over: Literal["split", "sample"] = "split"
    gamma_shape: float = 1.0
    gamma_is: Literal["rate", "scale"] = "rate"
    salt_and_pepper: float | None = None
    low_rank_unit_columns: bool = True

    @property
    def clean(self) -> SparseRecovery:
        """Row "b": without noise."""
        return self.clean_of_size(250, 500)

    def clean_of_size(self, m: int, n: int) -> SparseRecovery:
        """Row "b" of this size where the setting has none."""
        m, n = m if self.m is None else self.m, n if self.n is None else self.n
        return SparseRecovery(m, n, 0.1, None, self.seed, self.train, self.valid, self.test)


def paper_rows() -> tuple[str, ...]:
    """The rows that ``paper_problem`` knows: letters of Table 1, then the two of Table 2."""
    return tuple(_ROWS)


def paper_problem(row: str, setting: PaperSetting | None = None) -> Problem:
    """The problem of one row of the paper's Table 1 or Table 2.

    Args:
        row: "b" to "k" of Table 1; "512x1024" or "ill_conditioned" of Table 2.
        setting: size and open choices; the paper's size and our defaults without it.

    Raises:
        InputError: the row is not known, or the setting breaks a rule.
    """
    if row not in _ROWS:
        raise InputError(f"The row of the paper must be one of {', '.join(_ROWS)}, got {row!r}.")
    setting = setting or PaperSetting()
    known = ("split", "sample")
    check("reach of the SNR", setting.snr_over, "split or sample", setting.snr_over in known)
    return _ROWS[row](setting)


def _noisy(setting: PaperSetting, snr_db: float) -> Problem:
    if setting.snr_over == "split":
        return replace(setting.clean, snr_db=snr_db)
    return GaussianNoise(setting.clean, snr_db, setting.snr_over)


def _tested_with_noise(setting: PaperSetting, snr_db: float) -> Problem:
    return TestedOn(setting.clean, GaussianNoise(setting.clean, snr_db, setting.snr_over))


def _not_exactly_sparse(setting: PaperSetting) -> Problem:
    clean = setting.clean
    signals = GammaSignals(setting.gamma_shape, 0.1, setting.gamma_is)
    source = GaussianDictionary(clean.m, clean.n)
    return Drawn(source, signals, clean.seed, clean.train, clean.valid, clean.test)


def _salt_and_pepper(setting: PaperSetting) -> Problem:
    return TestedOn(setting.clean, SaltAndPepper(setting.clean, 0.01, setting.salt_and_pepper))


def _perturbed(setting: PaperSetting) -> Problem:
    return TestedOn(setting.clean, PerturbedDictionary(setting.clean, 1e-3))


def _limited(setting: PaperSetting, part: int) -> Problem:
    return Limited(setting.clean, max(1, setting.train // part), max(1, setting.valid // 10))


def _ill_conditioned(setting: PaperSetting) -> Problem:
    clean = setting.clean
    rank = max(1, round(_RANK_SHARE * min(clean.m, clean.n)))
    source = LowRankDictionary(clean.m, clean.n, rank, setting.low_rank_unit_columns)
    return Drawn(source, BernoulliGaussian(0.1), clean.seed, clean.train, clean.valid, clean.test)


_ROWS: Final[Mapping[str, Callable[[PaperSetting], Problem]]] = {
    "b": lambda setting: setting.clean,
    "c": lambda setting: _noisy(setting, 40.0),
    "d": lambda setting: _noisy(setting, 20.0),
    "e": _not_exactly_sparse,
    "f": lambda setting: _tested_with_noise(setting, 40.0),
    "g": lambda setting: _tested_with_noise(setting, 20.0),
    "h": _salt_and_pepper,
    "i": _perturbed,
    "j": lambda setting: _limited(setting, 10),
    "k": lambda setting: _limited(setting, 20),
    "512x1024": lambda setting: setting.clean_of_size(512, 1024),
    "ill_conditioned": _ill_conditioned,
}
