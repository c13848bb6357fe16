"""The forward pass of a population, differentiable by autograd: what a network computes, by definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from builders.cells import Cell, Inputs
from builders.genes import Genes
from builders.injections import Injection
from builders.parameters import Layout
from genome import InputError

_ALIGNMENT = 16
"""Samples."""


def filled(b: Tensor) -> Tensor:
    """A batch filled up to a multiple of 16 samples by its last one.

    Every member's activations then begin at a 64-byte boundary: the bits of a matrix product depend on it,
    and a member's must be the same alone and in a population.

    Args:
        b: ``(P, batch, m)``.
    """
    missing = -b.shape[1] % _ALIGNMENT
    return torch.cat((b, b[:, -1:].expand(-1, missing, -1)), dim=1) if missing else b


def network_layout(cell: Cell, injection: Injection, dictionary: Tensor, layers: int) -> Layout:
    """The parameters of cell and injection, laid out as one row a member.

    Raises:
        InputError: one of the cell's has the name of one of the injection's.
    """
    own = cell.parameters(dictionary, layers)
    combining = injection.parameters(layers, dictionary.shape[1])
    taken = {spec.name for spec in combining}
    for spec in own:
        if spec.name in taken:
            raise InputError(
                f"A cell's parameters must not have the names {', '.join(sorted(taken))} with form "
                f"{injection.form!r}, got {spec.name!r} in cell {cell.name!r}."
            )
    return Layout((*own, *combining), layers)


def unroll(
    cell: Cell,
    injection: Injection,
    genes: Genes,
    weights: Tensor,
    values: Mapping[str, Tensor],
    b: Tensor,
    n: int,
    depth: int | None = None,
) -> list[Tensor]:
    """Run the first ``depth`` layers of P networks.

    Args:
        cell: the iteration.
        injection: how earlier states are combined.
        genes: gates, neurons and side connections.
        weights: the injection's, ``(P, K, K)``.
        values: stacked parameters, ``(P, *shape)`` each, and the cell's constants, by name.
        b: measurements, ``(P, batch, m)``.
        n: entries of a signal.
        depth: layers to run; all K by default.

    Returns:
        The estimate of the signal after each layer, ``(P, batch, n)`` each.
    """
    members, batch, m = b.shape
    factors = injection.effective(values, weights)
    width, joined = n + cell.carried(m, n), cell.joined(m, n)
    shared = cell.prepare(values, b)
    own = b.new_zeros(members, batch, width - joined)
    inputs = Inputs(b.new_zeros(members, batch, width))
    joining, signals = list[Tensor](), list[Tensor]()
    for layer in range(genes.layers if depth is None else depth):
        if layer > 0:
            combined = _combined(joining, factors[:, layer, :layer])
            whole = combined if joined == width else torch.cat((combined, own), dim=-1)
            inputs = Inputs(whole, injection.pull(layer, signals, values, weights))
        state = cell.step(layer, inputs, shared, values, genes)
        if joined < width:
            # Cut once: for every further cut autograd fills and adds a whole state.
            state, own = torch.split(state, [joined, width - joined], dim=-1)
        joining.append(state)
        signals.append(state if joined == n else state[..., :n])
    return signals


def _combined(joining: Sequence[Tensor], factors: Tensor) -> Tensor:
    """Weighted sum of what connections join of the states so far, ``(P, batch, joined)``.

    No matrix product: with so few rows, its gradient's bits depend on how many members there are.
    """
    return (factors[:, :, None, None] * torch.stack(list(joining), dim=1)).sum(dim=1)
