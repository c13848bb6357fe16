"""Gate rows: which layer takes which earlier layer's output.

Layers are numbered 1..K. ``gates[d - 1][s - 1]`` says whether destination layer ``d`` takes the output of
source layer ``s``; row ``d`` has ``d - 1`` entries, so a layer can only look back. The connection from the
layer just before (``s = d - 1``) is the *default* connection and is always on; the others are *extra*
connections (Section 3 of the design-space study).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index

from genome.errors import InputError
from genome.strict import boolean, integer, shown

Gates = tuple[tuple[bool, ...], ...]
"""Gate rows of layers 1..K; row ``d`` has ``d - 1`` entries."""

MAX_LAYERS = 1024
"""Deepest network that can be described: a bound against absurd files, far above any unrolled network."""


def gate_name(destination: int, source: int) -> str:
    """Name a gate the way every message does."""
    return f"gate {destination}<-{source} (destination {destination}, source {source})"


def check_layers(layers: object) -> int:
    """Return ``layers`` if it is a depth that a genome can have.

    Raises:
        InputError: It is not an integer from 1 to ``MAX_LAYERS``.
    """
    return integer(layers, "The number of layers", 1, MAX_LAYERS)


def check_gates(gates: Gates) -> None:
    """Check the shape, the types and the default connections of gate rows.

    Raises:
        InputError: The first broken rule, naming the gate.
    """
    if type(gates) is not tuple:
        raise InputError(f"Gates must be a tuple of tuples of bool, got {shown(gates)}.")
    check_layers(len(gates))
    for destination, row in enumerate(gates, 1):
        if type(row) is not tuple:
            raise InputError(f"The gates of destination {destination} must be a tuple, got {shown(row)}.")
        if len(row) != destination - 1:
            _refuse_length(destination, row)
        if not set(map(type, row)) <= {bool}:
            for source, gate in enumerate(row, 1):
                boolean(gate, f"The {gate_name(destination, source)}")
        if row and not row[-1]:
            raise InputError(
                f"The {gate_name(destination, destination - 1)} is the default connection and must be on."
            )


def _not_earlier(destination: int, source: int) -> InputError:
    return InputError(
        f"The {gate_name(destination, source)} must be off: a layer takes outputs of earlier layers only."
    )


def check_side(side: tuple[bool, ...], layers: int) -> None:
    """Check that there is one side-connection gate for each layer, on for layer 1.

    Raises:
        InputError: The first broken rule, naming the layer.
    """
    if type(side) is not tuple or len(side) != layers:
        raise InputError(
            f"Side must be a tuple with one bool for each of {layers} layers, got {shown(side)}."
        )
    for layer, gate in enumerate(side, 1):
        boolean(gate, f"The side connection of layer {layer}")
    if not side[0]:
        raise InputError("The side connection of layer 1 must be on: the first layer has no other input.")


def _refuse_length(destination: int, row: tuple[bool, ...]) -> None:
    for source in range(destination, len(row) + 1):
        if row[source - 1]:
            raise _not_earlier(destination, source)
    raise InputError(
        f"Destination {destination} must have {destination - 1} gates, one for each earlier layer, "
        f"got {len(row)}."
    )


def extra_connections(gates: Gates) -> tuple[tuple[int, int], ...]:
    """List the extra connections as sorted pairs (destination, source)."""
    return tuple(
        (destination, source)
        for destination, row in enumerate(gates, 1)
        for source, gate in enumerate(row[:-1], 1)
        if gate
    )


def flat_gates(gates: Gates) -> list[bool]:
    """List the gates of all possible extra connections, row by row."""
    return [gate for row in gates for gate in row[:-1]]


def from_flat(layers: int, flat: Sequence[bool]) -> Gates:
    """Build gate rows from the (K - 1)(K - 2)/2 entries that :func:`flat_gates` gives."""
    rows: list[tuple[bool, ...]] = [()]
    start = 0
    for free in range(layers - 1):
        rows.append((*flat[start : start + free], True))
        start += free
    return tuple(rows)


def from_pairs(layers: int, pairs: Iterable[Sequence[int]]) -> Gates:
    """Build gate rows from pairs (destination, source).

    The default connections are always on, whether they are listed or not.

    Raises:
        InputError: The depth is out of range, a pair is not two integers, a layer does not exist, a source
            is not before its destination, or a pair stands there twice.
    """
    check_layers(layers)
    rows = [[False] * (destination - 2) + [True] for destination in range(2, layers + 1)]
    seen: set[tuple[int, int]] = set()
    for place, pair in enumerate(pairs, 1):
        destination, source = _two_layers(pair, place, layers)
        if source >= destination:
            raise _not_earlier(destination, source)
        if (destination, source) in seen:
            raise InputError(
                f"Every connection must be listed once, got {gate_name(destination, source)} twice."
            )
        seen.add((destination, source))
        rows[destination - 2][source - 1] = True
    return ((), *map(tuple, rows))


def _two_layers(pair: Sequence[int], place: int, layers: int) -> tuple[int, int]:
    try:
        if len(pair) != 2 or isinstance(pair[0], bool) or isinstance(pair[1], bool):
            raise TypeError
        destination, source = index(pair[0]), index(pair[1])
    except (TypeError, LookupError):
        raise InputError(
            f"A connection must be a pair of integers (destination, source), got {shown(pair)} "
            f"at position {place}."
        ) from None
    if not (1 <= destination <= layers and 1 <= source <= layers):
        raise InputError(
            f"Layers must lie in 1..{layers}, got destination {shown(destination)}, source {shown(source)} "
            f"at position {place}."
        )
    return destination, source
