"""The command line of the baselines; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from apps.arguments import Help, Parser, at_least, path
from apps.baselines.options import BaselinesOptions
from apps.cli import run
from apps.problem_options import add_problem_options

_DESCRIPTION = """\
Solve a problem with solvers that learn nothing, tuned on its validation data, and with trained networks, and
measure both on its test data: quality, and time a signal on one thread of this machine's CPU."""

_SOLVERS: Final = "ista,fista,lasso,skglm,omp"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _counts(text: str) -> tuple[int, ...]:
    try:
        return tuple(at_least(1)(count) for count in text.split(","))
    except (ValueError, argparse.ArgumentTypeError):
        raise argparse.ArgumentTypeError(
            f"must be whole numbers of at least 1, like 100,1000, got {text!r}"
        ) from None


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(
        prog="python -m apps.baselines",
        description=_DESCRIPTION,
        formatter_class=Help,
    )
    _add_solvers(result.add_argument_group("solvers"))
    _add_networks(result.add_argument_group("networks"))
    add_problem_options(result.add_argument_group("problem"))
    _add_measurement(result.add_argument_group("measurement"))
    return result


def _add_solvers(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--solvers",
        type=_names,
        default=_SOLVERS,
        help="of ista, fista, lasso and omp (scikit-learn), and skglm (a fast Lasso)",
    )
    group.add_argument(
        "--iterations",
        type=_counts,
        default="100,1000",
        help="of ISTA and FISTA, besides as many as the networks have layers",
    )


def _add_networks(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--layers", type=at_least(1), default=16, help="depth K of the published networks")
    group.add_argument(
        "--cell",
        dest="cells",
        action="append",
        metavar="CELL[,OPTION=VALUE...]",
        default=[],
        help="a cell to train as a plain chain, and for the genomes; may be given again for others",
    )
    group.add_argument(
        "--genome",
        dest="genomes",
        action="append",
        type=path,
        metavar="FILE",
        default=[],
        help="an architecture to train, as a search writes it; may be given again",
    )
    group.add_argument(
        "--network",
        dest="networks",
        action="append",
        type=path,
        metavar="FILE",
        default=[],
        help="a trained network for the problem's dictionary, with --cell where it is your own cell's",
    )
    group.add_argument("--protocol", default="quick", help="how to train: smoke, quick or paper")
    group.add_argument("--seed", type=at_least(0), default=0, help="of training")
    group.add_argument("--device", default="auto", help="to train on: auto, cpu, cuda, mps, ...")
    group.add_argument("--workers", type=at_least(1), help="units trained side by side")


def _add_measurement(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--samples", type=at_least(2), default=1000, help="test samples that give the quality, at most"
    )
    group.add_argument(
        "--tuning", type=at_least(1), default=250, help="validation samples to tune solvers on, at most"
    )
    group.add_argument("--rounds", type=at_least(1), default=15, help="rounds of timing")
    group.add_argument(
        "--out", type=path, help="run directory; named after the settings, below runs/, if absent"
    )


def main(arguments: Sequence[str]) -> int:
    """Measure the baselines; returns the exit code."""
    options = BaselinesOptions(**vars(parser().parse_args(arguments)))

    def baselines() -> int:
        from apps.baselines.run import run_baselines

        run_baselines(options)
        return 0

    return run(baselines)
