"""Connectivity patterns that a study compares: random ones of a size, dense parts, other depths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from genome.errors import InputError
from genome.gates import check_layers
from genome.genome import Genome
from genome.strict import integer

Choice = TypeVar("Choice")


def extra_places(layers: int) -> tuple[tuple[int, int], ...]:
    """Every extra connection that K layers can have, (destination, source) pairs in ascending order.

    Raises:
        InputError: the depth is illegal.
    """
    check_layers(layers)
    return tuple((d, s) for d in range(3, layers + 1) for s in range(1, d - 1))


def random_pattern(layers: int, connections: int, rng: np.random.Generator) -> Genome:
    """A network with exactly so many extra connections, every set of them equally likely.

    Raises:
        InputError: more connections than K layers can have, or the depth is illegal.
    """
    places = extra_places(layers)
    integer(connections, f"The extra connections of {layers} layers", 0, len(places))
    chosen = rng.choice(len(places), size=connections, replace=False) if connections else ()
    return Genome.from_connections(layers, [places[place] for place in sorted(chosen)])


def spread_patterns(layers: int, count: int, rng: np.random.Generator) -> tuple[Genome, ...]:
    """Random networks whose numbers of extra connections lie evenly from 1 to the most there can be.

    Gates that are each on with probability one half would give nearly equal numbers; the distributions of
    the study (Figures 5, 6 and 8) are over all of them.

    Raises:
        InputError: a count below 1, or a depth that has no extra connections.
    """
    integer(count, "The number of random networks", 1, 10**6)
    most = len(extra_places(layers))
    if not most:
        raise InputError(f"Networks with extra connections need at least 3 layers, got {layers}.")
    sizes = np.linspace(1, most, count).round().astype(int)
    return tuple(random_pattern(layers, int(size), rng) for size in sizes)


def dense_into(layers: int, first: int) -> Genome:
    """Every connection into the destination layers ``first`` to K, and no other.

    At K = 16, ``dense_into(16, 10)`` is the study's "dense in the latter half", with 77 connections
    (section 4).

    Raises:
        InputError: the depth is illegal, or there is no such layer.
    """
    places = extra_places(layers)
    integer(first, "The first densely connected layer", 1, layers)
    return Genome.from_connections(layers, [(d, s) for d, s in places if d >= first])


def with_last_layer(base: Genome, pattern: Genome) -> Genome:
    """A network with the connections of another one's last layer beside its own (study, section 4).

    Raises:
        InputError: the two differ in depth.
    """
    if base.layers != pattern.layers:
        raise InputError(
            f"A last layer can only be taken from a network of the same depth, got {pattern.layers} layers "
            f"for {base.layers}."
        )
    last = zip(base.gates[-1], pattern.gates[-1], strict=True)
    return replace(base, gates=(*base.gates[:-1], tuple(a or b for a, b in last)))


def resampled(genome: Genome, layers: int) -> Genome:
    """The same pattern at another depth.

    A layer is like the one at the same relative depth: layer d of K' layers is like layer
    ``1 + round((d - 1) (K - 1) / (K' - 1))``, but at least the third where it can have extra connections.
    Of its sources 1..d-2, each is on where the one at the same relative place between the first and the last
    of that layer's is; the only source of layer 3 is like the last. Halves are rounded up. So a chain, a
    dense network, and at smaller depths LFISTA stay what they are, and at the same depth every network does.
    The share of the extra connections is kept on average over patterns, not by each of them.

    Raises:
        InputError: the depth is illegal, or the network is too shallow to have a pattern and the other one
            is not.
    """
    check_layers(layers)
    if genome.layers < 3 <= layers:
        raise InputError(
            f"A pattern of connections needs at least 3 layers to be moved to {layers}, got {genome.layers}."
        )
    like = [_scaled(d - 1, genome.layers - 1, layers - 1) + 1 for d in range(1, layers + 1)]
    connections = []
    for destination, source in extra_places(layers):
        original = max(3, like[destination - 1])
        last = original - 2
        place = last if destination == 3 else 1 + _scaled(source - 1, last - 1, destination - 3)
        if genome.gates[original - 1][place - 1]:
            connections.append((destination, source))
    return Genome.from_connections(
        layers,
        connections,
        neurons=_each(genome.neurons, like),
        side=_each(genome.side, like),
        weights=_each(genome.weights, like),
        thresholds=_each(genome.thresholds, like),
    )


def _scaled(place: int, size: int, of: int) -> int:
    """``place * size / of``, rounded, halves up; 0 of 0 is 0."""
    return (2 * place * size + of) // (2 * of) if of else 0


def _each(values: Sequence[Choice], like: Sequence[int]) -> tuple[Choice, ...]:
    return tuple(values[layer - 1] for layer in like)
