"""The parts of a training step, and which of them an operation belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.op_clock import Operation

_FLOAT = 4

GATHER: Final = "gather batch"
FORWARD_PRODUCTS, BACKWARD_PRODUCTS = "products, forward", "products, backward"
FORWARD_SUMS, BACKWARD_SUMS = "weighted sums, forward", "weighted sums, backward"
FORWARD_NEURONS, BACKWARD_NEURONS = "neurons, forward", "neurons and side, backward"
COEFFICIENTS: Final = "coefficient gradient"
COLLECTED: Final = "sums and coefficients, backward"
"""Both in one pass."""
ADAM: Final = "gradients and Adam"
SMALL: Final = "small tensors"
VIEWS: Final = "views"
WEIGHT_GRADIENTS: Final = "weight gradients"
ADAM_ALONE: Final = "Adam"

PARTS: Final = (
    GATHER,
    FORWARD_PRODUCTS,
    FORWARD_SUMS,
    FORWARD_NEURONS,
    BACKWARD_PRODUCTS,
    BACKWARD_SUMS,
    BACKWARD_NEURONS,
    COEFFICIENTS,
    ADAM,
    SMALL,
    VIEWS,
)
"""Of a step in tensor operations; a compiled step has most of them too."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of a step takes.

    Attributes:
        calls: operations a step.
        seconds: a step.
        traffic: bytes a step.
        operations: float operations a step of products, of weighted sums among them.
    """

    calls: float
    seconds: float
    traffic: float
    operations: float


@dataclass(frozen=True, slots=True)
class Step:
    """What a training step takes.

    Attributes:
        seconds: unobserved.
        parts: by name; what is left of ``seconds`` is the last one.
        share: seconds of the parts that were measured, in ``seconds``.
    """

    seconds: float
    parts: dict[str, Part]
    share: float

    @classmethod
    def of(cls, whole: float, parts: dict[str, Part], rest: str) -> Step:
        """A step with the name of what its measured parts leave, which is none where they exceed it."""
        spent = sum(part.seconds for part in parts.values())
        left = Part(0.0, max(0.0, whole - spent), 0.0, 0.0)
        return cls(whole, {**parts, rest: left}, spent / whole)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What tells the parts apart.

    Attributes:
        tables: storages of the training split: measurements, then signals.
        members: P.
        batch: samples a step.
        m: measurements a sample.
        n: entries of a signal.
        layers: depth K.
        row: numbers that Adam updates for a member.
    """

    tables: tuple[int, int]
    members: int
    batch: int
    m: int
    n: int
    layers: int
    row: int


def assign(operations: Iterable[Operation], sizes: Sizes) -> Iterator[tuple[str, Operation]]:
    """Each operation with its part.

    What reads the training split gathers a batch. From there to the first use of the gathered signals is the
    forward pass, for only the loss needs them.
    """
    targets: frozenset[int] = frozenset()
    backward = False
    for operation in operations:
        if not operation.view and operation.reads & frozenset(sizes.tables):
            backward = False
            if sizes.tables[1] in operation.reads:
                targets = operation.writes
            yield GATHER, operation
            continue
        backward = backward or (not operation.view and bool(operation.reads & targets))
        yield _part(operation, sizes, backward=backward), operation


def _part(operation: Operation, sizes: Sizes, *, backward: bool) -> str:
    p, m, n = sizes.members, sizes.m, sizes.n
    if operation.view:
        return VIEWS
    if operation.product is not None:
        return _product(operation.product[1], sizes, backward=backward)
    if operation.shape in {(p, sizes.row), (p, m, n), (p, n, n)}:
        return ADAM
    if operation.traffic < _FLOAT * sizes.batch * n:
        return SMALL
    if operation.name in {"addcmul", "addcmul_"}:
        return BACKWARD_SUMS if backward else FORWARD_SUMS
    return BACKWARD_NEURONS if backward else FORWARD_NEURONS


def _product(inner: int, sizes: Sizes, *, backward: bool) -> str:
    """A matrix product's part, by its inner size: an axis of the data, layers, or a whole activation."""
    if inner in {sizes.m, sizes.n, sizes.batch}:
        return BACKWARD_PRODUCTS if backward else FORWARD_PRODUCTS
    if inner <= sizes.layers:
        return BACKWARD_SUMS if backward else FORWARD_SUMS
    return COEFFICIENTS
