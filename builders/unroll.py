"""The forward pass of a population, differentiable by autograd: what a network computes, by definition."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from builders.cells import Cell
from builders.genes import Genes
from builders.injections import LearnableWeightedAverage
from builders.parameters import Layout, ParameterSpec

COEFFICIENT = "coefficient"
"""Name of the connections' coefficients: ``(K, K)``, row = destination, column = source, 0-based."""


def network_layout(
    cell: Cell, injection: LearnableWeightedAverage, dictionary: Tensor, layers: int
) -> Layout:
    """The parameters of cell and injection, laid out as one row a member."""
    coefficient = ParameterSpec(COEFFICIENT, injection.initial_coefficients(layers), introduced=None)
    return Layout((*cell.parameters(dictionary, layers), coefficient), layers)


def unroll(
    cell: Cell,
    genes: Genes,
    weights: Tensor,
    parameters: Mapping[str, Tensor],
    b: Tensor,
    depth: int | None = None,
) -> list[Tensor]:
    """Run the first ``depth`` layers of P networks.

    Args:
        cell: the iteration.
        genes: gates, neurons and side connections.
        weights: the injection's constant factors, ``(P, K, K)``.
        parameters: stacked parameters, ``(P, *shape)`` each, the coefficients among them.
        b: measurements, ``(P, batch, m)``.
        depth: layers to run; all K by default.

    Returns:
        The output of each layer, ``(P, batch, n)`` each.
    """
    shared = cell.prepare(parameters, b)
    effective = parameters[COEFFICIENT] * weights
    outputs = [cell.step(0, None, shared, parameters, genes)]
    for layer in range(1, genes.layers if depth is None else depth):
        earlier = torch.stack(outputs, dim=1).flatten(2)
        inputs = torch.bmm(effective[:, layer : layer + 1, :layer], earlier).view_as(outputs[0])
        outputs.append(cell.step(layer, inputs, shared, parameters, genes))
    return outputs
