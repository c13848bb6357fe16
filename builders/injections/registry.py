"""Injections by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from builders.injections.base import Injection
from builders.injections.momentum import Momentum
from builders.injections.naive import NaiveAverage
from builders.injections.weighted import (
    FistaSum,
    MeanFromChain,
    SumFromMean,
    WeightedMean,
    WeightedSum,
)
from genome.errors import InputError

_INJECTIONS: Final[Mapping[str, type[Injection]]] = {
    kind.form: kind
    for kind in (WeightedSum, WeightedMean, FistaSum, SumFromMean, MeanFromChain, NaiveAverage, Momentum)
}


def injection(form: str) -> Injection:
    """Look up an injection by the name of its form.

    Raises:
        InputError: the name is not known.
    """
    try:
        return _INJECTIONS[form]()
    except KeyError:
        known = ", ".join(_INJECTIONS)
        raise InputError(f"The form of the injection must be one of {known}, got {form!r}.") from None
