"""The command line of the transfer; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

from apps.arguments import Help, Parser, at_least, target
from apps.cli import run
from apps.problem_options import ProblemOptions, add_problem_options
from apps.training_options import add_training_options
from apps.transfer.options import PaperRow, TransferOptions

_DESCRIPTION = """\
Move the connections of a network to another cell, depth, size, noise, amount of data or problem, train it
there anew, and say whether this pattern helps there: beside no extra connections, random patterns of the same
size, dense connections into the latter half of the layers, and all connections, on the same seeds.
Interrupted or killed, the same command goes on where it was."""

_SAID_BY_ROW: Final[Mapping[str, str]] = {
    "sparsity": "--sparsity",
    "snr_db": "--snr",
    "data": "--data",
    "problem": "--problem",
}
"""Options of a problem that a row of the study settles itself."""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(prog="python -m apps.transfer", description=_DESCRIPTION, formatter_class=Help)
    _add_pattern(result)
    problem = result.add_argument_group("problem")
    add_problem_options(problem)
    problem.add_argument(
        "--row",
        metavar="ROW",
        help="a row of the study's Tables 1 and 2 instead: b to k, 512x1024 or ill_conditioned, at its own"
        " size unless --m and --n say another",
    )
    problem.add_argument(
        "--train", type=at_least(1), help="training samples, the first of the problem's; all if absent"
    )
    _add_training(result.add_argument_group("training and comparison"))
    return result


def _add_pattern(result: argparse.ArgumentParser) -> None:
    result.add_argument(
        "genome",
        type=target,
        metavar="GENOME",
        help="an architecture, as a search writes it, or released, lfista or dense",
    )
    result.add_argument(
        "--to",
        dest="cells",
        action="append",
        metavar="CELL[,OPTION=VALUE...]",
        default=[],
        help="the cell to move it to, lista if absent; may be given again for others",
    )
    result.add_argument("--layers", type=at_least(3), help="the depth to move it to; its own if absent")
    result.add_argument(
        "--whole",
        action="store_true",
        help="move neurons, side connections, weights and thresholds too, to the rivals as well",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--random", type=at_least(1), default=5, help="random patterns of the same size")
    add_training_options(group)
    group.add_argument(
        "--seeds", type=at_least(2), default=5, help="seeds that every network is trained with"
    )
    group.add_argument("--seed", type=at_least(0), default=0, help="of the random patterns")


def main(arguments: Sequence[str]) -> int:
    """Move a pattern; returns the exit code."""
    values, given = vars(parser().parse_args(arguments)), _given(arguments)

    def transfer() -> int:
        problem = _problem(values, given)
        from apps.transfer.run import run_transfer

        run_transfer(TransferOptions(**values, problem=problem))
        return 0

    return run(transfer)


def _given(arguments: Sequence[str]) -> Collection[str]:
    """The problem's options that the command line says itself."""
    # argparse sets no default where the namespace has a value.
    absent = argparse.Namespace(**dict.fromkeys(field.name for field in fields(ProblemOptions)))
    said = vars(parser().parse_args(arguments, absent))
    return [field.name for field in fields(ProblemOptions) if said[field.name] is not None]


def _problem(values: dict[str, Any], given: Collection[str]) -> ProblemOptions | PaperRow:
    """Take from the command line's values what says which problem.

    Raises:
        InputError: a row of the study, beside an option that it settles itself.
    """
    row = values.pop("row")
    options = {field.name: values.pop(field.name) for field in fields(ProblemOptions)}
    if row is None:
        return ProblemOptions(**options)
    for name, option in _SAID_BY_ROW.items():
        if name in given:
            from genome.errors import InputError

            raise InputError(
                f"A row of the study settles its signals and noise itself, got {option} beside it."
            )
    m, n = (options[name] if name in given else None for name in ("m", "n"))
    return PaperRow(row, m, n, options["problem_seed"])
