"""Heat maps: a real number in [0, 1] for every connection, the paper's picture of an architecture.

Row ``d - 1`` is destination layer ``d``, column ``s - 1`` is the output of source layer ``s``. The paper's
maps are K x (K - 1); a K x K map has a last column (the output of layer K) that no layer can take.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genome.errors import InputError
from genome.gates import Gates, check_layers, gate_name
from genome.strict import shown


def to_heatmap(gates: Gates) -> NDArray[np.float64]:
    """Write gate rows as a (K, K - 1) map of 0 and 1, the default connections included."""
    layers = len(gates)
    heat = np.zeros((layers, layers - 1))
    for destination, row in enumerate(gates, 1):
        heat[destination - 1, : destination - 1] = row
    return heat


def from_heatmap(heat: ArrayLike, threshold: float = 0.5) -> Gates:
    """Read gate rows from a heat map: a gate is on where the map is at least ``threshold``.

    Args:
        heat: Map of shape (K, K - 1), or (K, K) with an unused last column.
        threshold: In [0, 1], inclusive. The default connections are on whatever the map says.

    Raises:
        InputError: Wrong shape, an entry that is not a number in [0, 1], an entry above zero
            where the source is not before the destination, or a threshold outside [0, 1].
    """
    if isinstance(threshold, bool) or not _is_number(threshold) or not 0 <= threshold <= 1:
        raise InputError(f"The threshold of a heat map must lie in [0, 1], got {shown(threshold)}.")
    values = _checked(heat)
    on = values >= threshold
    rows = ([*on[d - 1, : d - 2].tolist(), True] for d in range(2, len(values) + 1))
    return ((), *map(tuple, rows))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and not isinstance(value, np.complexfloating)


def _checked(heat: ArrayLike) -> NDArray[np.float64]:
    try:
        values = np.asarray(heat)
    except (ValueError, TypeError):
        raise InputError("A heat map must be a rectangular array of numbers.") from None
    if values.dtype.kind not in "biuf":
        raise InputError(f"A heat map must hold real numbers, got an array of {values.dtype}.")
    if values.ndim != 2 or values.shape[1] not in (values.shape[0] - 1, values.shape[0]):
        raise InputError(f"A heat map must have the shape K x (K-1) or K x K, got {_shape(values)}.")
    check_layers(values.shape[0])
    _refuse_first(values, ~((values >= 0) & (values <= 1)), "must lie in [0, 1]")
    above = np.triu(np.ones(values.shape, dtype=bool)) & (values != 0)
    _refuse_first(values, above, "must be 0 where the source is not before the destination")
    return values.astype(np.float64)


def _shape(values: NDArray[Any]) -> str:
    return " x ".join(map(str, values.shape)) or "a single number"


def _refuse_first(values: NDArray[Any], wrong: NDArray[np.bool_], rule: str) -> None:
    if wrong.any():
        row, column = np.argwhere(wrong)[0].tolist()
        raise InputError(
            f"Heat map entries {rule}, got {values[row, column].item()} at {gate_name(row + 1, column + 1)}."
        )
