"""The extended search: neurons, weights and thresholds of every layer beside its connections, against all.

Evolution begins with the published networks that the space holds and searches the hybrid cell's space. The
networks that are best on validation are trained with the full protocol, and the best of these, "found", is
compared with every published network of the same depth over seeds that the search never saw. Every network,
found or published, has the learning rate that is best for it on validation, and Step-LISTA its penalty.

    python -m benchmarks.extended_search --snr 40 --out results/extended/snr40.json --archive FILE
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from analysis.choose import top
from analysis.comparison import compare, summarize
from analysis.control import best_of
from apps.baselines.networks import Architecture, published_networks
from apps.search.comparison import comparison_seeds
from apps.search.control import control_seed
from apps.search.result import versions
from builders.cells import Cell, Lista, create_cell
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from evaluation.problems import SparseRecovery
from evaluation.protocol import Protocol, protocol
from genome import DesignSpace, Evaluation, Genome, Request
from genome.files import write_atomic
from genome.neurons import Neuron
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS
from optimizers import create
from optimizers.evolution import RegularizedEvolution

LAYERS = 16
RATES = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Factors on the protocol's learning rate."""
PENALTIES = (0.4, 0.1, 0.03)
"""Weights of the l1 norm in the Lasso that Step-LISTA solves."""
STEP_LISTA = "Step-LISTA"
BATCH = 16
FINALISTS = 6
SUPPORT: Neuron = "support"
HYBRID = "hybrid"
FOUND = "found"


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is trained.

    Attributes:
        m: measurements.
        n: entries of a signal.
        train: training samples.
        budget: networks that the search evaluates, and as many random ones beside it.
        steps: factor on the quick protocol's steps in the comparison.
        look: factor on the comparison's steps in the search.
        seeds: of the comparison.
    """

    m: int
    n: int
    train: int
    budget: int
    steps: float
    look: float
    seeds: int


class Trainers:
    """Evaluators by cell and protocol, over one archive."""

    def __init__(self, problem: SparseRecovery, archive: Archive) -> None:
        self._problem, self._archive = problem, archive
        self._made: dict[tuple[Cell, Protocol], Evaluator] = {}

    def evaluator(self, cell: Cell, training: Protocol) -> Evaluator:
        """The evaluator of a cell and a protocol."""
        key = cell, training
        if key not in self._made:
            self._made[key] = Evaluator(self._problem, training, cell=cell)
            self._made[key].attach(self._archive, "extended")
        return self._made[key]


def space() -> DesignSpace:
    """Two neurons, every weight and every threshold in each layer, and all connections."""
    return DesignSpace(LAYERS, ("soft", "support"), weights=WEIGHTS, thresholds=THRESHOLDS)


def founders() -> list[Genome]:
    """What is known to be good, in the hybrid cell: every weight and threshold, alone and with momentum."""
    chains = (Genome.lista(LAYERS), Genome.lfista(LAYERS))
    return [
        replace(chain, neurons=(SUPPORT,) * LAYERS, weights=(weight,) * LAYERS, thresholds=(kind,) * LAYERS)
        for chain in chains
        for weight in WEIGHTS
        for kind in THRESHOLDS
    ]


def published(training: Protocol) -> dict[str, tuple[Architecture, Protocol]]:
    """Every published network, and the paper's searched one in both averaging forms."""
    networks = {name: (each, training) for name, each in published_networks(LAYERS).items()}
    searched = Lista(), Genome.released_searched()
    networks["searched (paper), sum"] = searched, training
    networks["searched (paper), mean"] = searched, training.with_form("mean")
    networks["LFISTA, FISTA's start"] = (Lista(), Genome.lfista(LAYERS)), training.with_form("fista")
    return networks


def search(trainers: Trainers, training: Protocol, budget: int, seed: int) -> list[Evaluation]:
    """Evolution from the founders."""
    evaluator = trainers.evaluator(create_cell(HYBRID), training)
    strategy = RegularizedEvolution(space(), seed, population=48, founders=founders())
    evaluations: list[Evaluation] = []
    while len(evaluations) < budget:
        asked = strategy.ask(min(BATCH, budget - len(evaluations)))
        told = evaluator.evaluate([Request(genome, seed=seed) for genome in asked])
        strategy.tell(told)
        evaluations += told
        best = min(each.score for each in evaluations)
        print(f"{len(evaluations)} networks, best {best:.2f} dB", flush=True)
    return evaluations


def random_scores(trainers: Trainers, training: Protocol, budget: int, seed: int) -> list[float]:
    """Scores of as many random genomes."""
    genomes = create("random", space(), control_seed(seed)).ask(budget)
    evaluator = trainers.evaluator(create_cell(HYBRID), training)
    return [each.score for each in evaluator.evaluate([Request(genome, seed=seed) for genome in genomes])]


def best(
    trainers: Trainers, name: str, model: Architecture, training: Protocol, seed: int
) -> tuple[Cell, Protocol]:
    """The learning rate, and for Step-LISTA the penalty, that are best for a network on validation."""
    cell, genome = model
    if not cell.trained_by_stages:
        return cell, training
    cells = [create_cell("step_lista", {"l1": l1}) for l1 in PENALTIES] if name == STEP_LISTA else [cell]
    rates = [replace(training, learning_rate=training.learning_rate * factor) for factor in RATES]
    request = [Request(genome, seed=seed)]
    return min(product(cells, rates), key=lambda each: trainers.evaluator(*each).evaluate(request)[0].score)


