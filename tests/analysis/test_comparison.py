"""Intervals and paired differences over seeds, against SciPy's own tests and by simulation."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.comparison import Divergence, Interval, compare, interval, paired_difference, summarize
from genome.errors import InputError

DECIBELS = st.floats(-60.0, 0.0)
SAMPLES = st.lists(DECIBELS, min_size=2, max_size=12)


@given(SAMPLES.filter(lambda values: np.std(values) > 1e-6))
def test_interval_is_scipys(values: list[float]) -> None:
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    found = interval(values)
    assert found.mean == pytest.approx(float(np.mean(values)))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_interval_by_hand() -> None:
    # Mean 2, standard deviation 1, two degrees of freedom: 4.302653 / sqrt(3) on either side.
    assert interval([1.0, 2.0, 3.0]).to_dict() == pytest.approx(
        {"mean": 2.0, "low": -0.484138, "high": 4.484138}
    )


def test_equal_values_have_an_interval_of_no_width() -> None:
    assert interval([-3.0, -3.0, -3.0]) == Interval(-3.0, -3.0, -3.0)


def test_interval_covers_the_mean_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(5)
    draws = rng.normal(-30.0, 0.4, size=(2000, 5))
    covered = [found.low <= -30.0 <= found.high for found in (interval(row.tolist()) for row in draws)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.015)


@given(st.lists(st.tuples(DECIBELS, DECIBELS), min_size=2, max_size=10))
def test_paired_difference_is_scipys_paired_test_and_changes_sign(pairs: list[tuple[float, float]]) -> None:
    a = {seed: pair[0] for seed, pair in enumerate(pairs)}
    b = {seed: pair[1] for seed, pair in enumerate(pairs)}
    found, opposite = paired_difference(a, b), paired_difference(b, a)
    assert (found.mean, found.low, found.high) == pytest.approx(
        (-opposite.mean, -opposite.high, -opposite.low)
    )
    assert found.n == len(pairs)
    assert found.low <= found.mean <= found.high
    differences = [value for _, value in found.per_seed]
    if np.std(differences) > 1e-6:
        test = stats.ttest_rel(list(a.values()), list(b.values())).confidence_interval(0.95)
        assert (found.low, found.high) == pytest.approx((test.low, test.high))


def test_pairing_removes_what_a_seed_brings_to_both_models() -> None:
    base = {1: -20.0, 2: -30.0, 3: -40.0, 4: -35.0}
    better = {seed: value - 0.5 for seed, value in base.items()}
    found = paired_difference(better, base)
    assert (found.mean, found.low, found.high) == pytest.approx((-0.5, -0.5, -0.5))
    alone = interval(list(base.values()))
    assert alone.high - alone.low > 20.0


def test_seeds_are_paired_by_number_not_by_order() -> None:
    found = paired_difference({7: -1.0, 3: -2.0}, {3: -1.0, 7: -3.0})
    assert found.per_seed == ((3, -1.0), (7, 2.0))
    assert found.to_dict()["seeds"] == 2
    assert found.to_dict()["per_seed"] == {"3": -1.0, "7": 2.0}


@pytest.mark.parametrize(
    ("subject", "reference", "unpaired"),
    [((1, 2, 3), (1, 2), "seed 3 for the subject"), ((2, 3), (1, 2, 3), "seed 1 for the reference")],
)
def test_refuses_unpaired_seeds(subject: tuple[int, ...], reference: tuple[int, ...], unpaired: str) -> None:
    with pytest.raises(InputError, match=f"same seeds for both models, got {unpaired} only"):
        paired_difference(dict.fromkeys(subject, -1.0), dict.fromkeys(reference, -2.0))


def test_refuses_fewer_than_two_seeds() -> None:
    with pytest.raises(InputError, match="at least 2 seeds, got 1"):
        paired_difference({1: -1.0}, {1: -2.0})
    with pytest.raises(InputError, match="at least 2 seeds, got 0"):
        interval([])


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_interval_refuses_values_that_are_not_finite(value: float) -> None:
    with pytest.raises(InputError, match=f"finite values, got {value}"):
        interval([-30.0, value, -31.0])


@pytest.mark.parametrize("lost", [math.inf, math.nan])
def test_a_diverged_model_is_reported_and_not_averaged(lost: float) -> None:
    models = {"a": {1: -30.0, 2: lost, 3: -31.0}, "b": {1: -29.0, 2: -29.0, 3: -29.5}}
    divergence = Divergence((("a", (2,)),), 3)
    assert compare(models, "a", "b") == divergence
    assert compare(models, "b", "a") == divergence
    assert str(divergence) == "a diverged on 1 of 3 seeds"
    assert summarize(models) == {"a": divergence, "b": interval([-29.0, -29.0, -29.5])}
    assert divergence.to_dict() == {
        "mean": None,
        "low": None,
        "high": None,
        "seeds": 3,
        "diverged": {"a": [2]},
    }


def test_both_models_may_diverge() -> None:
    found = compare({"a": {1: math.inf, 2: math.inf}, "b": {1: -1.0, 2: math.inf}}, "a", "b")
    assert str(found) == "a diverged on 2 of 2 seeds and b diverged on 1 of 2 seeds"


def test_compare_names_the_known_models() -> None:
    models = {"lista": {1: -1.0, 2: -2.0}, "dense": {1: -1.0, 2: -2.0}}
    assert compare(models, "dense", "lista") == paired_difference(models["dense"], models["lista"])
    with pytest.raises(InputError, match="Unknown model 'lfista' in a comparison; known: dense, lista"):
        compare(models, "dense", "lfista")
