"""The weights that make HyperLISTA's Jacobian symmetric, in closed form."""

from __future__ import annotations

import torch
from torch import Tensor

from builders.analytic import LEAST_LEVERAGE, pseudo_inverse
from genome import InputError

_INEXACT = 1e-6
"""Largest error of a diagonal that should be one, and least eigenvalue, relative, that counts as negative."""


def symmetric_weights(dictionary: Tensor) -> Tensor:
    """Of all ``W = G^T G D`` with ``w_i^T d_i = 1``, the one whose ``||W^T D||_F`` is least.

    The paper looks for G itself: ``||(G D)^T (G D) - I||_F`` is to be least, with unit columns ``G d_i``
    (HyperLISTA, Section 3.1). Its authors' code goes there by projected gradient steps with a penalty for the
    distance between ``G D`` and the unit columns. In ``Q = G^T G`` the same problem is convex: as
    ``d_i^T Q d_i = 1`` fixes the diagonal of ``D^T Q D``, the least ``||D^T Q D||_F`` is looked for. Without
    the condition that Q has no negative eigenvalue, the solution is ``Q = (D^+)^T diag(y) D^+`` with y from
    ``(S * S) y = 1``, entry by entry, where ``S = D^+ D``. Where this Q has none, it solves the problem.

    The analytic weights have the same diagonal and an even lower norm, but ``W^T D`` is not symmetric then.

    Args:
        dictionary: ``(m, n)``.

    Returns:
        W, ``(m, n)`` in float64.

    Raises:
        InputError: there is no such Q, or the closed form of it has a negative eigenvalue.
    """
    inverse = pseudo_inverse(dictionary)
    projection = inverse @ dictionary.double()
    ones = torch.ones(dictionary.shape[1], dtype=torch.float64)
    squares = projection.square()
    y = torch.linalg.pinv(squares, hermitian=True, rtol=LEAST_LEVERAGE) @ ones
    off = float((squares @ y - ones).abs().max())
    if not off <= _INEXACT:
        raise InputError(
            f"A dictionary must leave room for a symmetric weight with w_i^T d_i = 1, got one of shape "
            f"{tuple(dictionary.shape)} where the diagonal is off by {off:.1e}."
        )
    q = (inverse.T * y) @ inverse
    values = torch.linalg.eigvalsh((q + q.T) / 2)
    if not float(values[0]) >= -_INEXACT * float(values[-1]):
        raise InputError(
            f"A dictionary must have a symmetric weight G^T G D in closed form, got one for which G^T G has "
            f"the negative eigenvalue {float(values[0]):.1e}."
        )
    weights: Tensor = q @ dictionary.double()
    return weights
