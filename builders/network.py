"""One unrolled network as a torch module: a population of one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from builders.cells import Cell, check_name, create_cell
from builders.genes import Genes
from builders.injections import Form, injection
from builders.unroll import network_layout, unroll
from genome import Genome, InputError

_FARTHEST = 1e15
"""How far from 1 the largest entry of a dictionary may be, as a factor: float32 then holds the square
of its norm, and the inverse of that."""


class UnrolledNetwork(nn.Module):
    """An unrolled network of one genome; see ``build``.

    Attributes:
        genome: its architecture.
        form: name of its injection.
        cell: what one layer does.
        dictionary: ``(m, n)``, float32.
    """

    dictionary: Tensor
    weights: Tensor

    def __init__(self, genome: Genome, dictionary: Tensor, cell: Cell, form: Form) -> None:
        super().__init__()
        self.genome = genome
        self.form = form
        self.cell = cell
        self.register_buffer("dictionary", dictionary, persistent=False)
        check_name(cell)
        cell.check(genome, *dictionary.shape)
        self._injection = injection(form)
        self.layout = network_layout(cell, self._injection, dictionary, genome.layers)
        for spec in self.layout.specs:
            self.register_parameter(spec.name, nn.Parameter(spec.initial.clone()))
        gates = Genes.of([genome]).gates
        with torch.no_grad():
            start = {name: value[None] for name, value in self.named_parameters()}
            for layer in range(genome.layers):
                self._injection.enter(layer, gates[:, layer, :layer], start)
        self.register_buffer("weights", self._injection.weights(gates), persistent=False)
        constants = cell.constants(dictionary)
        self._constants = tuple(constants)
        for name, value in constants.items():
            self.register_buffer(name, value, persistent=False)

    def layer_outputs(self, b: Tensor) -> Tensor:
        """The output of every layer.

        Args:
            b: measurements, ``(batch, m)``.

        Returns:
            ``(K, batch, n)``.

        Raises:
            InputError: ``b`` is not ``(batch, m)``.
        """
        m, n = self.dictionary.shape
        if b.dim() != 2 or b.shape[1] != m:
            raise InputError(f"Measurements must have shape (batch, {m}), got {tuple(b.shape)}.")
        values = {name: value[None] for name, value in self.named_parameters()}
        values |= {name: self.get_buffer(name) for name in self._constants}
        genes = Genes.of([self.genome], device=b.device)
        return torch.cat(unroll(self.cell, self._injection, genes, self.weights, values, b[None], n))

    def forward(self, b: Tensor) -> Tensor:
        """Recover signals: measurements ``(batch, m)`` to codes ``(batch, n)``."""
        return self.layer_outputs(b)[-1]

    @torch.no_grad()
    def load_row(self, row: Tensor) -> UnrolledNetwork:
        """Take the parameters of one member of a trained population, ``(layout.size,)``; returns self."""
        for name, view in self.layout.views(row[None]).items():
            self.get_parameter(name).copy_(view[0])
        return self

    def extra_repr(self) -> str:
        """One line: the genome and the form."""
        return f"{self.genome}, form={self.form}, cell={self.cell.name}"


def as_dictionary(dictionary: Tensor | NDArray[np.floating]) -> Tensor:
    """A dictionary as a float32 tensor ``(m, n)``.

    Raises:
        InputError: it is not a finite matrix in float32, has a zero column (named), or is so large or small
            that squares of its norm would not be finite, or zero.
    """
    matrix = torch.as_tensor(dictionary).float()
    if matrix.dim() != 2 or 0 in matrix.shape:
        raise InputError(f"A dictionary must be a matrix (m, n), got shape {tuple(matrix.shape)}.")
    if not bool(torch.isfinite(matrix).all()):
        row, column = (~torch.isfinite(matrix)).nonzero()[0].tolist()
        raise InputError(
            f"A dictionary must be finite, got {matrix[row, column]} at row {row}, column {column}."
        )
    zero = (matrix == 0).all(dim=0).nonzero()
    if zero.numel():
        raise InputError(f"A dictionary must have no zero column, got one at column {int(zero[0])}.")
    largest = float(matrix.abs().max())
    if not 1 / _FARTHEST <= largest <= _FARTHEST:
        raise InputError(
            f"A dictionary's largest entry must be from {1 / _FARTHEST:g} to {_FARTHEST:g} in magnitude, "
            f"got {largest:.1e}."
        )
    return matrix


def build(
    genome: Genome,
    dictionary: Tensor | NDArray[np.floating],
    *,
    form: Form = "sum",
    cell: str | Cell = "lista",
) -> UnrolledNetwork:
    """Compile a genome to an untrained torch module.

    Args:
        genome: the architecture.
        dictionary: ``(m, n)``.
        form: name of an injection, among them "sum" (paper, eq. 6) and "mean" (released code).
        cell: name of a cell, or a cell.

    Returns:
        A module with ``forward(b: (batch, m)) -> (batch, n)`` and ``layer_outputs(b) -> (K, batch, n)``.

    Raises:
        InputError: an unusable dictionary, an unknown cell or form, a genome that the cell cannot take.
    """
    chosen = create_cell(cell) if isinstance(cell, str) else cell
    return UnrolledNetwork(genome, as_dictionary(dictionary), chosen, form)
