"""Training step of the LISTA family for CPUs, compiled: member by member, in pieces that stay in the cache.

A member's activations at all layers, of all samples of a batch, would not fit in a core's cache; so a batch
is cut into pieces, and each goes forward and backward through all layers before the next. Everything between
two matrix products is one pass over memory. The products are BLAS calls, on one thread.

A layer turns its input z, the weighted sum of earlier outputs, into its pre-activation in one of two ways:

- free weights: ``z W_x + gate * b W_b``;
- otherwise: ``z + scale * r M`` with the residual ``r = gate * b - z D^T``, where coupled weights train M and
  analytic ones the scale.

Then the neuron follows, with one threshold for all samples or with one for each, ``kappa * ||r (D^+)^T||_1``.
Which of these a layer does is written in the member's own genes.

Nothing here allocates, and members never meet: a member's bits do not depend on its batch mates.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from builders.compiled import compiled

Array = NDArray[Any]
"""Of float32 or float64, the same throughout a call, where nothing else is said; contiguous."""

FREE: Final = 0
COUPLED: Final = 1
ANALYTIC: Final = 2
"""Kinds of weights, see ``genome.weights``."""

_BLOCK = 8192
"""Entries of a weighted sum that are finished before the next: they stay in the nearest cache meanwhile."""

_MARGIN: Final = 1.00001
"""More than what rounding takes away of a sum."""


class Fixed(NamedTuple):
    """Matrices that do not train; those that no layer can ask for are empty.

    Attributes:
        dictionary: ``D``, ``(m, n)``.
        analytic: what takes the place of trained weights in analytic layers, ``(m, n)``.
        inverse: ``D^+``, ``(n, m)``.
        dictionary_transposed: ``(n, m)``; products of rows with a matrix as it lies are the faster ones.
        analytic_transposed: ``(n, m)``.
        inverse_transposed: ``(m, n)``.
    """

    dictionary: Array
    analytic: Array
    inverse: Array
    dictionary_transposed: Array
    analytic_transposed: Array
    inverse_transposed: Array


class Population(NamedTuple):
    """What a step reads and writes of P members; see ``builders.step.Binding``.

    Attributes:
        rows: parameters, ``(P, size)``.
        gradient: ``(P, size)``.
        weights: the injection's constant factors, ``(P, K, K)``.
        used: factor on the threshold, 0 where the neuron has none, ``(K, P)``.
        slope: the neuron's on the negative half line, ``(K, P)``.
        side: gate of the side connection, ``(K, P)``.
        selected: largest entries of a sample that pass the neuron unshrunk, ``(K, P)``, integers.
        kind: of weights, ``(K, P)``, integers.
        adaptive: 1 where every sample has its own threshold, ``(K, P)``, integers.
        fixed: matrices that all members share.
    """

    rows: Array
    gradient: Array
    weights: Array
    used: Array
    slope: Array
    side: Array
    selected: Array
    kind: Array
    adaptive: Array
    fixed: Fixed


class Matrix(NamedTuple):
    """A trained matrix.

    Attributes:
        start: where it begins in a row of parameters; that of the first layer where each has its own.
        step: floats from one layer's to the next one's; 0 where all layers share it.
        trains: whether it trains in the layers that are differentiated; where each has its own, it does.
    """

    start: int
    step: int
    trains: bool


class Shape(NamedTuple):
    """Sizes, where each parameter begins in a row, and what trains; layers ask for what the cell has.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        layers: depth K of the networks.
        depth: layers that exist so far.
        lowest: parameters introduced by layers ``lowest..depth`` (1-based) train.
        w_b: ``W_b``, ``(m, n)``.
        w_x: ``W_x``, ``(n, n)``.
        w: ``W``, ``(m, n)``.
        theta: where the thresholds begin.
        gamma: where the step sizes begin.
        kappa: where the factors of adaptive thresholds begin.
        coefficient: where the coefficients begin.
        row_step: floats from a destination's coefficients to the next one's.
        column_step: floats from a source's coefficient to the next one's; 0 where all sources share it.
    """

    m: int
    n: int
    layers: int
    depth: int
    lowest: int
    w_b: Matrix
    w_x: Matrix
    w: Matrix
    theta: int
    gamma: int
    kappa: int
    coefficient: int
    row_step: int
    column_step: int


class Workspace(NamedTuple):
    """Buffers for one member and a piece of ``rows`` samples or fewer; empty where no layer can ask for them.

    Attributes:
        side: ``b W_b``, ``(rows, n)``.
        inputs: weighted sums of earlier outputs, then, from the deepest layer up, their loss gradients,
            ``(depth, rows, n)``; that of the first layer is not used, or zero.
        outputs: ``(depth, rows, n)``.
        entry: one layer's pre-activation or what is added to it, on the way back its loss gradient,
            ``(rows, n)``.
        side_gradient: of ``side``, ``(rows, n)``.
        output_gradient: of one layer's output, then free for products, ``(rows, n)``.
        transposed: ``W_x`` transposed, for products of rows with it are faster, ``(n, n)``.
        w_transposed: ``W`` transposed, ``(n, m)``.
        w_x_part: one product's share of the gradient of ``W_x``, ``(n, n)``.
        w_b_part: the same of ``W_b`` or ``W``, ``(m, n)``.
        effective: coefficients times their constant factors, ``(K, K)``.
        residuals: ``gate * b - z D^T``, ``(depth, rows, m)``.
        residual_gradient: of one layer's, ``(rows, m)``.
        residual_part: what its threshold adds to that, ``(rows, m)``.
        errors: ``r (D^+)^T``, then its loss gradient, ``(depth, rows, n)``.
        norms: l1 norm of ``errors``, ``(depth, rows)``.
        thresholds: of one layer, ``(rows,)``.
        moved: what each sample's threshold would have to subtract, ``(rows,)``.
        magnitudes: of a pre-activation, filled up with -inf to whole vectors, ``(rows, n or more)``.
        least: what a selected entry reaches, ``(rows,)``.
        most: what fewer entries reach than are selected, ``(rows,)``.
        passing: 1 where an entry passed the neuron unshrunk, ``(depth, rows, n)``, bytes.
    """

    side: Array
    inputs: Array
    outputs: Array
    entry: Array
    side_gradient: Array
    output_gradient: Array
    transposed: Array
    w_transposed: Array
    w_x_part: Array
    w_b_part: Array
    effective: Array
    residuals: Array
    residual_gradient: Array
    residual_part: Array
    errors: Array
    norms: Array
    thresholds: Array
    moved: Array
    magnitudes: Array
    least: Array
    most: Array
    passing: Array


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
        _transpose_shared(population, shape, work, member)
        for start in range(0, b.shape[1], piece):
            taken = b[member, start : start + piece]
            _forward(population, shape, work, member, taken)
            compared = target[member, start : start + piece]
            _backward(population, shape, work, member, taken, compared, start == 0)
            if shape.w_b.trains and _shares_side(shape, population.kind[: shape.depth, member]):
                np.dot(taken.T, work.side_gradient[: taken.shape[0]], work.w_b_part)
                _add(_w_b(population.gradient[member], shape, 0), work.w_b_part)


@compiled
def _matrix(row: Array, start: int, rows: int, columns: int) -> Array:
    return row[start : start + rows * columns].reshape(rows, columns)


@compiled
def _w_b(row: Array, shape: Shape, layer: int) -> Array:
    return _matrix(row, shape.w_b.start + layer * shape.w_b.step, shape.m, shape.n)


@compiled
def _w_x(row: Array, shape: Shape, layer: int) -> Array:
    return _matrix(row, shape.w_x.start + layer * shape.w_x.step, shape.n, shape.n)


@compiled
def _w(row: Array, shape: Shape, layer: int) -> Array:
    return _matrix(row, shape.w.start + layer * shape.w.step, shape.m, shape.n)


@compiled
def _theta(row: Array, shape: Shape) -> Array:
    return row[shape.theta : shape.theta + shape.layers]


@compiled
def _place(shape: Shape, layer: int, source: int) -> int:
    """Where the coefficient of a connection is in a row."""
    return shape.coefficient + layer * shape.row_step + source * shape.column_step


@compiled
def _prepare(population: Population, shape: Shape, work: Workspace, member: int) -> None:
    row = population.rows[member]
    for layer in range(shape.depth):
        for source in range(shape.depth):
            weight = population.weights[member, layer, source]
            work.effective[layer, source] = row[_place(shape, layer, source)] * weight


@compiled
def _transpose_shared(population: Population, shape: Shape, work: Workspace, member: int) -> None:
    """Transpose the matrices that all layers share, where there are any."""
    row, kinds = population.rows[member], population.kind[: shape.depth, member]
    if shape.w_x.step == 0 and _any(kinds, FREE):
        _transpose(_w_x(row, shape, 0), work.transposed)
    if shape.w.step == 0 and _any(kinds, COUPLED):
        _transpose(_w(row, shape, 0), work.w_transposed)


@compiled
def _any(kinds: Array, kind: int) -> bool:
    found = False
    for layer in range(kinds.size):
        found |= kinds[layer] == kind
    return found


@compiled
def _shares_side(shape: Shape, kinds: Array) -> bool:
    """Whether layers share the product of b with ``W_b``."""
    return shape.w_b.step == 0 and _any(kinds, FREE)


@compiled
def _transpose(matrix: Array, result: Array) -> None:
    for row in range(result.shape[0]):
        for column in range(result.shape[1]):
            result[row, column] = matrix[column, row]


@compiled
def _clear_gradient(population: Population, shape: Shape, member: int) -> None:
    """Clear what is added up over layers; what a layer has of its own is written at the first piece."""
    gradient = population.gradient[member]
    first, end = shape.lowest - 1, shape.depth
    for start in (shape.theta, shape.gamma, shape.kappa):
        gradient[start + first : start + end] = 0
    gradient[_place(shape, first, 0) : _place(shape, end, 0)] = 0
    if shape.w_x.trains and shape.w_x.step == 0:
        _w_x(gradient, shape, 0)[:] = 0
    if shape.w_b.trains and shape.w_b.step == 0:
        _w_b(gradient, shape, 0)[:] = 0
    if shape.w.trains and shape.w.step == 0:
        _w(gradient, shape, 0)[:] = 0


@compiled
def _plain(shape: Shape, kind: int, adaptive: int, selected: int) -> bool:
    """Whether it is a layer of LISTA as such: shared free weights, one threshold, no selection.

    Such layers are worked on where the loop over layers is, all others in functions: to hand everything over
    costs as much as a pass over a piece.
    """
    return shape.w_b.step == 0 and kind == FREE and not (adaptive or selected)


@compiled
def _forward(population: Population, shape: Shape, work: Workspace, member: int, b: Array) -> None:
    taken, row = b.shape[0], population.rows[member]
    theta, side, entry = _theta(row, shape), work.side[:taken], work.entry[:taken]
    if _shares_side(shape, population.kind[: shape.depth, member]):
        np.dot(b, _w_b(row, shape, 0), side)
    for layer in range(shape.depth):
        inputs = work.inputs[layer, :taken]
        if layer > 0:
            _weighted_sum(inputs, work.outputs, work.effective[layer, :layer])
        kind, adaptive = population.kind[layer, member], population.adaptive[layer, member]
        if _plain(shape, kind, adaptive, population.selected[layer, member]):
            if layer == 0:
                entry[:] = 0
            else:
                np.dot(inputs, _w_x(row, shape, 0), entry)
            threshold = theta[layer] * population.used[layer, member]
            slope, gate = population.slope[layer, member], population.side[layer, member]
            _activate(entry, side, gate, threshold, slope, work.outputs[layer, :taken])
        else:
            _forward_other(population, shape, work, member, layer, b)


@compiled
def _forward_other(
    population: Population, shape: Shape, work: Workspace, member: int, layer: int, b: Array
) -> None:
    """Write the output of a layer that is not plain."""
    taken, row, fixed = b.shape[0], population.rows[member], population.fixed
    kind, adaptive = population.kind[layer, member], population.adaptive[layer, member]
    gate, inputs, entry = population.side[layer, member], work.inputs[layer, :taken], work.entry[:taken]
    residual = work.residuals[layer, :taken]
    if kind != FREE or adaptive:
        _residual(b, gate, inputs, fixed.dictionary_transposed, residual, layer == 0)
    # The pre-activation is left + factor * right.
    left, right, factor = inputs, entry, row.dtype.type(1)
    if kind == FREE:
        left, right, factor = entry, work.side[:taken], gate
        _free(row, shape, layer, b, inputs, right, entry)
    elif kind == COUPLED:
        np.dot(residual, _w(row, shape, layer), entry)
    else:
        np.dot(residual, fixed.analytic, entry)
        factor = row[shape.gamma + layer]
    threshold = _theta(row, shape)[layer] * population.used[layer, member]
    slope, selected = population.slope[layer, member], population.selected[layer, member]
    output, thresholds = work.outputs[layer, :taken], work.thresholds[:taken]
    if adaptive:
        errors, norms = work.errors[layer, :taken], work.norms[layer, :taken]
        np.dot(residual, fixed.inverse_transposed, errors)
        _l1_norms(errors, norms)
        thresholds[:] = row[shape.kappa + layer] * norms
    elif selected:
        thresholds[:] = threshold
    if selected:
        _select_each(left, right, factor, selected, work, layer)
    elif adaptive:
        _activate_each(left, right, factor, thresholds, slope, output)
    else:
        _activate(left, right, factor, threshold, slope, output)


@compiled
def _free(row: Array, shape: Shape, layer: int, b: Array, inputs: Array, side: Array, entry: Array) -> None:
    """Write ``z W_x`` to the entry, and ``b W_b`` to the side where the layer has its own."""
    if shape.w_b.step > 0:
        np.dot(b, _w_b(row, shape, layer), side)
    if layer == 0:
        entry[:] = 0
    else:
        np.dot(inputs, _w_x(row, shape, layer), entry)


@compiled
def _residual(
    b: Array, gate: float, inputs: Array, dictionary_transposed: Array, residual: Array, at_start: bool
) -> None:
    """Write ``gate * b - z D^T``; z is zero at the first layer."""
    if at_start:
        inputs[:] = 0
        residual[:] = 0
    else:
        np.dot(inputs, dictionary_transposed, residual)
    r, measured = _flat(residual), _flat(b)
    for i in range(r.size):
        r[i] = gate * measured[i] - r[i]


@compiled
def _backward(
    population: Population, shape: Shape, work: Workspace, member: int, b: Array, target: Array, first: bool
) -> None:
    """Add a piece's loss gradient; see ``_clear_gradient`` for what the first piece writes instead."""
    taken, gradient = target.shape[0], population.gradient[member]
    arriving, side_gradient = work.output_gradient[:taken], work.side_gradient[:taken]
    entry, weights = work.entry[:taken], population.weights[member]
    side_gradient[:] = 0
    for layer in range(shape.depth - 1, shape.lowest - 2, -1):
        output, inputs = work.outputs[layer, :taken], work.inputs[layer, :taken]
        if layer == shape.depth - 1:
            _subtract(output, target, arriving)
        else:
            _collect(shape, layer, weights, work.effective, work.inputs, output, arriving, gradient)
        kind, adaptive = population.kind[layer, member], population.adaptive[layer, member]
        if _plain(shape, kind, adaptive, population.selected[layer, member]):
            slope, gate = population.slope[layer, member], population.side[layer, member]
            moved = _through_neuron(arriving, output, slope, entry, gate, side_gradient)
            _theta(gradient, shape)[layer] -= population.used[layer, member] * moved
            if layer > 0:
                if shape.w_x.trains:
                    np.dot(inputs.T, entry, work.w_x_part)
                    _add(_w_x(gradient, shape, 0), work.w_x_part)
                # The inputs have done their work: their gradient takes their place, and stays in the cache.
                np.dot(entry, work.transposed, inputs)
        else:
            _backward_other(population, shape, work, member, layer, b, first)
        if layer > 0:
            _multiply(shape, layer, weights, work.outputs, inputs, gradient)


