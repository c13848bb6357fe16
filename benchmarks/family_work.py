"""Multiply-adds in the matrix products of a training step, for every cell of the LISTA family."""

from __future__ import annotations

from builders.cells import Cell
from builders.neurons import uses_threshold
from genome import Genome
from genome.weights import Weight


def multiply_adds(cell: Cell, genome: Genome, m: int, n: int, batch: int) -> int:
    """Of a step on all parameters at the last stage.

    Args:
        cell: of the family.
        genome: of a member.
        m: measurements a sample.
        n: entries of a signal.
        batch: samples.
    """
    tied, kinds = getattr(cell, "tied", True), _weights(cell, genome)
    # W_b forward, and its gradient: once where the layers share it.
    sides = kinds.count("free") if not tied else "free" in kinds
    total = 2 * m * n * sides
    for layer, kind in enumerate(kinds):
        adaptive = genome.thresholds[layer] == "adaptive" and uses_threshold(genome.neurons[layer])
        total += _of_layer(kind, adaptive, m, n, first=layer == 0)
    return batch * total


def _weights(cell: Cell, genome: Genome) -> tuple[Weight, ...]:
    """The kind of every layer's weights."""
    fixed: dict[str, Weight] = {"lista_cp": "coupled", "alista": "analytic", "step_lista": "analytic"}
    return (fixed[cell.name],) * genome.layers if cell.name in fixed else genome.weights


def _of_layer(kind: Weight, adaptive: bool, m: int, n: int, *, first: bool) -> int:
    """Multiply-adds a sample: of ``W_x``, or of the weights and D; of ``D^+``, and of D if only that asks."""
    if first:
        return {"free": 0, "coupled": 2, "analytic": 2}[kind] * m * n + adaptive * m * n
    if kind == "free":
        return 3 * n * n + adaptive * 4 * m * n
    return ({"coupled": 5, "analytic": 4}[kind] + 2 * adaptive) * m * n
