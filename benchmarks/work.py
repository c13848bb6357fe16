"""Arithmetic and memory traffic that training a network takes at least."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from benchmarks.contenders.task import Task
from genome import Genome

_FLOAT = 4


@dataclass(frozen=True, slots=True)
class Work:
    """Operations and traffic.

    Attributes:
        products: float32 operations of the dense matrix products.
        sums: of the weighted sums of earlier outputs and of their derivatives, connections that exist only.
        traffic: bytes to and from wherever activations and parameters are kept.
    """

    products: float
    sums: float
    traffic: float

    def __add__(self, other: Self) -> Work:
        return Work(self.products + other.products, self.sums + other.sums, self.traffic + other.traffic)


def product_operations(depth: int, m: int, n: int, batch: int) -> float:
    """Operations of the matrix products of one training step of all parameters.

    ``W_b b`` and the gradient of ``W_b``; at each layer from the second on ``W_x z`` and the gradients of
    ``z`` and ``W_x``.
    """
    return 2.0 * batch * (2 * m * n + 3 * n * n * (depth - 1))


def new_layer_operations(depth: int, m: int, n: int, batch: int) -> float:
    """The same for a step that trains what the deepest layer brings: a forward pass, and that layer back."""
    forward = m * n + n * n * (depth - 1)
    backward = {1: m * n, 2: 2 * n * n}.get(depth, n * n)
    return 2.0 * batch * (forward + backward)


def stage_products(depth: int, task: Task) -> float:
    """Operations of the matrix products of one stage's training."""
    m, n, batch = task.problem.m, task.problem.n, task.protocol.batch
    of = {"all": product_operations, "new": new_layer_operations}
    return sum((phase.steps or 0) * of[phase.scope](depth, m, n, batch) for phase in task.protocol.phases)


def training_products(genomes: Iterable[Genome], task: Task, *, shared: bool) -> float:
    """Operations of the matrix products of training networks; they do not depend on connections.

    Args:
        genomes: the networks.
        task: problem and protocol.
        shared: whether a prefix that several networks have is trained once.
    """
    prefixes = [genome.prefix(depth) for genome in genomes for depth in range(1, genome.layers + 1)]
    return sum(stage_products(each.layers, task) for each in (set(prefixes) if shared else prefixes))


def least_step(genome: Genome, m: int, n: int, batch: int, parameters: int) -> Work:
    """One training step of all parameters, were every loop fused as far as the data flow allows.

    What is counted of the traffic, in activations of ``batch x n``: gathering a batch reads and writes it. A
    layer's forward pass reads its sources and ``W_b b`` and writes its input and its output; its backward
    pass reads the input gradients of the layers that take its output, its output and its input, writes and
    reads the gradient at the neuron's entry, adds it to that of ``W_b b``, writes its own input gradient, and
    reads its sources again for the coefficients. ``W_x`` is read twice a layer and its gradient read and
    written. Adam reads four numbers a parameter and writes three.

    Args:
        genome: of the network; its depth is the stage.
        m: measurements a sample.
        n: entries of a signal.
        batch: samples.
        parameters: numbers that Adam updates.
    """
    activation = batch * n
    connections = sum(len(genome.sources(layer)) for layer in range(1, genome.layers + 1))
    deeper = genome.layers - 1
    gather = 2 * batch * (m + n)
    shared = 2 * (batch * m + m * n + activation)
    forward = (connections + 3 * deeper + 2) * activation
    backward = (2 * connections + 7 * deeper + 5) * activation
    weights = 4 * n * n * deeper
    floats = gather + shared + forward + backward + weights + 7 * parameters
    return Work(
        products=product_operations(genome.layers, m, n, batch),
        sums=6.0 * connections * activation,
        traffic=float(_FLOAT * floats),
    )
