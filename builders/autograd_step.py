"""The step that any cell has: the forward pass of ``unroll``, differentiated by autograd."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from builders.cells import Cell
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from builders.unroll import unroll

_PER_LAYER = 6


@final
class AutogradStep(PopulationStep):
    """Reference implementation; a cell's own ``fused_step`` must agree with it."""

    def __init__(self, cell: Cell, binding: Binding) -> None:
        self._cell = cell
        self._binding = binding

    def _outputs(self, rows: Tensor, b: Tensor) -> Tensor:
        bound = self._binding
        parameters = bound.layout.views(rows)
        return unroll(self._cell, bound.genes, bound.weights, parameters, b, bound.depth)[-1]

    @torch.no_grad()
    def outputs(self, b: Tensor) -> Tensor:
        """See ``PopulationStep.outputs``."""
        return self._outputs(self._binding.rows, b)

    def differentiate(self, b: Tensor, target: Tensor) -> None:
        """See ``PopulationStep.differentiate``."""
        rows = self._binding.rows.detach().requires_grad_(True)
        loss = (self._outputs(rows, b) - target).square().sum() / 2
        (gradient,) = torch.autograd.grad(loss, rows)
        self._binding.gradient.copy_(gradient)


def bind_step(cell: Cell, binding: Binding) -> PopulationStep:
    """The cell's own fused step where it has one, else autograd."""
    return cell.fused_step(binding) or AutogradStep(cell, binding)


def step_floats(cell: Cell, shape: StepShape) -> StepFloats:
    """Floats that a step of this cell allocates at one batch size.

    For autograd this is an estimate: every layer stacks the outputs before it, and ``_PER_LAYER`` more
    activations live at a time; every view of a parameter has a gradient of a whole row.
    """
    fused = cell.fused_step_floats(shape)
    if fused is not None:
        return fused
    stacked = shape.depth * (shape.depth - 1) // 2
    activations = stacked + _PER_LAYER * (shape.depth + 1)
    return StepFloats(activations * shape.activation + (shape.parameters + 2) * shape.size)