def measure(problem: SparseRecovery, scale: Scale, archive: Archive, seed: int) -> dict[str, Any]:
    """Search, train, compare."""
    began = time.perf_counter()
    trainers, full = Trainers(problem, archive), protocol("quick").scaled(scale.steps)
    look = full.scaled(scale.look)
    searched = search(trainers, look, scale.budget, seed)
    random = random_scores(trainers, look, scale.budget, seed)
    hybrid = trainers.evaluator(create_cell(HYBRID), full)
    finalists = [Request(each.genome, seed=seed) for each in top(searched, FINALISTS)]
    found = top(hybrid.evaluate(finalists), 1)[0].genome
    models = {FOUND: ((create_cell(HYBRID), found), full), **published(full)}
    chosen = {name: best(trainers, name, model, each, seed) for name, (model, each) in models.items()}
    seeds = comparison_seeds(scale.seeds, seed)
    test: dict[str, dict[int, Evaluation]] = {}
    for name, ((_, genome), _) in models.items():
        requests = [Request(genome, seed=s, draw=s, test=True) for s in seeds]
        made = trainers.evaluator(*chosen[name]).evaluate(requests)
        test[name] = dict(zip(seeds, made, strict=True))
        print(f"{name}: {[round(each.test_nmse_db or 0, 2) for each in made]}", flush=True)
    return {
        "problem": problem.to_dict(),
        "layers": LAYERS,
        "space": space().to_dict(),
        "protocol": full.to_dict(),
        "search": {
            "protocol": look.to_dict(),
            "valid_nmse_db": [_finite(each.score) for each in searched],
            "random_valid_nmse_db": [_finite(score) for score in random],
            "random_best_of": best_of(random, len(random)).mean,
        },
        "found": found.to_dict(),
        "cells": {name: cell.describe() for name, (cell, _) in chosen.items()},
        "learning_rates": {name: each.learning_rate for name, (_, each) in chosen.items()},
        **_comparison(test),
        "seconds": time.perf_counter() - began,
        "versions": versions(),
    }


def _comparison(test: Mapping[str, Mapping[int, Evaluation]]) -> dict[str, Any]:
    values = {name: {s: _test(each) for s, each in row.items()} for name, row in test.items()}
    ratios = {name: {s: each.test_ratio_db for s, each in row.items()} for name, row in test.items()}
    return {
        "test_nmse_db": {name: each.to_dict() for name, each in summarize(values).items()},
        "found_minus": {name: compare(values, FOUND, name).to_dict() for name in values if name != FOUND},
        "per_seed": {name: _seeds(row) for name, row in values.items()},
        "per_seed_ratio": {name: _seeds(row) for name, row in ratios.items()},
    }


def _seeds(row: Mapping[int, float | None]) -> dict[str, float | str | None]:
    return {str(seed): _finite(value) for seed, value in row.items()}


def _test(evaluation: Evaluation) -> float:
    return float("inf") if evaluation.test_nmse_db is None else evaluation.test_nmse_db


def _finite(value: float | None) -> float | str | None:
    return "inf" if value == float("inf") else value


def report(content: Mapping[str, Any]) -> Table:
    """Every network, best first, and how far the found one is ahead."""
    table = Table("network", "test NMSE dB [95%]", "found minus it [95%]", "learning rate")
    rows = content["test_nmse_db"]

    def mean(name: str) -> float:
        value = rows[name]["mean"]
        return float("inf") if value is None else value

    for name in sorted(rows, key=mean):
        gap = content["found_minus"].get(name)
        rate = content["learning_rates"][name]
        table.add_row(name, _spread(rows[name]), _spread(gap) if gap else "", f"{rate:g}")
    return table


def _spread(entry: Mapping[str, Any]) -> str:
    if entry["mean"] is None:
        return "diverged"
    return f"{entry['mean']:.2f} [{entry['low']:.2f}, {entry['high']:.2f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print and write; what the archive has is not trained again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--snr", type=float)
    parser.add_argument("--m", type=int, default=50)
    parser.add_argument("--n", type=int, default=100)
    parser.add_argument("--train", type=int, default=51_200)
    parser.add_argument("--budget", type=int, default=192)
    parser.add_argument("--steps", type=float, default=0.5)
    parser.add_argument("--look", type=float, default=0.5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--archive", type=Path, required=True)
    options = parser.parse_args(arguments)
    for file in (options.out, options.archive):
        file.parent.mkdir(parents=True, exist_ok=True)
    problem = SparseRecovery(
        m=options.m, n=options.n, snr_db=options.snr, train=options.train, valid=2048, test=10_240
    )
    taken = {name: getattr(options, name) for name in ("m", "n", "train", "budget", "steps", "look", "seeds")}
    with Archive.open(options.archive) as archive:
        content = measure(problem, Scale(**taken), archive, options.seed)
    write_atomic(options.out, json.dumps(content, indent=1) + "\n")
    Console(width=120).print(report(content))


if __name__ == "__main__":
    main()