@compiled
def _backward_other(
    population: Population, shape: Shape, work: Workspace, member: int, layer: int, b: Array, first: bool
) -> None:
    """Take the gradient from the output of a layer that is not plain to its parameters and inputs."""
    taken, row, gradient = b.shape[0], population.rows[member], population.gradient[member]
    kind, adaptive, fixed = (
        population.kind[layer, member],
        population.adaptive[layer, member],
        population.fixed,
    )
    _back_through_neuron(population, shape, work, member, layer, taken)
    inputs, entry, residual = work.inputs[layer, :taken], work.entry[:taken], work.residuals[layer, :taken]
    residual_gradient = work.residual_gradient[:taken]
    if kind == FREE:
        gate = population.side[layer, member]
        if shape.w_b.step == 0:
            _add_scaled(_flat(work.side_gradient[:taken]), gate, _flat(entry))
        else:
            _add_product(_w_b(gradient, shape, layer), b, entry, gate, work.w_b_part, first)
        if layer > 0:
            _back_through_w_x(row, gradient, shape, work, layer, taken, first)
    elif kind == COUPLED:
        _back_through_w(row, gradient, shape, work, layer, taken, first)
    else:
        np.dot(entry, fixed.analytic_transposed, residual_gradient)
        gradient[shape.gamma + layer] += _inner(_flat(residual), _flat(residual_gradient))
        _scale(residual_gradient, row[shape.gamma + layer])
    if layer == 0:
        return
    if adaptive:
        errors, kappa = work.errors[layer, :taken], row[shape.kappa + layer]
        _through_norms(errors, kappa, work.moved)
        if kind == FREE:
            np.dot(errors, fixed.inverse, residual_gradient)
        else:
            np.dot(errors, fixed.inverse, work.residual_part[:taken])
            _add(residual_gradient, work.residual_part[:taken])
    if adaptive or kind != FREE:
        product = work.output_gradient[:taken]
        np.dot(residual_gradient, fixed.dictionary, product)
        _subtract(inputs if kind == FREE else entry, product, inputs)


