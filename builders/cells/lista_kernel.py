"""LISTA's training step for CPUs, compiled: one member after the other, in pieces that stay in the cache.

A member's activations at all layers, of all samples of a batch, would not fit in a core's cache; so a batch
is cut into pieces, and each goes forward and backward through all layers before the next. Everything between
two matrix products is one pass over memory. The products are BLAS calls, on one thread.

Nothing here allocates, and members never meet: a member's bits do not depend on its batch mates.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from builders.compiled import compiled

Array = NDArray[Any]
"""Of float32 or float64, the same throughout a call; contiguous."""

_BLOCK = 8192
"""Entries of a weighted sum that are finished before the next: they stay in the nearest cache meanwhile."""


class Population(NamedTuple):
    """What a step reads and writes of P members; see ``builders.step.Binding``.

    Attributes:
        rows: parameters, ``(P, size)``.
        gradient: ``(P, size)``.
        weights: the injection's constant factors, ``(P, K, K)``.
        used: 1 where the neuron has a threshold, ``(K, P)``.
        slope: the neuron's on the negative half line, ``(K, P)``.
        side: gate of the side connection, ``(K, P)``.
    """

    rows: Array
    gradient: Array
    weights: Array
    used: Array
    slope: Array
    side: Array


class Shape(NamedTuple):
    """Sizes, where each parameter begins in a row, and what trains.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        layers: depth K of the networks.
        depth: layers that exist so far.
        lowest: parameters introduced by layers ``lowest..depth`` (1-based) train.
        w_b: where ``W_b`` begins.
        w_x: where ``W_x`` begins.
        theta: where the thresholds begin.
        coefficient: where the coefficients begin.
    """

    m: int
    n: int
    layers: int
    depth: int
    lowest: int
    w_b: int
    w_x: int
    theta: int
    coefficient: int


class Workspace(NamedTuple):
    """Buffers for one member and a piece of ``rows`` samples or fewer.

    Attributes:
        side: ``W_b b``, ``(rows, n)``.
        inputs: weighted sums of earlier outputs, then, from the deepest layer up, their loss gradients,
            ``(depth, rows, n)``; that of the first layer is not used.
        outputs: ``(depth, rows, n)``.
        entry: one layer's pre-activation, on the way back its loss gradient, ``(rows, n)``.
        side_gradient: of ``side``, ``(rows, n)``.
        output_gradient: of one layer's output, ``(rows, n)``.
        transposed: ``W_x`` transposed, for products of rows with it are faster, ``(n, n)``.
        w_x_part: one product's share of the gradient of ``W_x``, ``(n, n)``.
        w_b_part: the same of ``W_b``, ``(m, n)``.
        effective: coefficients times their constant factors, ``(K, K)``.
    """

    side: Array
    inputs: Array
    outputs: Array
    entry: Array
    side_gradient: Array
    output_gradient: Array
    transposed: Array
    w_x_part: Array
    w_b_part: Array
    effective: Array


@compiled
def run(population: Population, shape: Shape, work: Workspace, piece: int, b: Array, result: Array) -> None:
    """Write every member's output at the deepest layer, ``(P, batch, n)``, to ``result``."""
    for member in range(b.shape[0]):
        _prepare(population, shape, work, member)
        for start in range(0, b.shape[1], piece):
            taken = b[member, start : start + piece]
            _forward(population, shape, work, member, taken)
            result[member, start : start + piece] = work.outputs[shape.depth - 1, : taken.shape[0]]


@compiled
def differentiate(
    population: Population, shape: Shape, work: Workspace, piece: int, b: Array, target: Array
) -> None:
    """Write the loss gradient of what trains; see ``builders.step.PopulationStep``."""
    for member in range(b.shape[0]):
        _prepare(population, shape, work, member)
        _clear_gradient(population, shape, member)
        _transpose(_w_x(population.rows[member], shape), work.transposed)
        for start in range(0, b.shape[1], piece):
            taken = b[member, start : start + piece]
            _forward(population, shape, work, member, taken)
            _backward(population, shape, work, member, target[member, start : start + piece])
            if shape.lowest == 1:
                np.dot(taken.T, work.side_gradient[: taken.shape[0]], work.w_b_part)
                _add(_w_b(population.gradient[member], shape), work.w_b_part)


