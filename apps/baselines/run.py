"""One measurement of baselines, from options to files."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.progress import BarColumn, Progress, TextColumn

from analysis.speed_figure import Mark, draw_quality_against_time
from apps.baselines.contender import Contender
from apps.baselines.networks import Architecture, architectures, evaluators, train, trained_files
from apps.baselines.options import BaselinesOptions
from apps.baselines.report import report
from apps.baselines.tuned import tuned_solvers
from apps.display.console import AppConsole
from apps.problem_options import create_problem
from apps.search.result import versions
from apps.search.run_directory import RunDirectory
from builders.cells import Cell
from evaluation.archive import Archive
from evaluation.digest import Json, digest
from evaluation.evaluator import Evaluator
from evaluation.problems.base import Problem
from evaluation.problems.dataset import Split
from evaluation.protocol import protocol
from evaluation.solvers import (
    Judge,
    Quality,
    Solver,
    Timed,
    create_solvers,
    has_oracle,
    oracle,
    part,
    time_side_by_side,
)
from genome import InputError
from genome.files import write_atomic

FORMAT, VERSION = "lista-genome/baselines", 1
_SINGLES: Final = 32
_BATCH: Final = 256


@dataclass(frozen=True, slots=True)
class _Run:
    """A measurement about to begin, with everything of it checked."""

    options: BaselinesOptions
    problem: Problem
    solvers: Sequence[Solver]
    wanted: Mapping[str, Architecture]
    by_cell: Mapping[Cell, Evaluator]
    files: Sequence[Contender]
    settings: Mapping[str, Any]
    out: Path


def run_baselines(options: BaselinesOptions) -> dict[str, Any]:
    """Tune, train, measure, print and write; returns the content of ``baselines.json``.

    Raises:
        InputError: an option that cannot be met; nothing is written then.
        OSError: the files cannot be written.
    """
    began = time.perf_counter()
    run = _prepare(options)
    console = AppConsole()
    columns = (TextColumn("{task.description}"), BarColumn())
    with (
        RunDirectory(run.out, run.settings),
        Archive.open(run.out / "archive.sqlite") as archive,
    ):
        with Progress(
            *columns, console=console, transient=True, disable=not console.is_interactive
        ) as progress:
            content = _measure(run, archive, progress)
        content |= {"seconds": time.perf_counter() - began, "versions": versions()}
        write_atomic(run.out / "baselines.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
        _draw(run.out / "baselines.png", content)
    console.print(report(content))
    console.remark(f"Written to {run.out}: baselines.json, baselines.png.")
    return content


def _prepare(options: BaselinesOptions) -> _Run:
    """Refuse here what cannot be met, before anything is written."""
    solvers = create_solvers(options.solvers, sorted({options.layers, *options.iterations}))
    training = protocol(options.protocol)
    problem = create_problem(options, options.protocol)
    wanted, files = architectures(options), trained_files(options, problem)
    names = [
        *(solver.name for solver in solvers),
        *(name for name, _ in wanted),
        *(each.name for each in files),
    ]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"The names of what is compared must differ, got {name!r} twice.")
    by_cell = evaluators(options, problem, dict(wanted))
    settings: dict[str, Json] = {
        "problem": problem.to_dict(),
        "protocol": training.to_dict(),
        "layers": options.layers,
        "seed": options.seed,
        "samples": options.samples,
        "tuning": options.tuning,
    }
    name = f"baselines-{options.label}-K{options.layers}-{digest(settings)[:8]}"
    return _Run(
        options, problem, solvers, dict(wanted), by_cell, files, settings, options.out or Path("runs") / name
    )


def _measure(run: _Run, archive: Archive, progress: Progress) -> dict[str, Any]:
    options, problem = run.options, run.problem
    data = problem.dataset(0)
    valid, test = part(data.valid, options.tuning), part(data.test, options.samples)
    tuning = progress.add_task("tuning solvers", total=len(run.solvers))
    training = progress.add_task("training networks", total=1.0)
    contenders = [
        *tuned_solvers(run.solvers, problem, valid, lambda: progress.advance(tuning)),
        *train(
            run.wanted,
            run.by_cell,
            archive,
            run.out,
            options.seed,
            lambda walk: progress.update(training, completed=walk.done),
        ),
        *run.files,
    ]
    judge = Judge(problem, test)
    times = _times(contenders, test, options.rounds, progress)
    m, n = problem.dictionary.shape
    return {
        "format": FORMAT,
        "version": VERSION,
        "source": options.source,
        "m": m,
        "n": n,
        "layers": options.layers,
        "metric": problem.metric.name,
        "lower_is_better": problem.metric.sign > 0,
        "samples": {"test": test.samples, "tuning": valid.samples},
        "timing": {"single": min(_SINGLES, test.samples), "batch": min(_BATCH, test.samples)},
        "bounds": _bounds(problem, test, judge),
        "rows": [_row(contender, judge, test, times) for contender in contenders],
        "settings": run.settings,
    }


def _times(
    contenders: Sequence[Contender], test: Split, rounds: int, progress: Progress
) -> dict[str, dict[str, Any]]:
    """Microseconds a signal by name, of those that solve anything."""
    what = {each.name: Timed(each.solve, each.batched) for each in contenders if each.solve}
    task = progress.add_task("timing", total=rounds * len(what))
    b = test.b.numpy()
    timings = time_side_by_side(what, b[:_SINGLES], b[:_BATCH], rounds, lambda: progress.advance(task))
    return {
        name: {
            "single": 1e6 * timing.single_median,
            "batch": None if timing.batch_median is None else 1e6 * timing.batch_median,
            "single_rounds": [1e6 * seconds for seconds in timing.single],
            "batch_rounds": [1e6 * seconds for seconds in timing.batch],
        }
        for name, timing in timings.items()
    }


def _row(
    contender: Contender, judge: Judge, test: Split, times: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    quality = judge.quality(contender.solve(test.b.numpy())) if contender.solve else None
    return {
        "name": contender.name,
        "kind": contender.kind,
        "quality_db": _strict(quality),
        "microseconds": times.get(contender.name),
        **contender.details,
    }


def _bounds(problem: Problem, test: Split, judge: Judge) -> dict[str, Any]:
    """Where the target is the signal itself, and sparse: what its support would give."""
    signals, dictionary = test.x.numpy(), problem.dictionary.numpy()
    if problem.objective.synthesis is not None or not has_oracle(signals, dictionary):
        return {}
    return {"oracle": _strict(judge.quality(oracle(test.b.numpy(), signals, dictionary)))}


def _strict(quality: Quality | None) -> dict[str, float] | None:
    """As strict JSON, which has no infinity; None for what diverged."""
    if quality is None or not math.isfinite(quality.value_db):
        return None
    return {"value": quality.value_db, "low": quality.low_db, "high": quality.high_db}


def _draw(path: Path, content: Mapping[str, Any]) -> None:
    marks = [
        Mark(
            name=row["name"],
            family=row["name"].rpartition(" ")[0] if "iterations" in row.get("parameters", ()) else None,
            learned=row["kind"] == "network",
            quality=(row["quality_db"]["value"], row["quality_db"]["low"], row["quality_db"]["high"]),
            single=row["microseconds"]["single"],
            batch=row["microseconds"]["batch"],
        )
        for row in content["rows"]
        if row["quality_db"]
    ]
    better = "lower" if content["lower_is_better"] else "higher"
    draw_quality_against_time(
        path,
        marks,
        {name: bound["value"] for name, bound in content["bounds"].items() if bound},
        quality=f"{content['metric']} (dB), {better} is better",
        batch=content["timing"]["batch"],
    )
