"""Requests and evaluations: keys, strict JSON, and records that cannot contradict themselves."""

from __future__ import annotations

import json
import math
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genome import Evaluation, Genome, InputError, Request

INF = math.inf

GOOD = Evaluation(
    request=Request(Genome.lfista(3), seed=1, draw=2, test=True),
    setting="ab12",
    status="complete",
    valid_nmse_db=(-1.0, -2.0, -3.0),
    valid_ratio_db=(-1.5, -2.5, -3.5),
    test_nmse_db=-2.9,
    test_ratio_db=-3.4,
    seconds=0.5,
)
BAD = replace(
    GOOD,
    status="diverged",
    valid_nmse_db=(-1.0, INF, INF),
    valid_ratio_db=(-1.5, INF, INF),
    test_nmse_db=INF,
    test_ratio_db=INF,
)


@given(st.from_type(Request))
@settings(deadline=None, max_examples=50)
def test_requests_round_trip(request_: Request) -> None:
    assert Request.from_dict(json.loads(json.dumps(request_.to_dict()))) == request_
    assert pickle.loads(pickle.dumps(request_)) == request_


@given(st.from_type(Evaluation))
@settings(deadline=None, max_examples=50)
def test_evaluations_round_trip_through_strict_json(evaluation: Evaluation) -> None:
    text = json.dumps(evaluation.to_dict(), allow_nan=False)
    back = Evaluation.from_dict(json.loads(text))
    assert back == evaluation
    assert back.key == evaluation.key
    assert pickle.loads(pickle.dumps(evaluation)) == evaluation


def test_the_key_depends_on_everything() -> None:
    genome = Genome.lfista(4)
    requests = [
        Request(genome),
        Request(Genome.lista(4)),
        Request(replace(genome, neurons=("soft", "soft", "soft", "relu"))),
        Request(replace(genome, side=(True, True, True, False))),
        Request(genome.prefix(3)),
        Request(genome, seed=1),
        Request(genome, draw=1),
        Request(genome, test=True),
        Request(genome, stages=2),
        Request(genome, stages=3),
        Request(genome, seed=1, draw=1),
    ]
    keys = [request.digest(setting) for request in requests for setting in ("a", "b")]
    assert len(set(keys)) == 2 * len(requests)
    assert all(len(key) == 32 and set(key) <= set("0123456789abcdef") for key in keys)
    assert Request(genome).digest("a") == Request(Genome.lfista(4)).digest("a")


def test_the_key_is_pinned() -> None:
    assert GOOD.key == GOOD.request.digest("ab12") == "579c247acc575bbefb98e88de7a62f99"


def test_an_evaluation_of_some_stages_is_censored_and_has_their_numbers_alone() -> None:
    request_ = Request(Genome.dense(4), stages=2)
    partial = Evaluation(request_, "s", "complete", (-1.0, -2.0), (-1.5, -2.5), None, None, 0.1)
    assert (partial.stages, partial.score, partial.censored) == (2, -2.0, True)
    assert request_.trained == Genome.dense(2)
    assert [each.whole for each in (GOOD, BAD, partial)] == [True, False, False]
    assert (GOOD.stages, GOOD.censored, GOOD.request.trained) == (3, False, GOOD.genome)
    with pytest.raises(InputError, match="one number for each of 2 stages"):
        replace(partial, valid_nmse_db=(-1.0, -2.0, -3.0, -4.0))


@pytest.mark.parametrize("stages", [0, 4, -1, True, 2.0])
def test_stages_are_some_but_not_all(stages: Any) -> None:
    with pytest.raises(InputError, match=r"The stages of a request, where not all, must be .* 1\b.* 3\b"):
        Request(Genome.lista(4), stages=stages)


def test_the_test_split_is_not_read_early() -> None:
    with pytest.raises(InputError, match="read after all 4 stages, got 2 stages"):
        Request(Genome.lista(4), test=True, stages=2)


