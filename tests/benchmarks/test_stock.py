"""The algorithms that the optimizers are compared with keep to their budget, and a seed repeats them."""

from __future__ import annotations

import random

import numpy as np
import pytest

from apps.compare.runs import Job, run_job
from apps.compare.strategies import Strategy
from benchmarks.stock import STOCK, run_stock
from evaluation.tabular import load_table

TABLE = "neurons"


def job(name: str, seed: int, budget: int = 24) -> Job:
    return Job(TABLE, Strategy(name, name), seed, budget, 8)


@pytest.mark.parametrize("name", STOCK)
def test_a_budget_counts_distinct_networks_and_a_seed_repeats_them(name: str) -> None:
    state = random.getstate()
    first, again, other = (run_stock(job(name, seed)) for seed in (1, 1, 2))
    assert 10 <= len(first.asked) <= 24
    assert len(set(first.asked.tolist())) == len(first.asked)
    assert first.asked.tolist() == again.asked.tolist() != other.asked.tolist()
    assert random.getstate() == state


def test_they_are_no_straw_men() -> None:
    """At 150 evaluations, the best of them is far better than random search."""
    scores = load_table(TABLE).scores

    def lowest(asked: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
        return float(scores[asked].min())

    ours = [lowest(run_job(job("random", seed, 150)).asked) for seed in range(6)]
    deap = [lowest(run_stock(job("DEAP eaMuPlusLambda, 20", seed, 150)).asked) for seed in range(6)]
    assert np.mean(deap) < np.mean(ours) - 1.0
