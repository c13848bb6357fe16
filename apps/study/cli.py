"""The command line of the study; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from apps.arguments import Help, Parser, at_least, path
from apps.cli import run
from apps.study.options import StudyOptions

_DESCRIPTION: Final = """\
Re-make tables and figures of "A Design Space Study for LISTA and Beyond" at a scale of your choice: train
what is missing, and set every number beside the paper's."""

ALL: Final = "all"

PIECES: Final = (
    "figure3",
    "figure2",
    "figure9",
    "table1",
    "table2",
    "table3",
    "last-layer",
    "dladmm",
    "figure5",
    "figure6",
    "figure7",
    "figure8",
    "starts",
)
"""In the order in which all of them are made: what others build on comes first."""


def _rows(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(prog="python -m apps.study", description=_DESCRIPTION, formatter_class=Help)
    result.add_argument(
        "pieces",
        nargs="+",
        choices=(*PIECES, ALL),
        metavar="PIECE",
        help=f"of {', '.join(PIECES)} and all; starts asks what form, start and length of training do",
    )
    result.add_argument(
        "--scale", default="small", help="smoke (a minute), small (hours), or paper (accelerators)"
    )
    result.add_argument(
        "--form", choices=("mean", "sum", "both"), default="both", help="of the weighted average"
    )
    result.add_argument(
        "--rows", type=_rows, default=None, help="of Tables 1 and 2, like b,d,ill_conditioned; all if absent"
    )
    result.add_argument(
        "--seeds", type=at_least(2), help="that models are compared over; the scale's if absent"
    )
    result.add_argument("--training-images", type=path, help="folder or .npz, for table3")
    result.add_argument("--testing-images", type=path, help="folder or .npz, for table3")
    result.add_argument("--device", default="auto", help="to train on: auto, cpu, cuda, mps, ...")
    result.add_argument("--workers", type=at_least(1), help="units trained side by side")
    result.add_argument("--out", type=path, help="run directory; runs/study-SCALE if absent")
    return result


def main(arguments: Sequence[str]) -> int:
    """Make what was asked for; returns the exit code."""
    options = StudyOptions(**vars(parser().parse_args(arguments)))

    def study() -> int:
        from apps.study.run import run_study

        run_study(options)
        return 0

    return run(study)
