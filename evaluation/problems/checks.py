"""Refusals and random numbers that all problems share."""

from __future__ import annotations

import numpy as np

from genome import InputError


def check(name: str, value: object, rule: str, holds: bool) -> None:
    """Refuse a value of a problem that breaks its rule.

    Raises:
        InputError: ``holds`` is false; the message has name, rule and value.
    """
    if not holds:
        raise InputError(f"The problem's {name} must be {rule}, got {value}.")


def check_seed(seed: int) -> None:
    """Refuse a seed below 0."""
    check("seed", seed, "at least 0", seed >= 0)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Random numbers of one purpose: independent for different keys, the same for the same key."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