@compiled
def _w_b(row: Array, shape: Shape) -> Array:
    return row[shape.w_b : shape.w_b + shape.m * shape.n].reshape(shape.m, shape.n)


@compiled
def _w_x(row: Array, shape: Shape) -> Array:
    return row[shape.w_x : shape.w_x + shape.n * shape.n].reshape(shape.n, shape.n)


@compiled
def _theta(row: Array, shape: Shape) -> Array:
    return row[shape.theta : shape.theta + shape.layers]


@compiled
def _coefficient(row: Array, shape: Shape) -> Array:
    size = shape.layers * shape.layers
    return row[shape.coefficient : shape.coefficient + size].reshape(shape.layers, shape.layers)


@compiled
def _prepare(population: Population, shape: Shape, work: Workspace, member: int) -> None:
    coefficient = _coefficient(population.rows[member], shape)
    for layer in range(shape.depth):
        for source in range(shape.depth):
            weight = population.weights[member, layer, source]
            work.effective[layer, source] = coefficient[layer, source] * weight


@compiled
def _transpose(matrix: Array, result: Array) -> None:
    for row in range(result.shape[0]):
        for column in range(result.shape[1]):
            result[row, column] = matrix[column, row]


@compiled
def _clear_gradient(population: Population, shape: Shape, member: int) -> None:
    gradient = population.gradient[member]
    trained = slice(shape.lowest - 1, shape.depth)
    _theta(gradient, shape)[trained] = 0
    _coefficient(gradient, shape)[trained] = 0
    if shape.lowest <= 2 <= shape.depth:
        _w_x(gradient, shape)[:] = 0
    if shape.lowest == 1:
        _w_b(gradient, shape)[:] = 0


@compiled
def _forward(population: Population, shape: Shape, work: Workspace, member: int, b: Array) -> None:
    taken, row = b.shape[0], population.rows[member]
    theta, side, entry = _theta(row, shape), work.side[:taken], work.entry[:taken]
    np.dot(b, _w_b(row, shape), side)
    for layer in range(shape.depth):
        if layer == 0:
            entry[:] = 0
        else:
            inputs = work.inputs[layer, :taken]
            _weighted_sum(inputs, work.outputs, work.effective[layer, :layer])
            np.dot(inputs, _w_x(row, shape), entry)
        threshold = theta[layer] * population.used[layer, member]
        slope, gate = population.slope[layer, member], population.side[layer, member]
        _activate(entry, side, gate, threshold, slope, work.outputs[layer, :taken])


@compiled
def _backward(population: Population, shape: Shape, work: Workspace, member: int, target: Array) -> None:
    taken, gradient = target.shape[0], population.gradient[member]
    arriving, side_gradient = work.output_gradient[:taken], work.side_gradient[:taken]
    entry = work.entry[:taken]
    side_gradient[:] = 0
    for layer in range(shape.depth - 1, shape.lowest - 2, -1):
        output, inputs = work.outputs[layer, :taken], work.inputs[layer, :taken]
        if layer == shape.depth - 1:
            _subtract(output, target, arriving)
        else:
            _collect(population, shape, work, member, layer, taken)
        slope, gate = population.slope[layer, member], population.side[layer, member]
        moved = _through_neuron(arriving, output, slope, entry, gate, side_gradient)
        _theta(gradient, shape)[layer] -= population.used[layer, member] * moved
        if layer == 0:
            continue
        if shape.lowest <= 2:
            np.dot(inputs.T, entry, work.w_x_part)
            _add(_w_x(gradient, shape), work.w_x_part)
        # The inputs have done their work: their gradient takes their place, and stays in the cache.
        np.dot(entry, work.transposed, inputs)
        _multiply(population, shape, work, member, layer, taken)


