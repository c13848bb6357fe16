"""Claims judged by the whole interval: true, false, not shown, diverged, each with its sentence."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.claims import Answer, Claim, ConnectionClaim, Kind, judge, judge_connections
from analysis.comparison import paired_difference
from genome.errors import InputError

SEEDS = (11, 12, 13, 14, 15)
SPREAD = (-0.1, -0.05, 0.0, 0.05, 0.1)  # 95% interval: 0.098 on either side


def models(difference: float, scale: float = 1.0) -> dict[str, dict[int, float]]:
    reference = dict(zip(SEEDS, (-30.0, -28.0, -31.0, -29.5, -27.0), strict=True))
    subject = {s: reference[s] + difference + scale * e for s, e in zip(SEEDS, SPREAD, strict=True)}
    return {"chosen": subject, "LFISTA": reference}


@pytest.mark.parametrize(
    ("kind", "difference", "answer"),
    [
        ("better_by", -0.5, "true"),
        ("better_by", -0.39, "not shown"),
        ("better_by", -0.3, "not shown"),
        ("better_by", -0.21, "not shown"),
        ("better_by", -0.1, "false"),
        ("better_by", 0.5, "false"),
        ("not_worse_by", -0.5, "true"),
        ("not_worse_by", 0.1, "true"),
        ("not_worse_by", 0.21, "not shown"),
        ("not_worse_by", 0.39, "not shown"),
        ("not_worse_by", 0.5, "false"),
    ],
)
def test_the_whole_interval_must_support_the_claim(kind: Kind, difference: float, answer: Answer) -> None:
    verdict = judge(Claim("chosen", "LFISTA", kind, 0.3), models(difference))
    assert verdict.answer == answer
    assert verdict.holds is (answer == "true")


@pytest.mark.parametrize(
    ("difference", "scale", "answer"),
    [(-0.5, 1.0, "true"), (0.05, 1.0, "not shown"), (0.5, 1.0, "false"), (0.0, 0.0, "false")],
)
def test_better_by_nothing_is_better_and_not_the_same(
    difference: float, scale: float, answer: Answer
) -> None:
    verdict = judge(Claim("chosen", "LFISTA", "better_by", 0.0), models(difference, scale))
    assert verdict.answer == answer
    assert "chosen is better than LFISTA (difference" in verdict.sentence


def test_sentences_carry_the_numbers() -> None:
    better, equal = (
        Claim("chosen", "LFISTA", "better_by", 0.3),
        Claim("chosen", "LFISTA", "not_worse_by", 0.3),
    )
    assert judge(better, models(-0.5)).sentence == (
        "True: chosen is at least 0.3 dB better than LFISTA "
        "(difference -0.50 dB, 95% interval -0.60 to -0.40 dB, 5 seeds)."
    )
    assert judge(equal, models(0.5)).sentence == (
        "False: chosen is not worse than LFISTA by more than 0.3 dB "
        "(difference +0.50 dB, 95% interval +0.40 to +0.60 dB, 5 seeds)."
    )
    assert judge(better, models(-0.3)).sentence == (
        "Not shown: chosen is at least 0.3 dB better than LFISTA "
        "(difference -0.30 dB, 95% interval -0.40 to -0.20 dB, 5 seeds, which does not settle it)."
    )


def test_verdict_carries_the_difference_it_rests_on() -> None:
    values = models(-0.5)
    verdict = judge(Claim("chosen", "LFISTA", "better_by", 0.3), values)
    assert verdict.difference == paired_difference(values["chosen"], values["LFISTA"])
    assert verdict.to_dict() == {"sentence": verdict.sentence, "holds": True, "verdict": "true"}


@given(
    st.floats(-2.0, 2.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 10.0),
    st.sampled_from(["better_by", "not_worse_by"]),
)
def test_a_wider_spread_or_margin_never_turns_a_verdict_round(
    difference: float, margin: float, scale: float, kind: Kind
) -> None:
    claim = Claim("chosen", "LFISTA", kind, margin)
    exact, noisy = judge(claim, models(difference, scale=0.0)), judge(claim, models(difference, scale))
    if noisy.answer in ("true", "false") and abs(difference - claim.bound_db) > 1e-9:
        assert noisy.answer == exact.answer
    if judge(Claim("chosen", "LFISTA", "better_by", margin), models(difference, scale)).holds:
        assert judge(Claim("chosen", "LFISTA", "not_worse_by", margin), models(difference, scale)).holds


@pytest.mark.parametrize("name", ["chosen", "LFISTA"])
def test_a_diverged_model_leaves_the_claim_open(name: str) -> None:
    values = models(-5.0)
    values[name][13] = math.inf
    verdict = judge(Claim("chosen", "LFISTA", "better_by", 0.3), values)
    assert verdict.answer == "diverged"
    assert not verdict.holds
    assert verdict.difference is None
    assert verdict.sentence == (
        f"Not shown: chosen is at least 0.3 dB better than LFISTA, because {name} diverged on 1 of 5 seeds."
    )


@pytest.mark.parametrize(
    ("used", "available", "answer", "sentence"),
    [
        (9, 21, "true", "True: chosen uses at most 60% of Dense's extra connections (9 of 21, 42.9%)."),
        (13, 21, "false", "False: chosen uses at most 60% of Dense's extra connections (13 of 21, 61.9%)."),
        (21, 35, "true", "True: chosen uses at most 60% of Dense's extra connections (21 of 35, 60.0%)."),
        (0, 0, "true", "True: chosen uses at most 60% of Dense's extra connections (0 of 0)."),
    ],
)
def test_connections_are_counted_exactly(used: int, available: int, answer: Answer, sentence: str) -> None:
    verdict = judge_connections(ConnectionClaim("chosen", "Dense", 0.6), {"chosen": used, "Dense": available})
    assert verdict.answer == answer
    assert verdict.sentence == sentence
    assert verdict.difference is None


@given(st.integers(0, 100))
def test_a_fraction_of_whole_percents_is_reached_by_that_many_of_a_hundred(count: int) -> None:
    claim = ConnectionClaim("a", "b", count / 100)
    assert judge_connections(claim, {"a": count, "b": 100}).holds
    assert not judge_connections(claim, {"a": count + 1, "b": 100}).holds


@pytest.mark.parametrize("margin", [-0.1, math.inf, math.nan])
def test_refuses_an_impossible_margin(margin: float) -> None:
    with pytest.raises(InputError, match="margin of a claim must be a finite number of dB, at least 0"):
        Claim("a", "b", "better_by", margin)


@pytest.mark.parametrize("fraction", [-0.1, 1.1, math.nan])
def test_refuses_an_impossible_fraction(fraction: float) -> None:
    with pytest.raises(InputError, match=r"fraction of a connection claim must lie in \[0, 1\]"):
        ConnectionClaim("a", "b", fraction)


def test_refuses_unknown_models() -> None:
    with pytest.raises(InputError, match="Unknown model 'x' in a comparison; known: LFISTA, chosen"):
        judge(Claim("x", "LFISTA", "better_by", 0.3), models(0.0))
    with pytest.raises(InputError, match="Unknown model 'b' in a claim; known: a"):
        judge_connections(ConnectionClaim("a", "b", 0.5), {"a": 1})
