"""Products of a population with a matrix that all its members share."""

from __future__ import annotations

import torch
from torch import Tensor


def shared_product(rows: Tensor, matrix: Tensor) -> Tensor:
    """Every member's rows times one matrix.

    Members are multiplied one by one: were their rows those of one large product, a member's bits would
    depend on how many mates it has.

    Args:
        rows: ``(P, batch, i)``.
        matrix: ``(i, j)``.

    Returns:
        ``(P, batch, j)``.
    """
    return torch.bmm(rows, matrix.expand(rows.shape[0], -1, -1))
