"""LISTA's training step in tensor operations, forward and backward by hand over preallocated buffers.

Autograd would store and re-read every intermediate of every weighted sum; here a weighted sum over all
earlier outputs is one batched vector-matrix product, and only three activations a layer are kept. Every view
that a step needs is made once a batch size, for at these sizes making views would cost as much as the
arithmetic. Members never meet in any operation, so that a member's bits do not depend on its batch mates.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import final

import torch
from torch import Tensor

from builders.neurons import LayerNeurons, support_selected
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one layer works on; all tensors are views into shared buffers.

    Attributes:
        output: activation, ``(P, batch, n)``.
        threshold: ``(P, 1, 1)``.
        theta_sum: where the threshold's gradient is summed, up to its sign, ``(P,)``.
        used: 1 where a member's neuron has a threshold; None where every one is soft, ``(P, 1, 1)``.
        slope: minus the negative slope of each member's neuron; None where every one is soft.
        neurons: the layer's.
        passing: True where an entry passed its neuron unshrunk, ``(P, batch, n)``; None where no member's
            neuron selects support.
        side: gate of the side connection; None where it is always on.
        inputs: weighted sum of earlier outputs, ``(P, batch, n)``; unused at the first layer.
        inputs_row: the same as ``(P, 1, batch * n)``.
        coefficients: effective coefficients of the earlier outputs, ``(P, 1, layer)``.
        earlier: earlier outputs, ``(P, layer, batch * n)``.
        input_gradient: loss gradient with respect to ``inputs``.
        later_coefficients: this layer's in the inputs of later ones, ``(P, 1, depth - layer - 1)``.
        later: gradients with respect to later layers' inputs, ``(P, depth - layer - 1, batch * n)``.
    """

    output: Tensor
    threshold: Tensor
    theta_sum: Tensor
    used: Tensor | None
    slope: Tensor | None
    neurons: LayerNeurons
    passing: Tensor | None
    side: Tensor | None
    inputs: Tensor
    inputs_row: Tensor
    coefficients: Tensor
    earlier: Tensor
    input_gradient: Tensor
    later_coefficients: Tensor
    later: Tensor


def _by_member(stacked: Tensor) -> Tensor:
    """``(layers, P, batch, n)`` as ``(P, layers, batch * n)`` without a copy."""
    return stacked.flatten(2).transpose(0, 1)


@final
class _Buffers:
    """Activations of one batch size, and every view of them that a step needs.

    The layer axis leads, so that each layer's activations are contiguous.
    """

    def __init__(self, bound: Binding, theta: Tensor, effective: Tensor, b: Tensor, n: int) -> None:
        members, batch, _ = b.shape
        depth = bound.depth

        def empty(*shape: int) -> Tensor:
            return torch.empty(*shape, dtype=b.dtype, device=b.device)

        outputs, inputs, gradients = (empty(depth, members, batch, n) for _ in range(3))
        self.side, self.u, self.scratch, self.side_gradient = (empty(members, batch, n) for _ in range(4))
        self.u_row = self.u.flatten(1)[:, None]
        self.theta_sums = empty(depth, members)
        # Of all layers, whatever the genomes, for so much memory is spoken of.
        passing = torch.empty(outputs.shape, dtype=torch.bool, device=b.device)
        genes = bound.genes
        self.layers = [
            _Layer(
                output=outputs[layer],
                threshold=theta[:, layer, None, None],
                theta_sum=self.theta_sums[layer],
                used=None if genes.all_soft[layer] else genes.neurons.used[layer],
                slope=None if genes.all_soft[layer] else -genes.neurons.negative_slope[layer],
                neurons=genes.neurons.layer(layer),
                passing=passing[layer] if genes.neurons.any_selecting[layer] else None,
                side=None if genes.all_side[layer] else genes.side[layer],
                inputs=inputs[layer],
                inputs_row=inputs[layer].flatten(1)[:, None],
                coefficients=effective[:, layer : layer + 1, :layer],
                earlier=_by_member(outputs[:layer]),
                input_gradient=gradients[layer],
                later_coefficients=effective[:, layer + 1 : depth, layer][:, None],
                later=_by_member(gradients[layer + 1 :]),
            )
            for layer in range(depth)
        ]
        self.passing = passing
        first = max(bound.lowest - 1, 1)
        self.later_gradients = _by_member(gradients[first:])
        self.all_earlier = _by_member(outputs[: depth - 1]).transpose(1, 2)


