"""What is moved, and to which problem: the pattern and the setting that the options ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from analysis.transfer import connectivity
from apps.arguments import named_options
from apps.problem_options import create_problem
from apps.transfer.options import PaperRow, TransferOptions
from builders.cells import Cell, create_cell
from evaluation.problems import Limited, PaperSetting, Problem, paper_problem
from genome import Genome, InputError, load_genome
from genome.patterns import resampled

_USUAL_DEPTH: Final = 16
_BARE: Final = "lista"

_KNOWN: Final[Mapping[str, Callable[[int | None], Genome]]] = {
    "released": lambda _: Genome.released_searched(),
    "lfista": lambda layers: Genome.lfista(layers or _USUAL_DEPTH),
    "dense": lambda layers: Genome.dense(layers or _USUAL_DEPTH),
}
"""Networks that need no file; those that exist at any depth are made at the one asked for."""


def given_genome(options: TransferOptions) -> Genome:
    """The network whose pattern is moved, as it was found.

    Raises:
        InputError: the file cannot be used, or the network has no connections by its name.
    """
    if options.genome == _BARE:
        raise InputError(f"A network must have extra connections to move, got {_BARE}, which has none.")
    known = _KNOWN.get(options.genome)
    return known(options.layers) if known else load_genome(options.genome)


def moved(given: Genome, options: TransferOptions) -> Genome:
    """The network as it is trained in the new setting.

    Raises:
        InputError: it is too shallow to have a pattern.
    """
    kept = given if options.whole else connectivity(given)
    return kept if options.layers is None else resampled(kept, options.layers)


def rule(given: Genome, layers: int) -> str | None:
    """How the pattern came to another depth, in a sentence; None where it did not."""
    if given.layers == layers:
        return None
    like = f"1 + round({given.layers - 1} (d - 1) / {layers - 1})"
    return (
        f"Layer d of {layers} has the connections of layer {like} of {given.layers}, at least 3, each taken "
        "from the source at the same relative place."
    )


def moved_to(options: TransferOptions) -> Problem:
    """The problem.

    Raises:
        InputError: a value out of range, an unknown row, a file that cannot be used, or more training samples
            than there are.
    """
    asked = options.problem
    if isinstance(asked, PaperRow):
        problem = paper_problem(asked.row, PaperSetting(m=asked.m, n=asked.n, seed=asked.problem_seed))
    else:
        problem = create_problem(asked, options.protocol)
    if options.train is None:
        return problem
    limited = Limited(problem, options.train, problem.dataset(0).valid.samples)
    limited.split(0, "train")
    return limited


def cells(options: TransferOptions) -> list[Cell]:
    """The cells that the pattern is moved to.

    Raises:
        InputError: a cell cannot be made, or stands there twice.
    """
    made: list[Cell] = []
    for text in options.cells or ["lista"]:
        cell = create_cell(*named_options(text, "A cell"))
        if cell in made:
            raise InputError(f"A pattern is moved to every cell once, got {text!r} twice.")
        made.append(cell)
    return made
