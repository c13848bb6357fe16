"""How the default setting was fixed: from LISTA, LFISTA and Dense-LISTA alone, before any search.

Prints and writes three tables of validation NMSE (mean over draws of the signals, with the standard
deviation between them): LISTA against the learning rate; the three baselines against the number of steps;
and the three baselines under the paper's protocol with early stopping, in the same form.

    python benchmarks/setting.py [--draws 3] [--out benchmarks/results/setting.json]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console
from rich.table import Table

from apps.search.result import versions
from apps.search.roles import baselines
from evaluation.evaluator import Evaluator
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Protocol, protocol
from genome import Genome, Request
from genome.files import write_atomic

LAYERS = 8
PROBLEM = SparseRecovery()
RATES = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2)
STEP_FACTORS = (0.5, 1.0, 2.0)
PAIRS = (("LFISTA", "LISTA"), ("Dense-LISTA", "LFISTA"), ("Dense-LISTA", "LISTA"))

Scores = dict[str, list[float]]


def score(genomes: Mapping[str, Genome], training: Protocol, draws: int) -> Scores:
    """Validation NMSE in dB of every genome on every draw."""
    requests = [Request(genome, seed=d, draw=d) for genome in genomes.values() for d in range(draws)]
    evaluations = Evaluator(PROBLEM, training).evaluate(requests)
    values = [evaluation.score for evaluation in evaluations]
    return {name: values[i * draws : (i + 1) * draws] for i, name in enumerate(genomes)}


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation as text."""
    return f"{mean(values):.2f} ± {stdev(values):.2f}"


def differences(scores: Scores) -> dict[str, float]:
    """Mean of the paired differences between the baselines, in dB."""
    return {f"{a} - {b}": mean(scores[a]) - mean(scores[b]) for a, b in PAIRS}


def table(title: str, header: str, rows: Mapping[str, Scores]) -> Table:
    """Scores, and the differences where all baselines are there."""
    first = next(iter(rows.values()))
    result = Table(header, *first, *(differences(first) if len(first) > 1 else ()), title=title)
    for name, scores in rows.items():
        gaps = differences(scores).values() if len(scores) > 1 else ()
        result.add_row(name, *(spread(v) for v in scores.values()), *(f"{gap:.2f}" for gap in gaps))
    return result


def main() -> None:
    """Measure, print and write."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--draws", type=int, default=3)
    arguments.add_argument("--out", type=Path, default=Path("benchmarks/results/setting.json"))
    options = arguments.parse_args()
    quick, models, console = protocol("quick"), baselines(LAYERS), Console(width=120)
    lista = {"LISTA": models["LISTA"]}
    rates = {f"{r:g}": score(lista, replace(quick, learning_rate=r), options.draws) for r in RATES}
    console.print(table("LISTA alone, by learning rate (dB)", "learning rate", rates))
    steps = {f"x {f:g}": score(models, quick.scaled(f), options.draws) for f in STEP_FACTORS}
    console.print(table("Baselines, by steps a phase (dB)", "steps", steps))
    converged = {"early stopping": score(models, protocol("paper").with_form("sum"), options.draws)}
    console.print(table("Baselines, paper's protocol, sum form (dB)", "protocol", converged))
    content: dict[str, Any] = {
        "problem": PROBLEM.to_dict(),
        "layers": LAYERS,
        "protocol": quick.to_dict(),
        "learning_rate": rates,
        "steps": steps,
        "converged": converged,
        "versions": versions(),
    }
    write_atomic(options.out, json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