@compiled
def _back_through_neuron(
    population: Population, shape: Shape, work: Workspace, member: int, layer: int, taken: int
) -> None:
    """Take the gradient from a layer's output to the entry and to its threshold."""
    output, arriving, entry = work.outputs[layer, :taken], work.output_gradient[:taken], work.entry[:taken]
    slope, used = population.slope[layer, member], population.used[layer, member]
    gradient, moved = population.gradient[member], work.moved[:taken]
    adaptive, selected = population.adaptive[layer, member], population.selected[layer, member]
    if not (adaptive or selected):
        _theta(gradient, shape)[layer] -= used * _through_neuron_alone(arriving, output, slope, entry)
        return
    _through_neuron_each(arriving, output, slope, entry, selected, work.passing[layer, :taken], moved)
    _scale(moved, used)
    if adaptive:
        gradient[shape.kappa + layer] -= _inner(moved, work.norms[layer, :taken])
    else:
        _theta(gradient, shape)[layer] -= moved.sum()


@compiled
def _back_through_w_x(
    row: Array, gradient: Array, shape: Shape, work: Workspace, layer: int, taken: int, first: bool
) -> None:
    """Gradient of ``W_x`` and of the inputs, which takes their place."""
    inputs, entry = work.inputs[layer, :taken], work.entry[:taken]
    if shape.w_x.trains:
        new = first and shape.w_x.step > 0
        _add_product(_w_x(gradient, shape, layer), inputs, entry, 1, work.w_x_part, new)
    if shape.w_x.step > 0:
        _transpose(_w_x(row, shape, layer), work.transposed)
    np.dot(entry, work.transposed, inputs)