def test_an_evaluation_answers_for_its_genome() -> None:
    assert GOOD.genome is GOOD.request.genome
    assert GOOD.connections == 1
    assert GOOD.score == -3.0
    assert BAD.score == INF
    assert min([BAD, GOOD], key=lambda evaluation: evaluation.score) is GOOD
    assert BAD.to_dict()["valid_nmse_db"] == [-1.0, "inf", "inf"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("genome", "0_0_1", r"genome of a request must be a Genome, got '0_0_1'"),
        ("seed", -1, r"seed of a request must be an integer from 0"),
        ("seed", 2**63, r"seed of a request must be an integer from 0 to 9223372036854775807"),
        ("seed", True, r"seed of a request must be an integer from 0 .*, got True"),
        ("seed", np.int64(3), r"seed of a request must be an integer from 0 .*, got (np\.int64\()?3"),
        ("draw", 1.0, r"draw of a request must be an integer from 0 .*, got 1\.0"),
        ("test", 1, r"setting test of a request must be true or false, got 1"),
    ],
)
def test_an_illegal_request_is_refused(field: str, value: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(GOOD.request, **{field: value})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"request": Genome.lista(3)}, r"request of an evaluation must be a Request"),
        ({"setting": ""}, r"setting of an evaluation must be a digest, got ''"),
        ({"setting": None}, r"setting of an evaluation must be a digest, got None"),
        ({"status": "failed"}, r"status of an evaluation must be one of complete, diverged, got 'failed'"),
        ({"status": "diverged"}, r"must end in inf exactly where the status is diverged, got -3\.0"),
        (
            {"valid_nmse_db": (-1.0, -2.0)},
            r"valid_nmse_db must be a tuple with one number for each of 3 stages",
        ),
        ({"valid_nmse_db": [-1.0, -2.0, -3.0]}, r"valid_nmse_db must be a tuple"),
        ({"valid_ratio_db": (-1.0, math.nan, -3.0)}, r"valid_ratio_db must hold numbers, got nan at stage 2"),
        ({"valid_ratio_db": (True, -2.0, -3.0)}, r"valid_ratio_db must hold numbers, got True at stage 1"),
        (
            {"valid_nmse_db": (-1.0, INF, -3.0)},
            r"must stay inf from the stage that diverged on, not at stage 3",
        ),
        (
            {"valid_nmse_db": (-1.0, -2.0, INF)},
            r"must end in inf exactly where the status is diverged, got inf",
        ),
        ({"test_nmse_db": None}, r"test_nmse_db must be a number for a request with test=True, got None"),
        ({"test_ratio_db": math.nan}, r"test_ratio_db must be a number, got nan"),
        ({"request": Request(Genome.lista(3))}, r"test_nmse_db must be None for a request with test=False"),
        ({"seconds": -1.0}, r"seconds of an evaluation must be 0 or more, got -1\.0"),
        ({"seconds": INF}, r"seconds of an evaluation must be 0 or more, got inf"),
        ({"seconds": None}, r"seconds of an evaluation must be 0 or more, got None"),
    ],
)
def test_an_illegal_evaluation_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(GOOD, **change)


def test_a_diverged_network_has_no_finite_test_error() -> None:
    with pytest.raises(InputError, match=r"test_nmse_db must be inf where the status is diverged, got -2\.9"):
        replace(BAD, test_nmse_db=-2.9)
    assert replace(GOOD, test_nmse_db=INF).score == GOOD.score


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"valid_nmse_db": [-1.0, -2.0, "low"]}, r"valid_nmse_db must hold numbers, got 'low' at stage 3"),
        ({"valid_nmse_db": [-1.0, -2.0, None]}, r"valid_nmse_db must hold numbers, got None at stage 3"),
        ({"valid_ratio_db": "inf"}, r"valid_ratio_db must be a list, got 'inf'"),
        ({"score": -3.0}, r"evaluation has the unknown key 'score'"),
        ({"request": {"seed": 0}}, r"request must have the key 'genome', which is missing"),
    ],
)
def test_an_illegal_dictionary_of_an_evaluation_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Evaluation.from_dict(GOOD.to_dict() | change)
