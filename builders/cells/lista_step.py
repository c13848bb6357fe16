"""LISTA's training step, forward and backward by hand over preallocated buffers.

Autograd would store and re-read every intermediate of every weighted sum; here a weighted sum over all
earlier outputs is one batched vector-matrix product, and only three activations a layer are kept.
Members never meet in any operation, so that a member's bits do not depend on its batch mates.
"""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from builders.step import Binding, PopulationStep


class _Buffers:
    """Activations of one batch size; the layer axis leads so that each layer is contiguous."""

    def __init__(self, depth: int, members: int, batch: int, n: int, like: Tensor) -> None:
        def stack() -> Tensor:
            return torch.empty(depth, members, batch, n, dtype=like.dtype, device=like.device)

        self.outputs, self.inputs, self.input_gradients = stack(), stack(), stack()
        self.side, self.u, self.scratch, self.side_gradient = (
            torch.empty(members, batch, n, dtype=like.dtype, device=like.device) for _ in range(4)
        )


def _by_member(stacked: Tensor) -> Tensor:
    """``(layers, P, batch, n)`` as ``(P, layers, batch * n)`` without a copy."""
    return stacked.flatten(2).transpose(0, 1)


@final
class ListaStep(PopulationStep):
    """See ``PopulationStep``; agrees with ``AutogradStep`` over ``Lista`` to rounding."""

    def __init__(self, binding: Binding) -> None:
        self._bound = binding
        self._depth, self._lowest = binding.depth, binding.lowest
        parameters = binding.layout.views(binding.rows)
        self._w_b, self._w_x = parameters["W_b"], parameters["W_x"]
        self._w_x_transposed = self._w_x.transpose(1, 2)
        self._theta, self._coefficient = parameters["theta"], parameters["coefficient"]
        self._gradient = binding.layout.views(binding.gradient)
        self._theta_gradient = self._gradient["theta"]
        # Products are written to dense buffers: into a strided view they may take another kernel.
        self._w_b_gradient = torch.empty_like(self._w_b, memory_format=torch.contiguous_format)
        self._w_x_gradient = torch.empty_like(self._w_x, memory_format=torch.contiguous_format)
        self._effective = torch.empty_like(binding.weights)
        self._buffers: dict[int, _Buffers] = {}

    def outputs(self, b: Tensor) -> Tensor:
        """See ``PopulationStep.outputs``."""
        return self._forward(b).outputs[self._depth - 1]

    def differentiate(self, b: Tensor, target: Tensor) -> None:
        """See ``PopulationStep.differentiate``."""
        buffers = self._forward(b)
        self._backward(buffers, b, target)

    def _buffers_for(self, b: Tensor) -> _Buffers:
        members, batch, _ = b.shape
        if batch not in self._buffers:
            self._buffers[batch] = _Buffers(self._depth, members, batch, self._w_b.shape[2], b)
        return self._buffers[batch]

    def _forward(self, b: Tensor) -> _Buffers:
        buffers = self._buffers_for(b)
        torch.mul(self._coefficient, self._bound.weights, out=self._effective)
        torch.bmm(b, self._w_b, out=buffers.side)
        for layer in range(self._depth):
            self._activate(buffers, layer, self._pre_activation(buffers, layer))
        return buffers

    def _pre_activation(self, buffers: _Buffers, layer: int) -> Tensor:
        side = buffers.side
        if not self._bound.genes.all_side[layer]:
            side = torch.mul(side, self._bound.genes.side[layer], out=buffers.scratch)
        if layer == 0:
            return side
        inputs = buffers.inputs[layer]
        torch.bmm(
            self._effective[:, layer : layer + 1, :layer],
            _by_member(buffers.outputs[:layer]),
            out=inputs.flatten(1)[:, None],
        )
        return torch.baddbmm(side, inputs, self._w_x, out=buffers.u)

    def _activate(self, buffers: _Buffers, layer: int, u: Tensor) -> None:
        genes, out = self._bound.genes, buffers.outputs[layer]
        threshold = self._theta[:, layer, None, None]
        if not genes.all_soft[layer]:
            threshold = threshold * genes.neurons.used[layer]
        torch.sign(u, out=out)
        if not genes.all_soft[layer]:
            torch.maximum(out, -genes.neurons.negative_slope[layer], out=out)
        shrunk = torch.abs(u, out=buffers.scratch).sub_(threshold).clamp_min_(0)
        out.mul_(shrunk)

    def _backward(self, buffers: _Buffers, b: Tensor, target: Tensor) -> None:
        top = self._depth - 1
        for layer in range(top, self._lowest - 2, -1):
            upstream = self._output_gradient(buffers, layer, target)
            u_gradient = self._through_neuron(buffers, layer, upstream)
            self._accumulate(buffers, layer, u_gradient)
        if self._lowest == 1:
            torch.bmm(b.transpose(1, 2), buffers.side_gradient, out=self._w_b_gradient)
            self._gradient["W_b"].copy_(self._w_b_gradient)
        if self._lowest <= 2 <= self._depth:
            self._gradient["W_x"].copy_(self._w_x_gradient)
        self._differentiate_coefficients(buffers)

    def _output_gradient(self, buffers: _Buffers, layer: int, target: Tensor) -> Tensor:
        """Gradient with respect to a layer's output, ``(P, batch, n)``."""
        out = buffers.u
        if layer == self._depth - 1:
            return torch.sub(buffers.outputs[layer], target, out=out)
        torch.bmm(
            self._effective[:, layer + 1 : self._depth, layer][:, None],
            _by_member(buffers.input_gradients[layer + 1 :]),
            out=out.flatten(1)[:, None],
        )
        return out

    def _through_neuron(self, buffers: _Buffers, layer: int, upstream: Tensor) -> Tensor:
        """Gradient with respect to the pre-activation; writes the threshold's."""
        genes = self._bound.genes
        sign = torch.sign(buffers.outputs[layer], out=buffers.scratch)
        theta_gradient = self._theta_gradient[:, layer]
        if genes.all_soft[layer]:
            upstream.mul_(sign)
            torch.sum(upstream, dim=(1, 2), out=theta_gradient).neg_()
            return upstream.mul_(sign)
        slope = torch.maximum(sign, -genes.neurons.negative_slope[layer])
        upstream.mul_(slope)
        torch.sum(upstream, dim=(1, 2), out=theta_gradient)
        theta_gradient.mul_(genes.neurons.used[layer, :, 0, 0]).neg_()
        return upstream.mul_(sign)

    def _accumulate(self, buffers: _Buffers, layer: int, u_gradient: Tensor) -> None:
        """Pass a pre-activation's gradient on to its inputs, ``W_x`` and ``W_b b``."""
        top = layer == self._depth - 1
        if self._lowest == 1:
            self._accumulate_side(buffers, layer, u_gradient)
        if layer == 0:
            return
        torch.bmm(u_gradient, self._w_x_transposed, out=buffers.input_gradients[layer])
        if self._lowest <= 2:
            inputs = buffers.inputs[layer].transpose(1, 2)
            if top:
                torch.bmm(inputs, u_gradient, out=self._w_x_gradient)
            else:
                self._w_x_gradient.baddbmm_(inputs, u_gradient)

    def _accumulate_side(self, buffers: _Buffers, layer: int, u_gradient: Tensor) -> None:
        gated = u_gradient
        if not self._bound.genes.all_side[layer]:
            gated = torch.mul(u_gradient, self._bound.genes.side[layer], out=buffers.scratch)
        if layer == self._depth - 1:
            buffers.side_gradient.copy_(gated)
        else:
            buffers.side_gradient.add_(gated)

    def _differentiate_coefficients(self, buffers: _Buffers) -> None:
        first = max(self._lowest - 1, 1)
        if first >= self._depth:
            return
        products = torch.bmm(
            _by_member(buffers.input_gradients[first:]),
            _by_member(buffers.outputs[: self._depth - 1]).transpose(1, 2),
        )
        rows, columns = slice(first, self._depth), slice(0, self._depth - 1)
        weights = self._bound.weights[:, rows, columns]
        torch.mul(products, weights, out=self._gradient["coefficient"][:, rows, columns])
