"""What knowing the support would give: a bound to read solvers against, not a solver."""

from __future__ import annotations

import numpy as np

from evaluation.solvers.base import Floats


def oracle(b: Floats, signals: Floats, dictionary: Floats) -> Floats:
    """Least squares on the true support, in float64; of least norm where the support's columns are dependent.

    Args:
        b: measurements, ``(samples, m)``.
        signals: the true signals, of which only the support is read, ``(samples, n)``.
        dictionary: ``(m, n)``.

    Returns:
        ``(samples, n)``.
    """
    matrix = dictionary.astype(np.float64)
    result = np.zeros(signals.shape)
    for row, measurement, support in zip(result, b, signals != 0, strict=True):
        row[support] = np.linalg.lstsq(matrix[:, support], measurement, rcond=None)[0]
    return result


def has_oracle(signals: Floats, dictionary: Floats) -> bool:
    """Whether every signal ``(samples, n)`` has at most m non-zero entries, as many as ``b`` can tell."""
    return bool(((signals != 0).sum(axis=1) <= dictionary.shape[0]).all())
