"""The command line of pruning; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from apps.arguments import Help, Parser, at_least, target
from apps.cli import run
from apps.problem_options import add_problem_options
from apps.prune.options import PruneOptions
from apps.training_options import add_training_options

_DESCRIPTION = """\
Remove the extra connections of a network one at a time, training what is left anew: what each is worth, how
the validation score falls with their number, and the smallest network within a margin of the one given, which
is compared with it on test data and fresh seeds. Interrupted or killed, the same command goes on where it
was."""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(
        prog="python -m apps.prune",
        description=_DESCRIPTION,
        formatter_class=Help,
    )
    _add_pruning(result.add_argument_group("pruning"))
    add_problem_options(result.add_argument_group("problem"))
    _add_training(result.add_argument_group("training and comparison"))
    return result


def _add_pruning(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "genome",
        type=target,
        metavar="GENOME",
        help="a file as a search writes it, or lista, lfista, dense or released",
    )
    group.add_argument(
        "--layers", type=at_least(1), help="depth K; 8 if absent for lista, lfista and dense, 16 for released"
    )
    group.add_argument(
        "--margin", type=float, default=0.3, help="dB that the smallest network may be worse than the start"
    )
    group.add_argument(
        "--to",
        dest="least",
        type=at_least(0),
        metavar="N",
        help="connections to stop at; as few as there can be if absent, and as many as there are only ranks",
    )
    group.add_argument(
        "--candidates",
        type=at_least(1),
        metavar="C",
        help="removals tried in a round after the first, least harmful ones; all if absent",
    )
    group.add_argument("--side", action="store_true", help="prune side connections instead of extra ones")
    group.add_argument(
        "--patterns",
        type=at_least(0),
        default=0,
        metavar="N",
        help="with --side, patterns of side connections to train besides; all, where there are no more",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--cell", default="lista", metavar="CELL[,OPTION=VALUE...]", help="one iteration")
    add_training_options(group)
    group.add_argument(
        "--seeds", type=at_least(2), default=3, help="that select, and as many fresh ones that compare"
    )
    group.add_argument("--seed", type=at_least(0), default=0, help="first of the seeds that select")


def main(arguments: Sequence[str]) -> int:
    """Prune; returns the exit code."""
    options = PruneOptions(**vars(parser().parse_args(arguments)))

    def prune() -> int:
        from apps.prune.run import run_prune

        run_prune(options)
        return 0

    return run(prune)
