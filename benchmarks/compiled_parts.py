"""LISTA's compiled training step, taken apart: each function does one kind of the kernel's work.

A compiled step is a single call, in which nothing can be timed. So each kind of its work is done again by
itself: over members, pieces and layers as ``builders.cells.lista_kernel`` goes, by the kernel's own functions
(private ones too, or another code would be timed), on the buffers that a whole step has filled. Caches are
warmer than in a whole step, where more memory passes between two uses. What a layer finds in a buffer that
the layers share is then not what it found in the step; the time does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, cast

import numba
import numpy as np

from benchmarks.step_parts import (
    BACKWARD_NEURONS,
    BACKWARD_PRODUCTS,
    COLLECTED,
    FORWARD_NEURONS,
    FORWARD_PRODUCTS,
    FORWARD_SUMS,
    WEIGHT_GRADIENTS,
)
from builders.cells.lista_kernel import (
    Array,
    Population,
    Shape,
    Workspace,
    _activate,
    _add,
    _clear_gradient,
    _collect,
    _multiply,
    _prepare,
    _subtract,
    _theta,
    _through_neuron,
    _transpose,
    _w_b,
    _w_x,
    _weighted_sum,
)


class Replay(NamedTuple):
    """What the kernel's ``differentiate`` takes, after it has been called.

    Attributes:
        population: parameters, gradients and genes of the members.
        shape: sizes, and what trains.
        work: buffers.
        piece: the most samples of a piece.
        b: measurements, ``(P, batch, m)``.
        target: signals, ``(P, batch, n)``.
    """

    population: Population
    shape: Shape
    work: Workspace
    piece: int
    b: Array
    target: Array


_Part = Callable[[Replay], None]


def _compiled(function: _Part) -> _Part:
    """Compile as ``builders.compiled`` does, for this process only.

    Code that is kept would not be renewed when the kernel's file changes.
    """
    reorder = {"reassoc", "nsz", "contract"}
    return cast(_Part, numba.njit(nogil=True, error_model="numpy", fastmath=reorder)(function))


@_compiled
def enter(step: Replay) -> None:
    """Do nothing: what it takes to call the others, which a whole step pays once."""


@_compiled
def _products_forward(step: Replay) -> None:
    shape, work = step.shape, step.work
    for member in range(step.b.shape[0]):
        row = step.population.rows[member]
        for start in range(0, step.b.shape[1], step.piece):
            b = step.b[member, start : start + step.piece]
            taken = b.shape[0]
            np.dot(b, _w_b(row, shape, 0), work.side[:taken])
            for layer in range(1, shape.depth):
                np.dot(work.inputs[layer, :taken], _w_x(row, shape, 0), work.entry[:taken])


@_compiled
def _products_backward(step: Replay) -> None:
    shape, work = step.shape, step.work
    for member in range(step.b.shape[0]):
        for start in range(0, step.b.shape[1], step.piece):
            b = step.b[member, start : start + step.piece]
            taken = b.shape[0]
            for layer in range(shape.depth - 1, max(shape.lowest - 2, 0), -1):
                entry, inputs = work.entry[:taken], work.inputs[layer, :taken]
                if shape.lowest <= 2:
                    np.dot(inputs.T, entry, work.w_x_part)
                np.dot(entry, work.transposed, inputs)
            if shape.lowest == 1:
                np.dot(b.T, work.side_gradient[:taken], work.w_b_part)


@_compiled
def _sums_forward(step: Replay) -> None:
    shape, work = step.shape, step.work
    for member in range(step.b.shape[0]):
        # Which outputs a member's layers take is read from these.
        _prepare(step.population, shape, work, member)
        for start in range(0, step.b.shape[1], step.piece):
            taken = step.b[member, start : start + step.piece].shape[0]
            for layer in range(1, shape.depth):
                _weighted_sum(work.inputs[layer, :taken], work.outputs, work.effective[layer, :layer])


@_compiled
def _collected(step: Replay) -> None:
    shape, work, population = step.shape, step.work, step.population
    for member in range(step.b.shape[0]):
        _prepare(population, shape, work, member)
        weights, gradient = population.weights[member], population.gradient[member]
        for start in range(0, step.b.shape[1], step.piece):
            taken = step.b[member, start : start + step.piece].shape[0]
            for layer in range(shape.depth - 1, shape.lowest - 2, -1):
                inputs, output = work.inputs[layer, :taken], work.outputs[layer, :taken]
                arriving = work.output_gradient[:taken]
                if layer < shape.depth - 1:
                    _collect(shape, layer, weights, work.effective, work.inputs, output, arriving, gradient)
                if layer > 0:
                    _multiply(shape, layer, weights, work.outputs, inputs, gradient)


@_compiled
def _neurons_forward(step: Replay) -> None:
    shape, work, population = step.shape, step.work, step.population
    for member in range(step.b.shape[0]):
        theta = _theta(population.rows[member], shape)
        for start in range(0, step.b.shape[1], step.piece):
            taken = step.b[member, start : start + step.piece].shape[0]
            side = work.side[:taken]
            for layer in range(shape.depth):
                entry = work.entry[:taken]
                if layer == 0:
                    entry[:] = 0
                threshold = theta[layer] * population.used[layer, member]
                slope, gate = population.slope[layer, member], population.side[layer, member]
                _activate(entry, side, gate, threshold, slope, work.outputs[layer, :taken])


@_compiled
def _neurons_backward(step: Replay) -> None:
    shape, work, population = step.shape, step.work, step.population
    for member in range(step.b.shape[0]):
        theta = _theta(population.gradient[member], shape)
        for start in range(0, step.b.shape[1], step.piece):
            target = step.target[member, start : start + step.piece]
            taken = target.shape[0]
            arriving, side_gradient = work.output_gradient[:taken], work.side_gradient[:taken]
            side_gradient[:] = 0
            for layer in range(shape.depth - 1, shape.lowest - 2, -1):
                output, entry = work.outputs[layer, :taken], work.entry[:taken]
                if layer == shape.depth - 1:
                    _subtract(output, target, arriving)
                slope, gate = population.slope[layer, member], population.side[layer, member]
                moved = _through_neuron(arriving, output, slope, entry, gate, side_gradient)
                theta[layer] -= population.used[layer, member] * moved


@_compiled
def _weight_gradients(step: Replay) -> None:
    shape, work, population = step.shape, step.work, step.population
    for member in range(step.b.shape[0]):
        _clear_gradient(population, shape, member)
        _transpose(_w_x(population.rows[member], shape, 0), work.transposed)
        gradient = population.gradient[member]
        for _ in range(0, step.b.shape[1], step.piece):
            if shape.lowest <= 2:
                for _ in range(shape.depth - 1, max(shape.lowest - 2, 0), -1):
                    _add(_w_x(gradient, shape, 0), work.w_x_part)
            if shape.lowest == 1:
                _add(_w_b(gradient, shape, 0), work.w_b_part)


COMPILED_PARTS: Final[dict[str, _Part]] = {
    FORWARD_PRODUCTS: _products_forward,
    FORWARD_SUMS: _sums_forward,
    FORWARD_NEURONS: _neurons_forward,
    BACKWARD_PRODUCTS: _products_backward,
    COLLECTED: _collected,
    BACKWARD_NEURONS: _neurons_backward,
    WEIGHT_GRADIENTS: _weight_gradients,
}
"""Each part of the kernel's work, and the function that does it again."""
