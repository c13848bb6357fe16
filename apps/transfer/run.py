"""One transfer from options to files."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.figure_files import save_figure
from analysis.shown import Shown, cell_text
from analysis.transfer import Patterns, rivals
from analysis.transfer_figure import transfer_figure
from apps.display.console import AppConsole
from apps.display.text import printable
from apps.search.comparison import comparison_seeds
from apps.search.run_directory import RunDirectory, owner
from apps.training_options import create_protocol
from apps.transfer.content import content, destination, rows
from apps.transfer.options import TransferOptions
from apps.transfer.report import report
from apps.transfer.setting import cells, given_genome, moved, moved_to
from builders.cells import Cell
from evaluation.archive import Archive
from evaluation.digest import Json, digest
from evaluation.evaluator import Evaluator
from genome import Evaluation, Genome, Request
from genome.files import write_atomic


@dataclass(frozen=True, slots=True)
class _Run:
    """A transfer about to begin, with everything of it checked."""

    options: TransferOptions
    given: Genome
    patterns: Patterns
    evaluators: Mapping[Cell, Evaluator]
    seeds: Sequence[int]
    settings: Mapping[str, Any]
    out: Path
    began: float


def run_transfer(options: TransferOptions) -> dict[str, Any]:
    """Train, compare, print and write; returns the content of ``transfer.json``.

    Raises:
        InputError: an option that cannot be met; nothing is written then.
        OSError: the files cannot be written.
    """
    run = _prepare(options)
    console = AppConsole()
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with (
        RunDirectory(run.out, run.settings),
        Archive.open(run.out / "archive.sqlite") as archive,
    ):
        with Progress(
            *columns, console=console, transient=True, disable=not console.is_interactive
        ) as progress:
            trained = {cell: _train(run, cell, archive, progress) for cell in run.evaluators}
        shown = Shown(**run.settings["metric"])
        found = [destination(cell, of, shown) for cell, of in trained.items()]
        result = content(options, run.given, run.patterns, found, run.settings)
        result["seconds"] = time.perf_counter() - run.began
        text = json.dumps(result, indent=1, allow_nan=False) + "\n"
        write_atomic(run.out / "transfer.json", text)
        write_atomic(run.out / "transfer.csv", rows(trained))
        save_figure(transfer_figure(result), run.out / "transfer.png")
    console.print(report(result))
    console.remark(f"Written to {run.out}: transfer.json, .csv, .png and .pdf.")
    return result


def _prepare(options: TransferOptions) -> _Run:
    """Refuse here what cannot be met, before anything is written."""
    began = time.perf_counter()
    given = given_genome(options)
    genome = moved(given, options)
    patterns = rivals(genome, options.seed, options.random)
    seeds = comparison_seeds(options.seeds, options.seed)
    wanted = cells(options)
    protocol = create_protocol(options.protocol, options.form, options.steps)
    problem = moved_to(options)
    m, n = problem.dictionary.shape
    evaluators = {}
    for cell in wanted:
        for each in (each for of in patterns.values() for each in of):
            cell.check(each, m, n)
        evaluators[cell] = Evaluator(
            problem, protocol, cell=cell, device=options.device, workers=options.workers
        )
        evaluators[cell].check_memory(genome.layers)
    settings: dict[str, Json] = {
        "genome": genome.to_dict(),
        "cells": [cell.describe() for cell in wanted],
        "problem": problem.to_dict(),
        "dictionary": {"m": m, "n": n},
        "metric": {"name": problem.metric.name, "sign": problem.metric.sign},
        "protocol": protocol.to_dict(),
        "random": options.random,
        "seed": options.seed,
        "seeds": options.seeds,
        "varies": "signals and batch order" if problem.draws_differ else "batch order",
    }
    names = "-".join(cell.name.rpartition(":")[2] for cell in wanted)
    name = f"transfer-{options.problem.label}-{names}-K{genome.layers}-{digest(settings)[:8]}"
    return _Run(
        options, given, patterns, evaluators, seeds, settings, options.out or Path("runs") / name, began
    )


def _train(
    run: _Run, cell: Cell, archive: Archive, progress: Progress
) -> dict[str, list[dict[int, Evaluation]]]:
    """Train every network with every seed at once; model -> for each of its networks, seed -> evaluation."""
    evaluator = run.evaluators[cell]
    evaluator.keep_prefixes(run.out / "prefixes")
    evaluator.attach(archive, owner=owner(run.out))
    task = progress.add_task(printable(f"training {cell_text(cell.describe())}"), total=1.0)
    requests = [
        Request(genome, seed=seed, draw=seed, test=True)
        for of in run.patterns.values()
        for genome in of
        for seed in run.seeds
    ]
    evaluations = iter(evaluator.evaluate(requests, lambda walk: progress.update(task, completed=walk.done)))
    progress.update(task, completed=1.0)
    return {
        name: [{seed: next(evaluations) for seed in run.seeds} for _ in of]
        for name, of in run.patterns.items()
    }
