"""Matrices that follow from a dictionary in closed form: its pseudo-inverse and ALISTA's analytic weights."""

from __future__ import annotations

import torch
from torch import Tensor

from genome import InputError

LEAST_LEVERAGE = 1e-10
"""Least ``d_i^T (D D^T)^+ d_i``, between 0 and 1; less of a column is rounding errors."""


def pseudo_inverse(dictionary: Tensor) -> Tensor:
    """``D^+``, ``(n, m)`` in float64, of a float32 dictionary ``(m, n)``.

    Singular values within the rounding errors of float32 count as 0, ``max(m, n)`` of them beside the largest
    one: a dictionary that has not full rank has it again after rounding.
    """
    tolerance = max(dictionary.shape) * torch.finfo(torch.float32).eps
    inverse: Tensor = torch.linalg.pinv(dictionary.double(), rtol=tolerance)
    return inverse


def analytic_weights(dictionary: Tensor) -> Tensor:
    """ALISTA's weights: of all W with ``w_i^T d_i = 1``, the one whose ``||W^T D||_F`` is least.

    Every column is a problem of its own: least ``w^T (D D^T) w`` with ``w^T d_i = 1``. There the gradient
    ``2 D D^T w`` is a multiple of ``d_i``, so that ``w_i = (D D^T)^+ d_i / (d_i^T (D D^T)^+ d_i)``, of all
    solutions the shortest where D has not full row rank. The divisor is positive: ``d_i`` is not zero and
    lies in the range of ``D D^T``, on which the pseudo-inverse is positive definite. Since ``(D D^T)^+ D``
    is ``(D^+)^T``, the pseudo-inverse of D is all that is needed.

    Source: Liu, Chen, Wang and Yin, *ALISTA: Analytic weights are as good as learned weights in LISTA*, ICLR
    2019, eq. (16), solved there by projected gradient descent.

    Args:
        dictionary: ``(m, n)`` without a zero column, float32; of any rank, m and n in any relation.

    Returns:
        W, ``(m, n)`` in float64.

    Raises:
        InputError: a column is so small beside the others that it is within their rounding errors.
    """
    weights = pseudo_inverse(dictionary).T
    leverage = (dictionary.double() * weights).sum(dim=0)
    least, column = leverage.min(dim=0)
    if not float(least) > LEAST_LEVERAGE:
        raise InputError(
            "Analytic weights need a dictionary whose columns are all above the rounding errors of the "
            f"largest, got column {int(column)} of norm {float(dictionary[:, int(column)].norm()):.1e}."
        )
    return weights / leverage
