"""Random search as a control: its best at every budget, against the enumeration of all draws."""

import math
from itertools import combinations, pairwise
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.control import best_of, budgets, evaluations_to_reach
from genome.errors import InputError

SCORES = st.lists(st.integers(-400, 0).map(lambda tenths: tenths / 10), min_size=1, max_size=9)


def minima(scores: list[float], budget: int) -> list[float]:
    return sorted(map(min, combinations(scores, budget)))


@given(SCORES, st.data())
def test_mean_and_quantiles_are_those_of_all_draws(scores: list[float], data: st.DataObject) -> None:
    budget = data.draw(st.integers(1, len(scores)))
    every, best = minima(scores, budget), best_of(scores, budget)
    assert best.budget == budget
    assert best.mean == pytest.approx(fmean(every))
    for value, share in ((best.low, 0.05), (best.high, 0.95)):
        assert sum(each <= value for each in every) >= share * len(every) - 1e-9
        assert sum(each < value for each in every) <= share * len(every) + 1e-9


@given(SCORES)
def test_the_whole_sample_has_one_best_and_a_larger_budget_is_never_worse(scores: list[float]) -> None:
    whole = best_of(scores, len(scores))
    assert (whole.mean, whole.low, whole.high) == pytest.approx((min(scores),) * 3)
    means = [best_of(scores, budget).mean for budget in range(1, len(scores) + 1)]
    assert means[0] == pytest.approx(fmean(scores))
    assert all(after <= before + 1e-9 for before, after in pairwise(means))


def test_a_large_sample_is_no_trouble() -> None:
    scores = np.random.default_rng(0).normal(size=5000)
    drawn = np.random.default_rng(1).choice(scores, (20_000, 40)).min(axis=1)
    best = best_of(scores.tolist(), 40)
    assert best.mean == pytest.approx(drawn.mean(), abs=0.02)
    assert best.low == pytest.approx(np.quantile(drawn, 0.05), abs=0.05)
    assert best.high == pytest.approx(np.quantile(drawn, 0.95), abs=0.03)


@pytest.mark.parametrize("lost", [math.inf, math.nan])
def test_networks_that_diverged_are_the_worst(lost: float) -> None:
    scores = [-3.0, lost, -1.0, lost]
    one, three = best_of(scores, 1), best_of(scores, 3)
    assert (one.mean, one.low, one.high) == (math.inf, -3.0, math.inf)
    assert three.mean == pytest.approx((3 * -3.0 + -1.0) / 4)
    assert best_of([lost] * 3, 2).mean == math.inf


@given(SCORES, st.floats(-45, 5))
def test_the_number_to_reach_a_score_is_the_first_whose_mean_does(scores: list[float], score: float) -> None:
    within = [b for b in range(1, len(scores) + 1) if best_of(scores, b).mean <= score]
    assert evaluations_to_reach(scores, score) == (within[0] if within else None)
    assert evaluations_to_reach([], score) is None


def test_budgets_double_up_to_the_last() -> None:
    assert budgets(96) == [8, 16, 32, 64, 96]
    assert budgets(8) == [8]
    assert budgets(3) == [3]
    assert budgets(9) == [8, 9]


@pytest.mark.parametrize("budget", [0, 4])
def test_budgets_outside_the_sample_are_refused(budget: int) -> None:
    with pytest.raises(InputError, match=rf"must lie in 1\.\.3, got {budget}"):
        best_of([-1.0, -2.0, -3.0], budget)
