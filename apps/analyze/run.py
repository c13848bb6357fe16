"""One analysis, from run directories to files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.text import Text

from analysis.stability import check_resampling
from apps.analyze.agreement import agreement
from apps.analyze.content import content
from apps.analyze.options import AnalyzeOptions
from apps.analyze.outputs import write_analysis
from apps.analyze.report import agreement_report, report
from apps.analyze.runs import read_runs
from apps.display.console import AppConsole
from apps.display.text import printable
from genome import InputError
from genome.files import write_atomic


def run_analysis(options: AnalyzeOptions) -> dict[str, Any]:
    """Analyze, print and write; returns the content of the ``analysis.json`` of every run, by name.

    Raises:
        InputError: a run or an option that cannot be used; nothing is written then.
        OSError: the files cannot be written.
    """
    check_resampling(options.resamples, options.seed, options.threshold)
    console = AppConsole()
    with console.status("reading"):
        runs = read_runs(options)
    several = len(runs) > 1
    default = Path("runs/analysis") if several else runs[0].folder / "analysis"
    out = options.out or default
    folders = {run.name: out / run.name if several else out for run in runs}
    _make(folders)
    found = {}
    for run in runs:
        with console.status(Text(printable(f"analyzing {run.name}"))):
            found[run.name] = content(run, options)
            files = write_analysis(folders[run.name], found[run.name], run)
        console.print(report(found[run.name]))
        console.print()
        console.remark(_written(folders[run.name], files))
    if several:
        agreed = agreement(runs, options.threshold)
        write_atomic(out / "agreement.json", json.dumps(agreed, indent=1, allow_nan=False) + "\n")
        console.print(agreement_report(agreed))
        console.remark(_written(out, ["agreement.json"]))
    return found


def _written(folder: Path, files: Sequence[str]) -> str:
    return f"Written to {folder}: {', '.join(files)}."


def _make(folders: Mapping[str, Path]) -> None:
    for folder in folders.values():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(
                f"An analysis must be written to a folder that can be made, got {folder} ({reason})."
            ) from None
