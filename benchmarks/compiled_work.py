"""Calls, memory traffic and arithmetic of the parts of LISTA's compiled training step.

Nothing can be recorded inside a compiled step; all of it follows from sizes and genomes. What a function
reads and writes counts as in ``benchmarks.op_clock``, wherever it lies: each operand once a pass. A weighted
sum is one pass, for its parts stay in the nearest cache until they are finished.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from benchmarks.step_parts import (
    ADAM_ALONE,
    BACKWARD_NEURONS,
    BACKWARD_PRODUCTS,
    COLLECTED,
    FORWARD_NEURONS,
    FORWARD_PRODUCTS,
    FORWARD_SUMS,
    GATHER,
    WEIGHT_GRADIENTS,
)
from genome import Genome


class Count(NamedTuple):
    """What one part of a step does.

    Attributes:
        calls: of BLAS, of the kernel's functions, or of what the part is in Python.
        floats: read and written.
        operations: of matrix products, weighted sums and inner products.
    """

    calls: int
    floats: int
    operations: int


@dataclass(frozen=True, slots=True)
class CompiledWork:
    """A step of a population.

    Attributes:
        genomes: of the members; their depth is the stage.
        m: measurements a sample.
        n: entries of a signal.
        layers: depth K of the whole networks.
        batch: samples.
        piece: the most samples that go through all layers together.
        lowest: parameters introduced by layers ``lowest..depth`` (1-based) train.
        trained: numbers of a member that Adam moves.
    """

    genomes: Sequence[Genome]
    m: int
    n: int
    layers: int
    batch: int
    piece: int
    lowest: int
    trained: int

    def parts(self) -> dict[str, Count]:
        """By name."""
        members = len(self.genomes)
        gather = Count(1, 2 * members * self.batch * (self.m + self.n), 0)
        # Two passes: over gradient, scale, mean and square, then over row, mean and square.
        adam = Count(1, 10 * members * self.trained, 0)
        return {
            GATHER: gather,
            FORWARD_PRODUCTS: self._everyone(self._products_forward()),
            FORWARD_SUMS: self._sums_forward(),
            FORWARD_NEURONS: self._everyone(self._neurons_forward()),
            BACKWARD_PRODUCTS: self._everyone(self._products_backward()),
            COLLECTED: _sum(self._collected(), self._multiplied()),
            BACKWARD_NEURONS: self._everyone(self._neurons_backward()),
            WEIGHT_GRADIENTS: self._everyone(self._weight_gradients()),
            ADAM_ALONE: adam,
        }

    @property
    def _depth(self) -> int:
        return self.genomes[0].layers

    @property
    def _activation(self) -> int:
        return self.batch * self.n

    @property
    def _pieces(self) -> int:
        return ceil(self.batch / self.piece)

    @property
    def _inner(self) -> range:
        """The layers whose inputs get a gradient, 1-based."""
        return range(max(self.lowest, 2), self._depth + 1)

    def _everyone(self, one: Count) -> Count:
        """The same for every member."""
        return Count(*(len(self.genomes) * each for each in one))

    def _w_b_product(self) -> Count:
        m, n, activation = self.m, self.n, self._activation
        floats = self.batch * m + self._pieces * m * n + activation
        return Count(self._pieces, floats, 2 * m * activation)

    def _w_x_products(self, count: int) -> Count:
        n, activation = self.n, self._activation
        floats = 2 * activation + self._pieces * n * n
        return Count(count * self._pieces, count * floats, 2 * count * n * activation)

    def _products_forward(self) -> Count:
        return _sum(self._w_b_product(), self._w_x_products(self._depth - 1))

    def _products_backward(self) -> Count:
        inner = self._w_x_products(len(self._inner) * (2 if self.lowest <= 2 else 1))
        return _sum(self._w_b_product(), inner) if self.lowest == 1 else inner

    def _sums_forward(self) -> Count:
        layers = range(2, self._depth + 1)
        connections, results = self._connections(layers), len(self.genomes) * len(layers)
        floats = (connections + results) * self._activation
        return Count(self._pieces * results, floats, 2 * connections * self._activation)

    def _collected(self) -> Count:
        """Each layer that trains but the last: input gradients and its own output in, its gradient out."""
        layers = range(self.lowest, self._depth)
        connections = self._connections(self._inner, self.lowest, self._depth)
        results = len(self.genomes) * len(layers)
        floats = (connections + 2 * results) * self._activation
        return Count(self._pieces * results, floats, 4 * connections * self._activation)

    def _multiplied(self) -> Count:
        """Inner products with the outputs of layers that do not train."""
        moved = 2 * self._connections(self._inner, 1, self.lowest) * self._activation
        return Count(self._pieces * len(self.genomes) * len(self._inner), moved, moved)

    def _connections(self, takers: range, first: int = 1, end: int | None = None) -> int:
        """To layers ``takers`` from layers ``first <= source < end``, of all members."""
        sources = range(first, end or self._depth)
        return sum(source in sources for g in self.genomes for layer in takers for source in g.sources(layer))

    def _neurons_forward(self) -> Count:
        """An entry and the side connection in, an output out; the first layer's entry is cleared before."""
        return Count(self._pieces * self._depth, (3 * self._depth + 1) * self._activation, 0)

    def _neurons_backward(self) -> Count:
        """Gradient, output and side gradient in, two gradients out; the loss; the side gradient cleared."""
        layers = self._depth - self.lowest + 1
        return Count(self._pieces * (layers + 1), (5 * layers + 3 + 1) * self._activation, 0)

    def _weight_gradients(self) -> Count:
        """Gradients cleared, ``W_x`` transposed, and the products' shares added up."""
        w_b, w_x, inner = self.m * self.n, self.n * self.n, len(self._inner)
        floats = (self._depth - self.lowest + 1) * (1 + self.layers) + 2 * w_x
        calls = 2
        if self.lowest <= 2 <= self._depth:
            calls += self._pieces * inner
            floats += w_x + 3 * self._pieces * inner * w_x
        if self.lowest == 1:
            calls += self._pieces
            floats += w_b + 3 * self._pieces * w_b
        return Count(calls, floats, 0)


def _sum(left: Count, right: Count) -> Count:
    return Count(*(a + b for a, b in zip(left, right, strict=True)))
