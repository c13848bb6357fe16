"""The command line of the analysis; answers ``--help`` without importing torch or NumPy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from apps.analyze.options import AnalyzeOptions
from apps.arguments import Help, Parser, at_least, path, target
from apps.cli import run

_DESCRIPTION = """\
Take searches apart: how stable the average of the best networks is, where its connections are, what each
connection does to the score, and, of several searches, how far they agree. Nothing is trained; a search may
be running, and is not disturbed."""


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(
        prog="python -m apps.analyze",
        description=_DESCRIPTION,
        formatter_class=Help,
    )
    result.add_argument("runs", nargs="+", type=path, metavar="RUN", help="run directory of a search")
    result.add_argument(
        "--top", type=at_least(1), help="best networks that make the average; as in the search if absent"
    )
    result.add_argument(
        "--against",
        type=at_least(1),
        help="best networks whose average it is compared with; 3/5 of --top if absent",
    )
    result.add_argument(
        "--resamples", type=at_least(1), default=1000, help="of the best networks, for the bootstrap"
    )
    result.add_argument("--seed", type=at_least(0), default=0, help="of the bootstrap")
    result.add_argument(
        "--threshold",
        type=float,
        default=0.5,
        help="share of the best networks from which on their average has a connection",
    )
    result.add_argument(
        "--archive",
        type=target,
        metavar="TARGET",
        help="file or URL of the runs' archive, where the searches were given --storage",
    )
    result.add_argument(
        "--out",
        type=path,
        metavar="DIR",
        help="folder to write to; RUN/analysis if absent, or runs/analysis for several runs",
    )
    return result


def main(arguments: Sequence[str]) -> int:
    """Analyze runs; returns the exit code."""
    options = AnalyzeOptions(**vars(parser().parse_args(arguments)))

    def analyze() -> int:
        from apps.analyze.run import run_analysis

        run_analysis(options)
        return 0

    return run(analyze)