@compiled
def _collect(
    population: Population, shape: Shape, work: Workspace, member: int, layer: int, taken: int
) -> None:
    """Loss gradient of a layer's output and of the coefficients with which later layers take it."""
    arriving, output = _flat(work.output_gradient[:taken]), _flat(work.outputs[layer, :taken])
    arriving[:] = 0
    gradient = _coefficient(population.gradient[member], shape)
    for later in range(layer + 1, shape.depth):
        weight = population.weights[member, later, layer]
        if weight != 0:
            passed = _flat(work.inputs[later, :taken])
            factor = work.effective[later, layer]
            product = _add_scaled_and_multiply(arriving, factor, passed, output)
            gradient[later, layer] += weight * product


@compiled
def _multiply(
    population: Population, shape: Shape, work: Workspace, member: int, layer: int, taken: int
) -> None:
    """Loss gradient of a layer's coefficients of outputs that collect none, for their layers do not train."""
    passed = _flat(work.inputs[layer, :taken])
    gradient = _coefficient(population.gradient[member], shape)
    for source in range(shape.lowest - 1):
        weight = population.weights[member, layer, source]
        if weight != 0:
            gradient[layer, source] += weight * _inner(passed, _flat(work.outputs[source, :taken]))


@compiled
def _add_scaled_and_multiply(total: Array, factor: float, part: Array, other: Array) -> Any:
    """``total += factor * part``; returns ``<part, other>``."""
    product = total.dtype.type(0)
    for i in range(total.size):
        total[i] += factor * part[i]
        product += part[i] * other[i]
    return product


@compiled
def _flat(array: Array) -> Array:
    return array.reshape(array.size)


@compiled
def _weighted_sum(result: Array, stacked: Array, factors: Array) -> None:
    """``result = sum of factors[i] * stacked[i]``; what has no factor is not read."""
    flat = _flat(result)
    for start in range(0, flat.size, _BLOCK):
        block = flat[start : start + _BLOCK]
        block[:] = 0
        for place in range(factors.size):
            if factors[place] != 0:
                _add_scaled(block, factors[place], _flat(stacked[place])[start:])


@compiled
def _add_scaled(total: Array, factor: float, part: Array) -> None:
    for i in range(total.size):
        total[i] += factor * part[i]


@compiled
def _activate(entry: Array, side: Array, gate: float, threshold: float, slope: float, output: Array) -> None:
    """``output = neuron(entry + gate * side)``; see ``builders.neurons``."""
    u, shared, out = _flat(entry), _flat(side), _flat(output)
    one, none = out.dtype.type(1), out.dtype.type(0)
    for i in range(u.size):
        v = u[i] + gate * shared[i]
        left = abs(v) - threshold
        shrunk = max(left, none)
        factor = slope if v < none else one
        # Also where a negative threshold leaves something of zero.
        out[i] = np.copysign(shrunk * (none if v == none else factor), v)


@compiled
def _through_neuron(
    arriving: Array, output: Array, slope: float, entry: Array, gate: float, side: Array
) -> Any:
    """Take a gradient from a neuron's output to its entry and add it to that of the side connection.

    Returns:
        What a threshold would have to subtract, summed.
    """
    gradients, out, u, shared = _flat(arriving), _flat(output), _flat(entry), _flat(side)
    one, none = out.dtype.type(1), out.dtype.type(0)
    total = none
    for i in range(u.size):
        above = one if out[i] > 0 else none
        below = slope if out[i] < 0 else none
        total += gradients[i] * (above - below)
        passed = gradients[i] * (above + below)
        u[i] = passed
        shared[i] += gate * passed
    return total


@compiled
def _subtract(left: Array, right: Array, result: Array) -> None:
    a, b, c = _flat(left), _flat(right), _flat(result)
    for i in range(c.size):
        c[i] = a[i] - b[i]


@compiled
def _add(total: Array, part: Array) -> None:
    a, b = _flat(total), _flat(part)
    for i in range(a.size):
        a[i] += b[i]


@compiled
def _inner(left: Array, right: Array) -> Any:
    total = left.dtype.type(0)
    for i in range(left.size):
        total += left[i] * right[i]
    return total
