"""Models compared over seeds: intervals, paired differences, and claims with a margin fixed beforehand.

A value is a test score in dB, such as the NMSE, lower is better; the values of a model are a mapping seed ->
value. Models trained with the same seed saw the same signals in the same order, so their difference is taken
seed by seed, which removes the variation that a seed brings to all of them.

A value of inf (or NaN) means that the training diverged. It is never averaged, nor left out of an average:
the comparison then is a `Divergence` that names the model and its seeds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from genome.errors import InputError

CONFIDENCE = 0.95
"""Two-sided confidence of every interval of this module."""

Values = Mapping[int, float]
"""Seed -> score in dB of one model."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over seeds and its two-sided 95% Student t interval, in dB."""

    mean: float
    low: float
    high: float

    def to_dict(self) -> dict[str, object]:
        """The interval as JSON data."""
        return {"mean": self.mean, "low": self.low, "high": self.high}


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Mean of subject minus reference over shared seeds and its two-sided 95% t interval, in dB.

    Negative: the subject is better. `per_seed` holds (seed, difference), seeds ascending.
    """

    mean: float
    low: float
    high: float
    per_seed: tuple[tuple[int, float], ...]

    @property
    def n(self) -> int:
        """Number of seeds."""
        return len(self.per_seed)

    def to_dict(self) -> dict[str, object]:
        """The difference as JSON data; `seeds` is their number."""
        return {
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "seeds": self.n,
            "per_seed": {str(seed): value for seed, value in self.per_seed},
        }


@dataclass(frozen=True, slots=True)
class Divergence:
    """Stands where an interval would, when a training diverged.

    Attributes:
        models: (model name, its diverged seeds ascending) of every model that diverged.
        n: number of seeds that were to be compared.
    """

    models: tuple[tuple[str, tuple[int, ...]], ...]
    n: int

    def __str__(self) -> str:
        phrases = (f"{name} diverged on {len(seeds)} of {self.n} seeds" for name, seeds in self.models)
        return " and ".join(phrases)

    def to_dict(self) -> dict[str, object]:
        """The keys of an interval without values, the number of seeds, and who diverged on which of them."""
        diverged = {name: list(seeds) for name, seeds in self.models}
        return {"mean": None, "low": None, "high": None, "seeds": self.n, "diverged": diverged}


def mean_by_seed(models: Sequence[Values]) -> dict[int, float]:
    """The mean over models of one kind, seed by seed; inf where one of them diverged.

    Args:
        models: seed -> score in dB of each, all with the same seeds; at least one.
    """
    return {seed: sum(values[seed] for values in models) / len(models) for seed in models[0]}


def interval(values: Sequence[float]) -> Interval:
    """Mean and two-sided 95% Student t interval of independent values (at least two, all finite).

    Equal values give an interval of width 0.

    Raises:
        InputError: for fewer than two values (one has no spread), or one that is not finite.
    """
    if len(values) < 2:
        raise InputError(f"An interval needs at least 2 seeds, got {len(values)}.")
    infinite = [value for value in values if not math.isfinite(value)]
    if infinite:
        raise InputError(f"An interval needs finite values, got {infinite[0]}: a diverged model has no mean.")
    mean = float(np.mean(values))
    quantile = float(stdtrit(len(values) - 1, (1.0 + CONFIDENCE) / 2.0))
    half = quantile * float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def paired_difference(subject: Values, reference: Values) -> PairedDifference:
    """Subject minus reference, seed by seed, with the interval of a paired t-test.

    Raises:
        InputError: if the models do not share all their seeds, for fewer than two seeds, or for a value that
            is not finite (see `compare`, which reports it).
    """
    unpaired = sorted(subject.keys() ^ reference.keys())
    if unpaired:
        owner = "subject" if unpaired[0] in subject else "reference"
        raise InputError(
            f"A paired comparison needs the same seeds for both models, "
            f"got seed {unpaired[0]} for the {owner} only."
        )
    per_seed = tuple((seed, subject[seed] - reference[seed]) for seed in sorted(subject))
    spread = interval([value for _, value in per_seed])
    return PairedDifference(spread.mean, spread.low, spread.high, per_seed)


def summarize(models: Mapping[str, Values]) -> dict[str, Interval | Divergence]:
    """Interval of every model over its seeds, or its divergence; in the order given.

    Raises:
        InputError: if a model has fewer than two seeds.
    """
    return {
        name: _divergence({name: values}) or interval([values[seed] for seed in sorted(values)])
        for name, values in models.items()
    }


def compare(models: Mapping[str, Values], subject: str, reference: str) -> PairedDifference | Divergence:
    """Paired difference of two of the models, or who of them diverged.

    Raises:
        InputError: if a name is unknown (the message lists the known ones), and for unpaired or fewer than
            two seeds.
    """
    for name in (subject, reference):
        if name not in models:
            raise InputError(f"Unknown model {name!r} in a comparison; known: {', '.join(sorted(models))}.")
    divergence = _divergence({name: models[name] for name in (subject, reference)})
    return divergence or paired_difference(models[subject], models[reference])


def _divergence(models: Mapping[str, Values]) -> Divergence | None:
    found = tuple(
        (name, tuple(seeds))
        for name, values in models.items()
        if (seeds := sorted(seed for seed, value in values.items() if math.isnan(value) or value == math.inf))
    )
    every = {seed for values in models.values() for seed in values}
    return Divergence(found, len(every)) if found else None
