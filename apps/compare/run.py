"""One comparison from options to files."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from analysis.regret import Curves, regrets
from analysis.regret_figure import draw_regret
from apps.compare.agreement import agreement
from apps.compare.curves import regret_curves
from apps.compare.options import CompareOptions
from apps.compare.report import report
from apps.compare.runs import Job, Run, run_all
from apps.compare.strategies import ALONE, CONTROL, Strategy, parse, with_control
from apps.display.console import AppConsole
from apps.search.result import versions
from evaluation.device import usable_cores
from evaluation.tabular import Table, load_table
from genome import InputError
from genome.files import write_atomic
from optimizers import Goal

Goals = tuple[Goal, ...]

FORMAT, VERSION = "lista-genome/comparison", 1
_HALVINGS = 4


def run_comparison(options: CompareOptions) -> dict[str, Any]:
    """Compare, print and write; returns the content of ``compare.json``.

    Raises:
        InputError: an option that cannot be met; nothing is run then.
        OSError: the files cannot be written.
    """
    began = time.perf_counter()
    strategies = with_control([parse(text) for text in options.optimizers])
    table = load_table(options.table)
    _check(options, strategies, table)
    options.out.mkdir(parents=True, exist_ok=True)
    console = AppConsole()
    goals = {strategy: _goals(options, strategy, table) for strategy in strategies}
    runs = _run(options, goals, console)
    curves = regret_curves(table, runs, options.score)
    content = {
        "format": FORMAT,
        "version": VERSION,
        "table": table.name,
        "setting": table.setting,
        "genomes": table.space.size,
        "score": options.score,
        "seeds": options.seeds,
        "budget": options.budget,
        "batch": options.batch,
        "strategies": _strategies(goals, runs, curves, options.budget),
        "agreement": agreement(table, runs, options.top),
        "seconds": time.perf_counter() - began,
        "versions": versions(),
    }
    write_atomic(options.out / "compare.json", json.dumps(content, indent=1) + "\n")
    draw_regret(options.out / "regret.png", curves, unit=_unit(options), title=_title(options, table))
    console.print(report(content))
    console.remark(f"Written to {options.out}: compare.json, regret.png.")
    return content


def _check(options: CompareOptions, strategies: Sequence[Strategy], table: Table) -> None:
    for strategy in strategies:
        strategy.create(table.space, 0)
    budget = min(options.budget, table.space.size)
    if options.top > budget:
        raise InputError(
            f"The average of the top {options.top} needs a budget of as many networks, got {budget}; "
            "a smaller --top does."
        )


def _goals(options: CompareOptions, strategy: Strategy, table: Table) -> Goals:
    """What a strategy minimizes: all that is scored, if it takes several goals."""
    return strategy.most_goals(table.space) if options.score == "hypervolume" else ALONE


def _run(options: CompareOptions, goals: Mapping[Strategy, Goals], console: Console) -> list[Run]:
    jobs = [
        Job(
            table=options.table,
            strategy=strategy,
            seed=_first_seed(strategy, options) + place,
            budget=options.budget,
            batch=options.batch,
            goals=aims,
        )
        for strategy, aims in goals.items()
        for place in range(options.seeds)
    ]
    # Optimizers take very different times: side by side they would end at once only by chance.
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_interactive) as progress:
        task = progress.add_task("runs", total=len(jobs))
        return run_all(jobs, options.workers or usable_cores(), lambda _: progress.advance(task))


def _first_seed(strategy: Strategy, options: CompareOptions) -> int:
    """Seeds of its own for random search: many an optimizer begins with what it would draw from the same."""
    return options.seeds if strategy.label == CONTROL else 0


def _strategies(
    goals: Mapping[Strategy, Goals], runs: Sequence[Run], curves: Mapping[str, Curves], budget: int
) -> dict[str, Any]:
    marks = sorted({max(1, budget >> halving) for halving in range(_HALVINGS + 1)})
    at = {mark: regrets(curves, CONTROL, mark, np.random.default_rng(0)) for mark in marks}
    return {
        strategy.label: {
            "optimizer": strategy.optimizer,
            "options": dict(strategy.options),
            "goals": [goal.name for goal in aims],
            "milliseconds_a_genome": _milliseconds(strategy, runs),
            "regret": [_strict(asdict(at[mark][strategy.label])) for mark in marks],
        }
        for strategy, aims in goals.items()
    }


def _strict(values: dict[str, Any]) -> dict[str, Any]:
    """As strict JSON, which has no NaN: where random search leaves no regret, nothing is relative to it."""
    return {
        key: None if isinstance(value, float) and isnan(value) else value for key, value in values.items()
    }


def _milliseconds(strategy: Strategy, runs: Sequence[Run]) -> float:
    own = [run for run in runs if run.job.strategy == strategy]
    return float(np.median([1e3 * run.seconds / len(run.asked) for run in own]))


def _unit(options: CompareOptions) -> str:
    return "dB" if options.score == "nmse" else "dB x connections"


def _title(options: CompareOptions, table: Table) -> str:
    return f"Table {table.name}: {options.seeds} seeds, batches of {options.batch}"
