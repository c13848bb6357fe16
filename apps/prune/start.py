"""The network that is pruned, and the kind of its parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from analysis.pruning_parts import CONNECTIONS, Parts, count
from analysis.side_pruning import SIDES
from apps.prune.options import PruneOptions
from builders.cells import Cell
from genome import Genome, InputError, load_genome
from genome.gates import check_layers

_NAMED: Final[Mapping[str, Callable[[int], Genome]]] = {
    "lista": Genome.lista,
    "lfista": Genome.lfista,
    "dense": Genome.dense,
}
_RELEASED: Final = "released"
_LAYERS: Final = 8


def start(options: PruneOptions) -> Genome:
    """The network that the command line names.

    Raises:
        InputError: an illegal depth, or a file that has no genome, or one of another depth.
    """
    if options.genome in _NAMED:
        layers = _LAYERS if options.layers is None else options.layers
        check_layers(layers)
        return _NAMED[options.genome](layers)
    if options.genome != _RELEASED:
        return load_genome(Path(options.genome), options.layers)
    released = Genome.released_searched()
    if options.layers not in (None, released.layers):
        raise InputError(f"The released network has {released.layers} layers, got {options.layers}.")
    return released


def parts_of(options: PruneOptions, genome: Genome) -> Parts:
    """The kind of parts that is removed, after a check that it can be.

    Raises:
        InputError: there is nothing to remove, the elimination is to stop where it cannot, or patterns of
            side connections are asked for where these are not pruned.
    """
    parts: Parts = SIDES if options.side else CONNECTIONS
    if not parts.of(genome):
        raise InputError(f"A network to be pruned must have {parts.name} to remove, got none in {genome}.")
    most = count(parts, genome)
    if options.least is not None and not parts.least <= options.least <= most:
        raise InputError(
            f"The number of {parts.name} to stop at must lie in {parts.least}..{most}, got {options.least}."
        )
    if options.patterns and not options.side:
        raise InputError(
            f"Patterns are of side connections and need --side, got {options.patterns} without it."
        )
    return parts


def check_cell(cell: Cell, genome: Genome, parts: Parts, m: int, n: int) -> None:
    """Refuse a cell that cannot take the network, or what is left of it.

    Raises:
        InputError: it cannot; the message names the layer.
    """
    left = genome
    while removable := parts.of(left):
        cell.check(left, m, n)
        left = parts.without(left, removable[-1])
    cell.check(left, m, n)
