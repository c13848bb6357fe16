"""The command line of the comparison; answers ``--help`` without importing NumPy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from apps.arguments import Help, Parser, at_least, path, target
from apps.cli import run
from apps.compare.options import CompareOptions

_DESCRIPTION = """\
Run optimizers over many seeds on a table of networks trained beforehand, which takes minutes, and say
whether they beat random search: regret after several numbers of evaluations, with intervals and tests."""

_DEFAULT = ("evolution", "reinforce", "tpe", "nsga2", "cmaes")


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(
        prog="python -m apps.compare",
        description=_DESCRIPTION,
        formatter_class=Help,
    )
    result.add_argument(
        "optimizers",
        nargs="*",
        default=_DEFAULT,
        metavar="OPTIMIZER",
        help="NAME or package.module:Class, and its options: evolution,population=32; random is always there",
    )
    result.add_argument(
        "--table",
        type=target,
        default="connections",
        help="connections, neurons, or a file that make_table wrote",
    )
    result.add_argument(
        "--score",
        choices=("nmse", "hypervolume"),
        default="nmse",
        help="what is to be low: NMSE, or with few connections too",
    )
    result.add_argument("--seeds", type=at_least(2), default=50, help="runs of every optimizer")
    result.add_argument("--budget", type=at_least(1), default=200, help="genomes that a run evaluates")
    result.add_argument("--batch", type=at_least(1), default=8, help="genomes asked for at once")
    result.add_argument(
        "--top", type=at_least(1), default=50, help="best genomes of a run that make its average"
    )
    result.add_argument("--workers", type=at_least(1), help="processes; as many as cores if absent")
    result.add_argument(
        "--out", type=path, default=Path("runs/compare"), help="folder of compare.json and regret.png"
    )
    return result


def main(arguments: Sequence[str]) -> int:
    """Run the comparison; returns the exit code."""
    options = CompareOptions(**vars(parser().parse_args(arguments)))

    def compare() -> int:
        from apps.compare.run import run_comparison

        run_comparison(options)
        return 0

    return run(compare)
