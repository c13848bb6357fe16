"""How scores and names are shown: as they are, or as the positive numbers of a metric that grows."""

import math

import pytest

from analysis.claims import Claim, judge
from analysis.shown import NMSE, Shown, baseline_name, cell_text, choices
from genome import Genome

PSNR = Shown("PSNR", -1)
SPREAD = {"mean": -30.0, "low": -31.5, "high": -28.5}


def test_a_result_that_names_no_metric_shows_nmse() -> None:
    assert Shown.of({}) == Shown.of({"settings": {"m": 5}}) == NMSE
    assert (NMSE.better, NMSE.gain) == ("lower", "Negative")
    assert (NMSE.value(-3.5), NMSE.interval(SPREAD)) == (-3.5, (-30.0, -31.5, -28.5))


def test_a_metric_of_which_more_is_better_is_shown_with_its_own_sign() -> None:
    assert Shown.of({"settings": {"metric": {"name": "PSNR", "sign": -1}}}) == PSNR
    assert (PSNR.better, PSNR.gain) == ("higher", "Positive")
    assert (PSNR.value(-3.5), PSNR.interval(SPREAD)) == (3.5, (30.0, 28.5, 31.5))
    assert math.copysign(1.0, PSNR.value(0.0)) == 1.0, "zero has no minus"


@pytest.mark.parametrize("shown", [NMSE, PSNR])
def test_what_diverged_stays_not_finite(shown: Shown) -> None:
    assert not any(math.isfinite(shown.value(lost)) for lost in (None, "inf", math.inf))


def test_the_goal_of_the_score_has_the_metrics_name() -> None:
    assert [PSNR.goal(name) for name in ("nmse", "connections")] == ["psnr", "connections"]
    assert NMSE.goal("nmse") == "nmse"


def test_a_claim_is_judged_on_scores_and_told_in_the_metric() -> None:
    models = {"chosen": {1: -33.0, 2: -33.2}, "LISTA": {1: -31.0, 2: -31.0}}
    claim = Claim("chosen", "LISTA", "better_by", 0.3)
    told, plain = judge(claim, models, PSNR), judge(claim, models)
    assert told.answer == plain.answer == "true"
    assert told.difference == plain.difference
    assert "difference -2.10 dB, 95% interval -3.37 to -0.83 dB" in plain.sentence
    assert "difference +2.10 dB, 95% interval +0.83 to +3.37 dB" in told.sentence


def test_a_baseline_has_the_name_of_its_entry_or_its_key() -> None:
    names = [baseline_name("dense", {}), baseline_name("dense", {"name": "dense"}), baseline_name("own", {})]
    assert names == ["Dense-LISTA", "dense", "own"]


def test_a_cell_is_told_as_the_command_line_takes_it() -> None:
    assert cell_text("dladmm") == "dladmm"
    assert cell_text({"name": "lista", "tied": False}) == "lista tied=false"


def test_choices_name_what_is_not_the_usual() -> None:
    usual = Genome.lista(3)
    assert choices(usual.to_dict()) == [["soft"] * 3]
    other = Genome(
        usual.gates,
        ("soft", "support", "soft"),
        (True, False, True),
        ("free", "coupled", "analytic"),
        ("learned", "learned", "adaptive"),
    )
    assert choices(other.to_dict()) == [
        ["soft", "support", "soft"],
        ["coupled", "analytic"],
        ["adaptive"],
        ["no side"],
    ]
