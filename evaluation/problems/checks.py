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


def check_snr(snr_db: float) -> None:
    """Refuse a signal-to-noise ratio whose noise float32 cannot hold beside the measurements, or at all."""
    check("SNR in dB", snr_db, "from -200 to 200", -200 <= snr_db <= 200)


def check_size(name: str, value: float) -> None:
    """Refuse a size of noise that is not positive, or whose square may be beyond float32."""
    check(name, value, "positive and at most 1e18", 0 < value <= 1e18)


def generator(seed: int, *key: int) -> np.random.Generator:
    """Random numbers of one purpose: independent for different keys, the same for the same key."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
