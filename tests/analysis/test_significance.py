"""Paired tests against SciPy's, and Holm's correction against hand-worked cases and its definition."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.comparison import Values
from analysis.significance import DivergedPair, PairedTest, holm, paired_tests
from genome.errors import InputError

P_VALUES = st.lists(st.floats(0.0, 1.0), max_size=8)


def models(seeds: int = 5) -> dict[str, Values]:
    draws = np.random.default_rng(7).normal(-30.0, 0.5, size=(4, seeds))
    draws[1] -= 2.0
    return {name: dict(enumerate(row.tolist())) for name, row in zip("abcd", draws, strict=True)}


def test_holm_by_hand() -> None:
    # Ascending 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04, and the last may not fall.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.3, 0.9, 0.6]) == pytest.approx([0.9, 1.0, 1.0])
    assert holm([0.3]) == [0.3]
    assert holm([]) == []


@given(P_VALUES)
def test_holm_rejects_what_stepping_down_rejects(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    level = 0.05
    rejected = set()
    for rank, place in enumerate(np.argsort(p_values, kind="stable").tolist()):
        if (len(p_values) - rank) * p_values[place] > level:
            break
        rejected.add(place)
    assert {place for place, p in enumerate(adjusted) if p <= level} == rejected


@given(P_VALUES)
def test_holm_keeps_the_order_and_only_raises(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    assert all(before <= after <= 1.0 for before, after in zip(p_values, adjusted, strict=True))
    ranked = [adjusted[place] for place in np.argsort(p_values, kind="stable").tolist()]
    assert ranked == sorted(ranked)


@pytest.mark.parametrize("p", [math.nan, -0.1, 1.5])
def test_what_is_no_p_value_is_refused(p: float) -> None:
    with pytest.raises(InputError, match=f"must lie in \\[0, 1\\], got {p}"):
        holm([0.5, p])


def test_paired_tests_are_scipys() -> None:
    scores = models()
    pairs = [("a", "b"), ("c", "a"), ("d", "b")]
    found = paired_tests(scores, pairs)
    expected = [stats.ttest_rel([*scores[s].values()], [*scores[r].values()]).pvalue for s, r in pairs]
    tests = [each for each in found if isinstance(each, PairedTest)]
    assert [(each.subject, each.reference) for each in tests] == pairs
    assert [each.p for each in tests] == pytest.approx(expected)
    assert [each.p_holm for each in tests] == pytest.approx(holm(expected))
    assert tests[0].to_dict()["p_holm"] == tests[0].p_holm
    for each in tests:
        assert (each.p < 0.05) == (not each.difference.low <= 0.0 <= each.difference.high)


def test_differences_without_spread_are_certain() -> None:
    scores = {"a": {0: -3.0, 1: -5.0}, "same": {0: -3.0, 1: -5.0}, "lower": {0: -4.0, 1: -6.0}}
    found = paired_tests(scores, [("a", "same"), ("a", "lower")])
    assert [each.p for each in found if isinstance(each, PairedTest)] == [1.0, 0.0]


def test_a_diverged_pair_is_named_and_does_not_count() -> None:
    scores = models() | {"lost": {0: -3.0, 1: math.inf, 2: math.nan, 3: -3.0, 4: -3.0}}
    alone = paired_tests(scores, [("a", "b"), ("c", "d")])
    first, lost, last = paired_tests(scores, [("a", "b"), ("lost", "a"), ("c", "d")])
    assert [first, last] == alone
    assert isinstance(lost, DivergedPair)
    assert str(lost.divergence) == "lost diverged on 2 of 5 seeds"
    row = lost.to_dict()
    assert (row["subject"], row["reference"], row["mean"], row["p"], row["p_holm"]) == (
        "lost",
        "a",
        None,
        None,
        None,
    )


def test_false_alarms_of_the_whole_family_stay_below_the_level() -> None:
    rng, alarms = np.random.default_rng(11), 0
    for _ in range(400):
        draws = rng.normal(size=(5, 5))
        scores = {str(model): dict(enumerate(row.tolist())) for model, row in enumerate(draws)}
        found = paired_tests(scores, [(str(model), "0") for model in range(1, 5)])
        alarms += any(each.p_holm < 0.05 for each in found if isinstance(each, PairedTest))
    assert alarms <= 33  # 20 are allowed for; more than 33 has a probability of 0.2% at the level.


@pytest.mark.parametrize("pairs", [[("a", "a")], [("a", "b"), ("a", "b")], [("a", "b"), ("b", "a")]])
def test_pairs_that_would_count_twice_are_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(InputError, match=f"two models that no other pair has, got {' and '.join(pairs[-1])}"):
        paired_tests(models(), pairs)


def test_unknown_and_unpaired_models_are_refused() -> None:
    with pytest.raises(InputError, match="Unknown model 'z'"):
        paired_tests(models(), [("a", "z")])
    with pytest.raises(InputError, match="same seeds for both models, got seed 0 for the subject only"):
        paired_tests(models() | {"e": {9: -3.0}}, [("a", "e")])
    with pytest.raises(InputError, match="at least 2 seeds, got 1"):
        paired_tests(models(seeds=1), [("a", "b")])