@compiled
def _back_through_w(
    row: Array, gradient: Array, shape: Shape, work: Workspace, layer: int, taken: int, first: bool
) -> None:
    """Gradient of ``W`` and of the residual; at the first layer, where nothing needs that, only of ``W``."""
    entry = work.entry[:taken]
    if shape.w.trains:
        new = first and shape.w.step > 0
        _add_product(_w(gradient, shape, layer), work.residuals[layer, :taken], entry, 1, work.w_b_part, new)
    if layer > 0:
        if shape.w.step > 0:
            _transpose(_w(row, shape, layer), work.w_transposed)
        np.dot(entry, work.w_transposed, work.residual_gradient[:taken])


@compiled
def _add_product(total: Array, left: Array, right: Array, factor: float, part: Array, new: bool) -> None:
    """``total += factor * left^T right``; where it is new, what it held does not count."""
    if new and factor == 1:
        np.dot(left.T, right, total)
        return
    np.dot(left.T, right, part)
    if new:
        total[:] = 0
    if factor == 1:
        _add(total, part)
    else:
        _add_scaled(_flat(total), factor, _flat(part))


@compiled
def _collect(
    shape: Shape,
    layer: int,
    weights: Array,
    effective: Array,
    input_gradients: Array,
    outputs: Array,
    output_gradient: Array,
    gradient: Array,
) -> None:
    """Loss gradient of a layer's output and of the coefficients with which later layers take it."""
    taken, arriving, output = outputs.shape[0], _flat(output_gradient), _flat(outputs)
    arriving[:] = 0
    for later in range(layer + 1, shape.depth):
        weight = weights[later, layer]
        if weight != 0:
            passed = _flat(input_gradients[later, :taken])
            factor = effective[later, layer]
            product = _add_scaled_and_multiply(arriving, factor, passed, output)
            gradient[_place(shape, later, layer)] += weight * product


