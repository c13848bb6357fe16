"""The step that any cell has: the forward pass of ``unroll``, differentiated by autograd."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from builders.cells import Cell
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from builders.unroll import filled, unroll

_PER_LAYER = 10


@final
class AutogradStep(PopulationStep):
    """Reference implementation; a cell's own ``fused_step`` must agree with it."""

    def __init__(self, cell: Cell, binding: Binding) -> None:
        self._cell = cell
        self._binding = binding

    def _outputs(self, rows: Tensor, b: Tensor) -> Tensor:
        bound = self._binding
        values = {**bound.layout.views(rows), **bound.constants}
        cell, depth, whole = self._cell, bound.depth, filled(b)
        signals = unroll(cell, bound.injection, bound.genes, bound.weights, values, whole, bound.n, depth)
        return signals[-1][:, : b.shape[1]]

    @torch.no_grad()
    def outputs(self, b: Tensor) -> Tensor:
        """See ``PopulationStep.outputs``."""
        return self._outputs(self._binding.rows, b)

    def differentiate(self, b: Tensor, target: Tensor) -> None:
        """See ``PopulationStep.differentiate``."""
        rows = self._binding.rows.detach().requires_grad_(True)
        loss = self._binding.objective.loss(self._outputs(rows, b), target)
        (gradient,) = torch.autograd.grad(loss, rows)
        self._binding.gradient.copy_(gradient)


def bind_step(cell: Cell, binding: Binding) -> PopulationStep:
    """The cell's own fused step where it has one that applies, else autograd."""
    return (cell.fused_step(binding) if binding.fusible else None) or AutogradStep(cell, binding)


def step_floats(cell: Cell, shape: StepShape) -> StepFloats:
    """Floats that a step of this cell allocates at one batch size.

    For autograd this is an estimate: every layer stacks the states before it, and ``_PER_LAYER`` more
    activations live at a time; every view of a parameter has a gradient of a whole row.
    """
    fused = cell.fused_step_floats(shape) if shape.fusible else None
    if fused is not None:
        return fused
    stacked = shape.depth * (shape.depth - 1) // 2
    activations = stacked + _PER_LAYER * (shape.depth + 1)
    width = shape.n + cell.carried(shape.m, shape.n)
    return StepFloats(activations * shape.batch * width + (shape.parameters + 2) * shape.size)
