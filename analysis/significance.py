"""Paired t-tests of several pairs of models, corrected for testing more than one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from analysis.comparison import Divergence, PairedDifference, Values, compare
from genome.errors import InputError


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Subject against reference over shared seeds.

    Attributes:
        subject: name of the model.
        reference: name of the model that it is compared with.
        difference: subject minus reference in dB, with its uncorrected 95% interval.
        p: of the two-sided paired t-test that the mean difference is 0.
        p_holm: the same after Holm's correction for all pairs tested together.
    """

    subject: str
    reference: str
    difference: PairedDifference
    p: float
    p_holm: float

    def to_dict(self) -> dict[str, object]:
        """The test as JSON data: who, the keys of the difference, ``p`` and ``p_holm``."""
        who = {"subject": self.subject, "reference": self.reference}
        return {**who, **self.difference.to_dict(), "p": self.p, "p_holm": self.p_holm}


@dataclass(frozen=True, slots=True)
class DivergedPair:
    """Stands where a test would, when a training of one of the two models diverged."""

    subject: str
    reference: str
    divergence: Divergence

    def to_dict(self) -> dict[str, object]:
        """The keys of a test without values, and who diverged on which seeds."""
        who = {"subject": self.subject, "reference": self.reference}
        return {**who, **self.divergence.to_dict(), "p": None, "p_holm": None}


def paired_tests(
    models: Mapping[str, Values], pairs: Sequence[tuple[str, str]]
) -> list[PairedTest | DivergedPair]:
    """Test every pair (subject, reference) over its shared seeds, in the order given.

    The correction counts the pairs that could be tested: a pair with a diverged model has no p-value.

    Raises:
        InputError: if a name is unknown, a model is paired with itself or two models twice (each would count
            in the correction), and for unpaired or fewer than two seeds.
    """
    _refuse_repeats(pairs)
    found = [compare(models, subject, reference) for subject, reference in pairs]
    p_values = [p_value(each) for each in found if isinstance(each, PairedDifference)]
    corrected = iter(zip(p_values, holm(p_values), strict=True))
    return [
        DivergedPair(*pair, each)
        if isinstance(each, Divergence)
        else PairedTest(*pair, each, *next(corrected))
        for pair, each in zip(pairs, found, strict=True)
    ]


def p_value(difference: PairedDifference) -> float:
    """The p-value of the two-sided paired t-test that the mean difference is 0.

    Differences without spread give 1 where they are 0 and 0 where they are not: the limits of the test as the
    spread vanishes.
    """
    values = [value for _, value in difference.per_seed]
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    if not error:
        return 0.0 if difference.mean else 1.0
    return 2.0 * float(stdtr(len(values) - 1, -abs(difference.mean) / error))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction: the chance of any false rejection is at most the level that is tested at.

    Reference: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scand. J. Statist. 6, 1979.

    Args:
        p_values: of all tests made together.

    Returns:
        Adjusted p-values in the same order, at most 1, and never falling where the p-values rise.

    Raises:
        InputError: if a p-value is not in [0, 1].
    """
    for p in p_values:
        if not 0.0 <= p <= 1.0:
            raise InputError(f"A p-value must lie in [0, 1], got {p}.")
    adjusted, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = largest
    return adjusted


def _refuse_repeats(pairs: Sequence[tuple[str, str]]) -> None:
    seen: set[frozenset[str]] = set()
    for pair in pairs:
        if len(set(pair)) < 2 or frozenset(pair) in seen:
            raise InputError(
                f"A pair to be tested must be two models that no other pair has, got {' and '.join(pair)}."
            )
        seen.add(frozenset(pair))
