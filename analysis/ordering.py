"""Whether the order of models measured here is the order that the paper reports.

Scores are dB, lower is better. A metric that is published as more is better (PSNR) enters with the sign -1:
its scores are the negatives of what is published.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations, pairwise

import numpy as np
from scipy.stats import kendalltau

from analysis.comparison import Divergence, Interval, Values, compare, summarize
from genome.errors import InputError

TIE_DB = 0.05
"""Values that the paper reports no further apart than this are equal: it gives one decimal."""

_TOLERANCE_DB = 1e-9
"""Rounding of decimal fractions in binary must not separate what is reported exactly a tie apart."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Every pair of models that the paper separates, against the paired 95% interval of their difference.

    Attributes:
        pairs: how many pairs the paper separates.
        concordant: those where the interval excludes 0 on the paper's side.
        discordant: those where it excludes 0 on the other side.
        undecided: those where it does not exclude 0, or a model diverged.
        kendall: Kendall's tau-b of the means and the paper's values, 1 in the same order and -1 in the
            opposite; None where a model diverged, or where one side has all models equal.
    """

    pairs: int
    concordant: int
    discordant: int
    undecided: int
    kendall: float | None

    @property
    def agrees(self) -> bool:
        """Whether the paper's order was shown for every pair that it separates."""
        return self.concordant == self.pairs

    def __str__(self) -> str:
        return (
            f"{self.concordant} of {self.pairs} pairs as in the paper, "
            f"{self.discordant} the other way round, {self.undecided} undecided"
        )

    def to_dict(self) -> dict[str, object]:
        """The agreement as JSON data."""
        return {**asdict(self), "agrees": self.agrees}


def agreement(
    models: Mapping[str, Values], reported: Mapping[str, float], *, sign: int = 1, tie_db: float = TIE_DB
) -> Agreement:
    """Compare the order of models with the order of their reported values.

    The intervals are not corrected for the number of pairs.

    Args:
        models: model name -> seed -> test score in dB.
        reported: model name -> published value, of the same models.
        sign: 1 where the published value is the score, -1 where it is its negative.
        tie_db: published values no further apart are equal.

    Raises:
        InputError: if the names differ, there are fewer than two, and for unpaired or fewer than two seeds.
    """
    _check_names(models, reported)
    counts = {"concordant": 0, "discordant": 0, "undecided": 0}
    for better, worse in combinations(sorted(models, key=lambda name: sign * reported[name]), 2):
        if sign * (reported[worse] - reported[better]) > tie_db + _TOLERANCE_DB:
            counts[_verdict(models, better, worse)] += 1
    return Agreement(sum(counts.values()), **counts, kendall=_kendall(models, reported, sign))


def order(models: Mapping[str, Values], *, sign: int = 1) -> str:
    """The models from best to worst mean, as "Searched < Dense-LISTA ~ LFISTA < LISTA".

    A "~" stands between neighbours whose paired 95% interval does not exclude 0; nothing is said of models
    that are not neighbours. "<" reads "has the lower score"; with the sign -1, ">" reads "has the higher
    published value". Diverged models come last, in parentheses.

    Args:
        models: model name -> seed -> test score in dB.
        sign: 1 where the score is shown, -1 where its negative is.

    Raises:
        InputError: for unpaired or fewer than two seeds.
    """
    spreads = summarize(models)
    means = {name: each.mean for name, each in spreads.items() if isinstance(each, Interval)}
    ranked = sorted(means, key=means.__getitem__)
    signs = [
        "~" if _verdict(models, *pair) == "undecided" else _better_sign(sign) for pair in pairwise(ranked)
    ]
    lost = [f"({name} diverged)" for name in spreads if name not in means]
    return " ".join([_chain(ranked, signs), *lost]).strip()


def reported_order(reported: Mapping[str, float], *, sign: int = 1, tie_db: float = TIE_DB) -> str:
    """The order of published values in the same writing; "~" stands between neighbours that are equal.

    Args:
        reported: model name -> published value.
        sign: 1 where lower is better, -1 where higher is.
        tie_db: values no further apart are equal.
    """
    ranked = sorted(reported, key=lambda name: sign * reported[name])
    signs = [
        _better_sign(sign) if abs(reported[worse] - reported[better]) > tie_db + _TOLERANCE_DB else "~"
        for better, worse in pairwise(ranked)
    ]
    return _chain(ranked, signs)


def gap_db(mean: float, reported: float, *, sign: int = 1) -> float:
    """A mean as it is published, minus the paper's value, in dB.

    Args:
        mean: mean test score in dB, lower is better.
        reported: the paper's value.
        sign: 1 where the published value is the score, -1 where it is its negative.
    """
    return sign * mean - reported


def _check_names(models: Mapping[str, Values], reported: Mapping[str, float]) -> None:
    alone = sorted(models.keys() ^ reported.keys())
    if alone:
        owner = "measured" if alone[0] in models else "reported"
        raise InputError(
            f"Orders that are compared must be of the same models, got {alone[0]!r} {owner} only."
        )
    if len(models) < 2:
        raise InputError(f"An order needs at least 2 models, got {len(models)}.")


def _verdict(models: Mapping[str, Values], better: str, worse: str) -> str:
    difference = compare(models, better, worse)
    if isinstance(difference, Divergence) or difference.low <= 0.0 <= difference.high:
        return "undecided"
    return "concordant" if difference.mean < 0.0 else "discordant"


def _kendall(models: Mapping[str, Values], reported: Mapping[str, float], sign: int) -> float | None:
    means = [float(np.mean(list(values.values()))) for values in models.values()]
    if not np.isfinite(means).all():
        return None
    tau = float(kendalltau(means, [sign * reported[name] for name in models]).statistic)
    return None if math.isnan(tau) else tau


def _better_sign(sign: int) -> str:
    return "<" if sign > 0 else ">"


def _chain(names: list[str], signs: list[str]) -> str:
    parts = [f"{name} {sign}" for name, sign in zip(names, signs, strict=False)]
    return " ".join([*parts, *names[-1:]])