@compiled
def _multiply(
    shape: Shape, layer: int, weights: Array, outputs: Array, input_gradient: Array, gradient: Array
) -> None:
    """Loss gradient of a layer's coefficients of outputs that collect none, for their layers do not train."""
    taken, passed = input_gradient.shape[0], _flat(input_gradient)
    for source in range(shape.lowest - 1):
        weight = weights[layer, source]
        if weight != 0:
            product = _inner(passed, _flat(outputs[source, :taken]))
            gradient[_place(shape, layer, source)] += weight * product


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
def _through_neuron_alone(arriving: Array, output: Array, slope: float, entry: Array) -> Any:
    """The same where layers do not share a side connection."""
    gradients, out, u = _flat(arriving), _flat(output), _flat(entry)
    one, none = out.dtype.type(1), out.dtype.type(0)
    total = none
    for i in range(u.size):
        above = one if out[i] > 0 else none
        below = slope if out[i] < 0 else none
        total += gradients[i] * (above - below)
        u[i] = gradients[i] * (above + below)
    return total


@compiled
def _activate_each(
    left: Array, right: Array, factor: float, thresholds: Array, slope: float, output: Array
) -> None:
    """``_activate`` where every sample has its own threshold."""
    one, none = output.dtype.type(1), output.dtype.type(0)
    for i in range(output.shape[0]):
        for j in range(output.shape[1]):
            v = left[i, j] + factor * right[i, j]
            shrunk = max(abs(v) - thresholds[i], none)
            sided = slope if v < none else one
            output[i, j] = np.copysign(shrunk * (none if v == none else sided), v)