@final
class ListaStep(PopulationStep):
    """See ``PopulationStep``; agrees with ``AutogradStep`` over ``Lista`` to rounding."""

    def __init__(self, binding: Binding) -> None:
        self._bound = binding
        self._depth, self._lowest = binding.depth, binding.lowest
        parameters = binding.layout.views(binding.rows)
        self._w_b, self._w_x = parameters["W_b"], parameters["W_x"]
        self._w_x_transposed = self._w_x.transpose(1, 2)
        (factors,) = binding.injection.parameters(binding.layout.layers, binding.n)
        self._factors, self._each = factors.name, factors.initial.dim() == 2
        self._theta, given = parameters["theta"], parameters[factors.name]
        self._coefficient = given if self._each else given[:, :, None]
        self._effective = torch.empty_like(binding.weights)
        self._bind_gradients()
        self._buffers: dict[int, _Buffers] = {}

    @staticmethod
    def floats(shape: StepShape) -> StepFloats:
        """Floats that a step takes at one batch size: activations, four passing, dense gradients."""
        activations = 3 * shape.depth + 4 + 4
        dense = shape.m * shape.n + shape.n**2
        passing = ceil(shape.depth * shape.activation / 4)
        return StepFloats(activations * shape.activation + passing + shape.depth + shape.layers**2 + dense)

    def _bind_gradients(self) -> None:
        gradient = self._bound.layout.views(self._bound.gradient)
        trained = slice(self._lowest - 1, self._depth)
        self._theta_gradient = gradient["theta"][:, trained]
        self._theta_sign = -self._bound.genes.neurons.used[trained, :, 0, 0].T.to(self._theta.dtype)
        first = max(self._lowest - 1, 1)
        rows, columns = slice(first, self._depth), slice(0, self._depth - 1)
        given = gradient[self._factors]
        self._coefficient_gradient = given[:, rows, columns] if self._each else given[:, rows]
        self._coefficient_weights = self._bound.weights[:, rows, columns]
        self._w_b_view, self._w_x_view = gradient["W_b"], gradient["W_x"]
        # Products are written to dense buffers: into a strided view they may take another kernel.
        self._w_b_gradient = torch.empty_like(self._w_b, memory_format=torch.contiguous_format)
        self._w_x_gradient = torch.empty_like(self._w_x, memory_format=torch.contiguous_format)

    def outputs(self, b: Tensor) -> Tensor:
        """See ``PopulationStep.outputs``."""
        return self._forward(b).layers[-1].output

    def differentiate(self, b: Tensor, target: Tensor) -> None:
        """See ``PopulationStep.differentiate``."""
        self._backward(self._forward(b), b, target)

    def _buffers_for(self, b: Tensor) -> _Buffers:
        batch = b.shape[1]
        if batch not in self._buffers:
            n = self._w_b.shape[2]
            self._buffers[batch] = _Buffers(self._bound, self._theta, self._effective, b, n)
        return self._buffers[batch]

    def _forward(self, b: Tensor) -> _Buffers:
        buffers = self._buffers_for(b)
        torch.mul(self._coefficient, self._bound.weights, out=self._effective)
        torch.bmm(b, self._w_b, out=buffers.side)
        for index, layer in enumerate(buffers.layers):
            self._activate(buffers, layer, self._pre_activation(buffers, layer, first=index == 0))
        return buffers

    def _pre_activation(self, buffers: _Buffers, layer: _Layer, *, first: bool) -> Tensor:
        side = buffers.side
        if layer.side is not None:
            side = torch.mul(side, layer.side, out=buffers.scratch)
        if first:
            return side
        torch.bmm(layer.coefficients, layer.earlier, out=layer.inputs_row)
        return torch.baddbmm(side, layer.inputs, self._w_x, out=buffers.u)

    def _activate(self, buffers: _Buffers, layer: _Layer, u: Tensor) -> None:
        torch.sign(u, out=layer.output)
        threshold = layer.threshold
        if layer.used is not None and layer.slope is not None:
            threshold = threshold * layer.used
            torch.maximum(layer.output, layer.slope, out=layer.output)
        if layer.passing is not None and layer.neurons.selecting is not None:
            selected = support_selected(u, threshold, layer.neurons.share)
            torch.logical_and(selected, layer.neurons.selecting, out=layer.passing)
            threshold = torch.where(layer.passing, 0, threshold)
        layer.output.mul_(torch.abs(u, out=buffers.scratch).sub_(threshold).clamp_min_(0))

    def _backward(self, buffers: _Buffers, b: Tensor, target: Tensor) -> None:
        for index in range(self._depth - 1, self._lowest - 2, -1):
            layer = buffers.layers[index]
            if index == self._depth - 1:
                torch.sub(layer.output, target, out=buffers.u)
            else:
                torch.bmm(layer.later_coefficients, layer.later, out=buffers.u_row)
            self._through_neuron(buffers, layer)
            self._accumulate(buffers, layer, index)
        torch.mul(buffers.theta_sums[self._lowest - 1 :].T, self._theta_sign, out=self._theta_gradient)
        if self._lowest == 1:
            torch.bmm(b.transpose(1, 2), buffers.side_gradient, out=self._w_b_gradient)
            self._w_b_view.copy_(self._w_b_gradient)
        if self._lowest <= 2 <= self._depth:
            self._w_x_view.copy_(self._w_x_gradient)
        if self._depth > 1:
            products = torch.bmm(buffers.later_gradients, buffers.all_earlier)
            if self._each:
                torch.mul(products, self._coefficient_weights, out=self._coefficient_gradient)
            else:
                torch.sum(products.mul_(self._coefficient_weights), dim=2, out=self._coefficient_gradient)

    def _through_neuron(self, buffers: _Buffers, layer: _Layer) -> None:
        """Turn the gradient in ``buffers.u`` from a layer's output to its pre-activation."""
        gradient = buffers.u
        sign = torch.sign(layer.output, out=buffers.scratch)
        gradient.mul_(sign if layer.slope is None else torch.maximum(sign, layer.slope))
        moving = gradient if layer.passing is None else gradient.masked_fill(layer.passing, 0)
        torch.sum(moving, dim=(1, 2), out=layer.theta_sum)
        gradient.mul_(sign)

    def _accumulate(self, buffers: _Buffers, layer: _Layer, index: int) -> None:
        """Pass the gradient in ``buffers.u`` on to a layer's inputs, ``W_x`` and ``W_b b``."""
        top = index == self._depth - 1
        if self._lowest == 1:
            self._accumulate_side(buffers, layer, top=top)
        if index == 0:
            return
        torch.bmm(buffers.u, self._w_x_transposed, out=layer.input_gradient)
        if self._lowest <= 2:
            inputs = layer.inputs.transpose(1, 2)
            if top:
                torch.bmm(inputs, buffers.u, out=self._w_x_gradient)
            else:
                self._w_x_gradient.baddbmm_(inputs, buffers.u)

    def _accumulate_side(self, buffers: _Buffers, layer: _Layer, *, top: bool) -> None:
        gradient = buffers.u
        if layer.side is not None:
            gradient = torch.mul(gradient, layer.side, out=buffers.scratch)
        if top:
            buffers.side_gradient.copy_(gradient)
        else:
            buffers.side_gradient.add_(gradient)
