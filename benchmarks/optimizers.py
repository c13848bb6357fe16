"""The library's optimizers beside what DEAP and Optuna bring themselves, on the tables.

Prints and writes, for each table and budget, the regret relative to random search. On the table
``connections`` the optimizers were tuned; ``neurons`` they never saw.

    python -m benchmarks.optimizers [--seeds 50] [--out benchmarks/results/optimizers.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table as RichTable

from analysis.regret import regrets
from apps.compare.curves import regret_curves
from apps.compare.runs import Job, Run, run_all, run_job
from apps.compare.strategies import CONTROL, Strategy
from apps.search.result import versions
from benchmarks.stock import STOCK, run_stock
from evaluation.device import usable_cores
from evaluation.tabular import load_table
from genome.files import write_atomic

TABLES = ("connections", "neurons")
BUDGETS = (200, 1000)
BATCH = 8
OURS = (CONTROL, "evolution", "reinforce", "tpe", "nsga2", "cmaes")
SLOW = ("tpe", "cmaes", "Optuna TPESampler", "Optuna NSGAIISampler", "Optuna CmaEsSampler")
"""Run on a fifth of the seeds where they are stock, and on a tenth at budgets above the smallest."""

LONG = (CONTROL, "evolution", "reinforce", *STOCK)
"""What runs at budgets above the smallest."""


def run(job: Job) -> Run:
    """A run of either kind."""
    return run_stock(job) if job.strategy.optimizer in STOCK else run_job(job)


def jobs(table: str, budget: int, seeds: int) -> list[Job]:
    """All runs on a table; random search has seeds of its own."""
    long, result = budget > min(BUDGETS), list[Job]()
    for name in LONG if long else (*OURS, *STOCK):
        share = 1 if name not in SLOW else 10 if long else 5 if name in STOCK else 1
        count = max(2, seeds // share)
        first = seeds if name == CONTROL else 0
        result += [Job(table, Strategy(name, name), first + place, budget, BATCH) for place in range(count)]
    return result


def measure(table: str, budget: int, seeds: int) -> dict[str, Any]:
    """Regret of all on a table at a budget."""
    runs = run_all(jobs(table, budget, seeds), usable_cores(), lambda _: None, run)
    curves = regret_curves(load_table(table), runs, "nmse")
    found = regrets(curves, CONTROL, budget, np.random.default_rng(0))
    return {
        label: {
            **asdict(entry),
            "seeds": len(curves[label]),
            "stock": label in STOCK,
            "milliseconds_a_genome": float(
                np.median([1e3 * r.seconds / len(r.asked) for r in runs if r.job.strategy.label == label])
            ),
        }
        for label, entry in found.items()
    }


def shown(table: str, budget: int, found: dict[str, Any]) -> RichTable:
    """One table of numbers."""
    result = RichTable(title=f"Table {table}, {budget} evaluations: regret, random search = 1")
    for head in ("algorithm", "regret", "95%", "p", "found best", "seeds", "ms a genome"):
        result.add_column(head, justify="left" if head == "algorithm" else "right")
    for label, e in sorted(found.items(), key=lambda item: item[1]["mean"]):
        result.add_row(
            label,
            f"{e['relative']:.3f}",
            f"[{e['low']:.3f}, {e['high']:.3f}]",
            "" if e["p"] is None else f"{e['p']:.1e}",
            f"{e['found']:.0%}",
            str(e["seeds"]),
            f"{e['milliseconds_a_genome']:.2f}",
        )
    return result


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=50, help="at the smallest budget; two fifths above it")
    parser.add_argument("--tables", nargs="+", default=TABLES)
    parser.add_argument("--budgets", nargs="+", type=int, default=BUDGETS)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/optimizers.json"))
    options = parser.parse_args(arguments)
    console, content = Console(width=110), dict[str, Any]()
    for budget in options.budgets:
        for table in options.tables:
            seeds = options.seeds if budget == min(BUDGETS) else max(2, options.seeds * 2 // 5)
            found = measure(table, budget, seeds)
            content.setdefault(table, {})[str(budget)] = found
            console.print(shown(table, budget, found))
            everything = {"batch": BATCH, "tables": content, "versions": versions()}
            write_atomic(options.out, json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