@compiled
def _select_each(left: Array, right: Array, factor: float, count: int, work: Workspace, layer: int) -> None:
    """The same with support selection, see ``builders.neurons.support_selected``; its slope is 1."""
    taken = left.shape[0]
    output, passing, magnitudes = work.outputs[layer, :taken], work.passing[layer], work.magnitudes[:taken]
    thresholds, least = work.thresholds[:taken], work.least
    one, none = output.dtype.type(1), output.dtype.type(0)
    for i in range(taken):
        for j in range(output.shape[1]):
            v = left[i, j] + factor * right[i, j]
            output[i, j] = v
            magnitudes[i, j] = abs(v)
    _find_least(magnitudes, thresholds, count, least, work.most)
    for i in range(taken):
        threshold, reached = thresholds[i], least[i]
        for j in range(output.shape[1]):
            size = magnitudes[i, j]
            passes = (size >= reached) & (size > threshold)
            passing[i, j] = passes
            shrunk = max(size - (none if passes else threshold), none)
            output[i, j] = np.copysign(shrunk * (none if size == none else one), output[i, j])


@compiled
def _find_least(magnitudes: Array, thresholds: Array, count: int, least: Array, most: Array) -> None:
    """Numbers that each sample's ``count`` largest magnitudes reach, and others only if they tie with these.

    Where no more than ``count`` are above the threshold, a smaller number does as well. Elsewhere ``least``
    and ``most`` close in by halves on a number that exactly ``count`` reach, or, where magnitudes tie, until
    no number is between the two: then ``least`` is the magnitude that ties. All samples take a step before
    any takes the next, for the steps of one sample would wait for each other.
    """
    none = magnitudes.dtype.type(0)
    for i in range(thresholds.size):
        low = max(thresholds[i], none)
        # Were there count entries this far above, they alone would exceed by more than all do.
        above = low * _MARGIN + _excess(magnitudes, i, low) / count * _MARGIN
        least[i], most[i] = low, low if _reaching(magnitudes, i, low) <= count else above
    halving = True
    while halving:
        halving = False
        for i in range(thresholds.size):
            # In their own precision: in a wider one there is always a number between the two.
            middle = magnitudes.dtype.type(least[i] + (most[i] - least[i]) / 2)
            if not least[i] < middle < most[i]:
                continue
            halving = True
            reaching = _reaching(magnitudes, i, middle)
            least[i] = middle if reaching >= count else least[i]
            most[i] = middle if reaching <= count else most[i]


