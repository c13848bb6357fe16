"""Whether successive halving over depth pays, on the tables, at equal training.

A network trained to stage k is charged 1 + 2 + ... + k, the layers that its stages train through; prefixes
that networks share are not subtracted. A search with halving may ask for more networks at the same charge.

    python -m benchmarks.halving [--seeds 30] [--out benchmarks/results/halving.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table as RichTable
from scipy.stats import mannwhitneyu

import optimizers
from apps.search.result import versions
from benchmarks.optimizers import BATCH
from evaluation.halving import Halving, evaluate_in_rungs
from evaluation.tabular import Table, TabularEvaluator, load_table
from genome import Request
from genome.files import write_atomic

RUNGS = {"connections": ((3,), (4,), (5,), (6,), (4, 6)), "neurons": ((2,), (3,), (4,))}
OPTIMIZERS = ("random", "evolution", "reinforce")
BUDGET = 200
"""Networks that a search without halving evaluates."""


def charge(stages: int) -> int:
    """Layers that so many stages train through."""
    return stages * (stages + 1) // 2


def regret(table: Table, optimizer: str, seed: int, rungs: Sequence[int]) -> float:
    """Distance of the best whole network from the best there is, in dB, when the training is used up."""
    evaluator, strategy = TabularEvaluator(table), optimizers.create(optimizer, table.space, seed)
    left, best = BUDGET * charge(table.space.layers), float("inf")
    while left > 0:
        requests = [Request(genome) for genome in strategy.ask(BATCH)]
        if rungs:
            told = evaluate_in_rungs(evaluator, requests, Halving(tuple(rungs)), lambda _: None)
        else:
            told = evaluator.evaluate(requests)
        strategy.tell(told)
        left -= sum(charge(evaluation.stages) for evaluation in told)
        best = min([best, *(evaluation.score for evaluation in told if not evaluation.censored)])
    return best - float(table.scores.min())


def measure(name: str, optimizer: str, seeds: int) -> list[dict[str, Any]]:
    """One row without halving, and one for each choice of rungs."""
    table, rows, plain = load_table(name), list[dict[str, Any]](), np.zeros(0)
    for rungs in ((), *RUNGS[name]):
        found = np.array([regret(table, optimizer, seed, rungs) for seed in range(seeds)])
        plain = plain if rungs else found
        rows.append(
            {
                "rungs": list(rungs),
                "regret_db": float(found.mean()),
                "p_better": _p(found, plain) if rungs else None,
                "p_worse": _p(plain, found) if rungs else None,
            }
        )
    return rows


def _p(lower: NDArray[np.float64], higher: NDArray[np.float64]) -> float:
    if np.ptp([*lower, *higher]) == 0.0:
        return 1.0
    return float(mannwhitneyu(lower, higher, alternative="less").pvalue)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/halving.json"))
    options = parser.parse_args()
    shown = RichTable("table", "optimizer", "rungs", "mean regret (dB)", "p better", "p worse")
    content: dict[str, Any] = {}
    for name in RUNGS:
        for optimizer in OPTIMIZERS:
            rows = measure(name, optimizer, options.seeds)
            content.setdefault(name, {})[optimizer] = rows
            for row in rows:
                rungs = ", ".join(map(str, row["rungs"])) or "none"
                ps = ["" if row[key] is None else f"{row[key]:.1g}" for key in ("p_better", "p_worse")]
                shown.add_row(name, optimizer, rungs, f"{row['regret_db']:.3f}", *ps)
    Console(width=100).print(shown)
    about = {"seeds": options.seeds, "budget": BUDGET, "batch": BATCH, "keep": Halving((1,)).keep}
    write_atomic(
        options.out, json.dumps({**about, "tables": content, "versions": versions()}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
