"""How a search goes about it: its optimizer, made of the command line, and its halving."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

import optimizers
from apps.search.options import SearchOptions
from evaluation.halving import Halving
from genome import DesignSpace, Genome, InputError, load_genome
from optimizers import Optimizer
from optimizers.goals import Goal

_OTHERWISE: Final = MappingProxyType(
    {
        "founders": "--founder",
        "goals": "--goals",
        "name": "--optimizer",
        "seed": "--seed",
        "space": "--layers, --neurons and the other options of the design space",
    }
)
"""Names that are no options of their own, and what sets them."""


def create_optimizer(options: SearchOptions, space: DesignSpace, goals: Sequence[Goal]) -> Optimizer:
    """Make the optimizer.

    Raises:
        InputError: there is none of that name, or it refuses an option or several goals.
    """
    for name in options.optimizer_options:
        if name in _OTHERWISE:
            raise InputError(
                f"An option of an optimizer must be its own, got {name!r}: use {_OTHERWISE[name]}."
            )
    given: dict[str, object] = {**options.optimizer_options}
    if options.founders:
        given["founders"] = founders(options, space)
    return optimizers.create(options.optimizer, space, options.seed, goals=tuple(goals), **given)


def founders(options: SearchOptions, space: DesignSpace) -> tuple[Genome, ...]:
    """The genomes that a search begins with.

    Raises:
        InputError: a file holds none, or one of another depth or outside the space; the message ends with the
            path.
    """
    return tuple(_founder(path, space) for path in options.founders)


def _founder(path: Path, space: DesignSpace) -> Genome:
    genome = load_genome(path, space.layers)
    try:
        space.encode(genome)  # Refuses what is outside.
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')}, in {path}.") from None
    return genome


def check_optimizer(options: SearchOptions, space: DesignSpace, goals: Sequence[Goal]) -> None:
    """Refuse what the optimizer refuses, be it only when it is asked for the first genome.

    Raises:
        InputError: as for `create_optimizer`, and for a value that the optimizer cannot work with.
    """
    optimizer = create_optimizer(options, space, goals)
    if not options.optimizer_options:
        return
    try:
        optimizer.ask(1)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        given = ", ".join(f"{name}={value}" for name, value in options.optimizer_options.items())
        raise InputError(f"Optimizer {options.optimizer!r} cannot work with {given}: {error}.") from error


def create_halving(options: SearchOptions) -> Halving | None:
    """The halving; None where every network is trained whole.

    Raises:
        InputError: rungs or share are out of range, a batch has one network, a share has no rungs, or there
            are several goals: the networks that are small for their NMSE would be dropped.
    """
    if not options.rungs:
        if options.keep is not None:
            raise InputError(f"A share to keep needs rungs to keep it at, got --keep {options.keep} alone.")
        return None
    if len(options.goals) > 1:
        given = ", ".join(options.goals)
        raise InputError(f"Halving compares networks by their NMSE alone, got the goals {given}.")
    halving = Halving(options.rungs) if options.keep is None else Halving(options.rungs, options.keep)
    halving.check(options.layers)
    if options.batch < 2:
        raise InputError(f"Halving needs batches of at least 2 networks, got {options.batch}.")
    return halving
