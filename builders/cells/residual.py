"""The residual ``b - D z`` that cells with a fixed dictionary take their step from."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from builders.cells.base import Inputs
from builders.genes import Genes
from builders.products import shared_product

DICTIONARY = "D"
"""Name of the dictionary among the constants of a cell, ``(m, n)``."""


def residual(layer: int, inputs: Inputs, b: Tensor, values: Mapping[str, Tensor], genes: Genes) -> Tensor:
    """``side * b - D z``; without the side connection, b does not enter.

    Args:
        layer: 0-based layer; the first one's input is zero and is not multiplied.
        inputs: what the layer is given.
        b: measurements, ``(P, batch, m)``.
        values: the constant ``D: (m, n)`` among them.
        genes: side connections of the population.

    Returns:
        ``(P, batch, m)``.
    """
    measured = b * genes.side[layer]
    return measured - shared_product(inputs.state, values[DICTIONARY].T) if layer else measured
