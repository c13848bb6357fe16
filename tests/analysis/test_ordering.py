"""Agreement with published orders: hand-worked pairs, both directions of a metric, and noise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.comparison import Values
from analysis.ordering import Agreement, agreement, gap_db, order, reported_order
from genome.errors import InputError

PAPER = {"LISTA": -43.3, "LFISTA": -47.3, "Dense-LISTA": -48.3, "Searched": -54.2}
JITTER = (-0.1, 0.2, -0.1)


def around(mean: float, spread: float = 1.0, turn: int = 0) -> Values:
    """Three values with this mean; the turn decides which seed is high, so that pairs of models differ."""
    return {seed: mean + spread * JITTER[(seed + turn) % 3] for seed in range(3)}


def test_the_same_order_agrees() -> None:
    models = {name: around(value + 10.0, turn=turn) for turn, (name, value) in enumerate(PAPER.items())}
    found = agreement(models, PAPER)
    assert found == Agreement(pairs=6, concordant=6, discordant=0, undecided=0, kendall=1.0)
    assert found.agrees
    assert order(models) == reported_order(PAPER) == "Searched < Dense-LISTA < LFISTA < LISTA"


def test_one_reversed_and_one_undecided_pair_by_hand() -> None:
    models = {
        "LISTA": around(-30.0),
        "LFISTA": around(-36.0, turn=1),
        "Dense-LISTA": around(-35.0, turn=2),
        "Searched": around(-36.05),
    }
    found = agreement(models, PAPER)
    # Five of the six pairs of means stand as in the paper: tau is (5 - 1) / 6.
    assert found.kendall == pytest.approx(4 / 6)
    assert (found.pairs, found.concordant, found.discordant, found.undecided) == (6, 4, 1, 1)
    assert not found.agrees
    assert order(models) == "Searched ~ LFISTA < Dense-LISTA < LISTA"
    assert str(found) == "4 of 6 pairs as in the paper, 1 the other way round, 1 undecided"
    assert found.to_dict()["agrees"] is False


def test_noise_decides_nothing() -> None:
    means = dict(zip(PAPER, (-30.0, -30.1, -30.2, -30.3), strict=True))
    models = {name: around(mean, 5.0 * (1 + turn), turn) for turn, (name, mean) in enumerate(means.items())}
    found = agreement(models, PAPER)
    assert (found.pairs, found.undecided, found.kendall) == (6, 6, 1.0)
    assert not found.agrees


def test_what_the_paper_reports_as_equal_is_no_pair() -> None:
    # Table 1 [i]: -30.4 twice; 0.05 apart is still equal, whatever its binary fraction.
    reported = {"LISTA": -28.9, "Dense-LISTA": -30.4, "Searched": -30.4}
    models = {"LISTA": around(-28.0), "Dense-LISTA": around(-30.0, turn=1), "Searched": around(-29.0, turn=2)}
    found = agreement(models, reported)
    assert (found.pairs, found.agrees) == (2, True)
    assert reported_order(reported) == "Dense-LISTA ~ Searched < LISTA"
    assert reported_order({"a": 34.69, "b": 34.74}) == "a ~ b"
    assert reported_order({"a": 34.69, "b": 34.74}, tie_db=0.0) == "a < b"


def test_where_higher_is_better_scores_are_negatives() -> None:
    reported = {"LISTA": 34.67, "Searched": 34.78}
    models = {"LISTA": around(-34.2, 0.01), "Searched": around(-34.5, 0.01, 1)}
    assert agreement(models, reported, sign=-1).concordant == 1
    assert agreement(models, reported).discordant == 1
    assert order(models, sign=-1) == reported_order(reported, sign=-1) == "Searched > LISTA"
    assert gap_db(-34.5, 34.78, sign=-1) == pytest.approx(-0.28)
    assert gap_db(-43.1, -43.3) == pytest.approx(0.2)


def test_a_diverged_model_decides_nothing_and_comes_last() -> None:
    models = {name: around(value, turn=turn) for turn, (name, value) in enumerate(PAPER.items())}
    models["Searched"] = {0: -54.0, 1: math.inf, 2: -54.0}
    found = agreement(models, PAPER)
    assert (found.concordant, found.undecided, found.kendall) == (3, 3, None)
    assert order(models) == "Dense-LISTA < LFISTA < LISTA (Searched diverged)"


def test_equal_models_have_no_kendall() -> None:
    found = agreement({"a": around(-1.0), "b": around(-1.0)}, {"a": -1.0, "b": -2.0})
    assert (found.undecided, found.kendall) == (1, None)


@given(st.integers(0, 1000), st.integers(2, 5))
def test_reversing_the_paper_swaps_concordant_and_discordant(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"model {number}" for number in range(count)]
    models = {name: dict(enumerate(rng.normal(rng.normal(), 0.4, 5).tolist())) for name in names}
    reported = dict(zip(names, np.round(rng.normal(size=count), 1).tolist(), strict=True))
    forth = agreement(models, reported)
    back = agreement(models, {name: -value for name, value in reported.items()})
    assert (forth.pairs, forth.undecided) == (back.pairs, back.undecided)
    assert (forth.concordant, forth.discordant) == (back.discordant, back.concordant)
    assert forth.pairs == forth.concordant + forth.discordant + forth.undecided
    assert forth.kendall == pytest.approx(-back.kendall) if back.kendall is not None else not forth.kendall


def test_other_models_are_refused() -> None:
    with pytest.raises(InputError, match="of the same models, got 'LISTA' reported only"):
        agreement({"a": around(-1.0)}, {"a": -1.0, "LISTA": -2.0})
    with pytest.raises(InputError, match="of the same models, got 'a' measured only"):
        agreement({"a": around(-1.0), "b": around(-1.0)}, {"b": -1.0})
    with pytest.raises(InputError, match="at least 2 models, got 1"):
        agreement({"a": around(-1.0)}, {"a": -1.0})