@compiled
def _excess(magnitudes: Array, sample: int, least: float) -> Any:
    none = magnitudes.dtype.type(0)
    total = none
    for j in range(magnitudes.shape[1]):
        total += max(magnitudes[sample, j] - least, none)
    return total


@compiled
def _reaching(magnitudes: Array, sample: int, least: float) -> Any:
    """How many are at least ``least``, as a float: integers of another width would halve the speed."""
    one, none = magnitudes.dtype.type(1), magnitudes.dtype.type(0)
    reaching = none
    for j in range(magnitudes.shape[1]):
        reaching += one if magnitudes[sample, j] >= least else none
    return reaching


@compiled
def _through_neuron_each(
    arriving: Array, output: Array, slope: float, entry: Array, selected: int, passing: Array, moved: Array
) -> None:
    """The same sample by sample; the thresholds of entries that passed unshrunk do not count."""
    one, none = output.dtype.type(1), output.dtype.type(0)
    for i in range(output.shape[0]):
        total = none
        for j in range(output.shape[1]):
            above = one if output[i, j] > 0 else none
            below = slope if output[i, j] < 0 else none
            total += arriving[i, j] * (above - below)
            entry[i, j] = arriving[i, j] * (above + below)
        if selected:
            for j in range(output.shape[1]):
                above = one if output[i, j] > 0 else none
                below = slope if output[i, j] < 0 else none
                total -= arriving[i, j] * (above - below) * (one if passing[i, j] else none)
        moved[i] = total


@compiled
def _through_norms(errors: Array, kappa: float, moved: Array) -> None:
    """Write the loss gradient of the errors, of which every sample's threshold is kappa times the l1 norm."""
    one, none = errors.dtype.type(1), errors.dtype.type(0)
    for i in range(errors.shape[0]):
        factor = -kappa * moved[i]
        for j in range(errors.shape[1]):
            above = one if errors[i, j] > 0 else none
            below = one if errors[i, j] < 0 else none
            errors[i, j] = factor * (above - below)


@compiled
def _scale(array: Array, factor: float) -> None:
    flat = _flat(array)
    for i in range(flat.size):
        flat[i] *= factor


@compiled
def _l1_norms(errors: Array, norms: Array) -> None:
    for i in range(errors.shape[0]):
        total = errors.dtype.type(0)
        for j in range(errors.shape[1]):
            total += abs(errors[i, j])
        norms[i] = total


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
