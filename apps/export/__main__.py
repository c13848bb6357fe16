"""The command line of the export; answers ``--help`` without importing torch, NumPy or Optuna."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from apps.arguments import Parser, path, target
from apps.cli import run

_DESCRIPTION = """\
Write what a search evaluated as an Optuna study, for optuna-dashboard and Optuna's importances. Run again, it
adds what is new; the search may be running, and is not disturbed."""


def parser() -> Parser:
    """The command line's grammar."""
    result = Parser(
        prog="python -m apps.export",
        description=_DESCRIPTION,
        epilog="Exit status: 0 if the study has every trial, 2 for what cannot be read or written.",
    )
    result.add_argument("run", type=path, metavar="RUN", help="run directory of a search")
    result.add_argument(
        "--optuna",
        type=target,
        required=True,
        metavar="STORAGE",
        help="where to write the study: a database URL as Optuna takes it, such as sqlite:///study.db, or the"
        " path of an Optuna journal file, which is written much faster",
    )
    result.add_argument("--study", metavar="NAME", help="name of the study; the run directory's if absent")
    result.add_argument(
        "--archive",
        type=target,
        metavar="TARGET",
        help="file or URL of the run's archive, where the search was given --storage",
    )
    return result


def main(arguments: Sequence[str]) -> int:
    """Export a run; returns the exit code."""
    options = parser().parse_args(arguments)

    def export() -> int:
        from apps.export.report import as_lines, progress
        from apps.export.searched import read_search
        from apps.export.study import export_search

        searched = read_search(options.run, options.archive)
        name = options.study or searched.name
        sys.stdout.write(as_lines(searched, export_search(searched, name, options.optuna, progress)))
        return 0

    return run(export)


if __name__ == "__main__":
    # A scheduler's request to end leaves as clean a study as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
