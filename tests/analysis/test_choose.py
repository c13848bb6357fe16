"""Ranking evaluations and choosing the smallest network that is nearly the best."""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.choose import chosen, top
from genome.errors import InputError
from genome.genome import Genome
from genome.records import Evaluation, Request

PAIRS = [(d, s) for d in range(3, 7) for s in range(1, d - 1)]


def evaluation(
    genome: Genome, score: float, *, seed: int = 0, draw: int = 0, setting: str = "setting"
) -> Evaluation:
    stages = (score,) * genome.layers
    status = "complete" if score < math.inf else "diverged"
    return Evaluation(Request(genome, seed, draw), setting, status, stages, stages, None, None, 1.0)  # type: ignore[arg-type]


def with_connections(count: int, skip: int = 0) -> Genome:
    return Genome.from_connections(6, PAIRS[skip : skip + count])


@st.composite
def searches(draw: st.DrawFn) -> list[Evaluation]:
    masks = draw(st.lists(st.integers(0, 2 ** len(PAIRS) - 1), min_size=1, max_size=12, unique=True))
    members = [
        Genome.from_connections(6, [p for i, p in enumerate(PAIRS) if mask >> i & 1]) for mask in masks
    ]
    scores = st.sampled_from([-30.0, -29.9, -29.7, -29.5, -20.0, math.inf])
    evaluations = [evaluation(member, draw(scores)) for member in members]
    return [*evaluations, evaluation(Genome.from_connections(6, (), ("relu",) * 6), -10.0)]


@given(searches(), st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(evaluations: list[Evaluation], shuffler: random.Random) -> None:
    shuffled = list(evaluations)
    shuffler.shuffle(shuffled)
    assert top(shuffled, 5) == top(evaluations, 5)
    assert chosen(shuffled) == chosen(evaluations)


@given(searches(), st.integers(1, 15))
def test_top_holds_the_lowest_scores_ascending(evaluations: list[Evaluation], k: int) -> None:
    finite = sorted(e.score for e in evaluations if e.score < math.inf)
    assert [e.score for e in top(evaluations, k)] == finite[:k]


def test_networks_that_were_not_trained_to_the_last_stage_are_left_out() -> None:
    whole = evaluation(with_connections(2), -10.0)
    part = evaluation(with_connections(1), -20.0)
    cut = replace(
        part,
        request=replace(part.request, stages=4),
        valid_nmse_db=part.valid_nmse_db[:4],
        valid_ratio_db=part.valid_ratio_db[:4],
    )
    assert top([cut, whole], 5) == [whole]
    assert chosen([cut, whole], 50.0) == whole
    with pytest.raises(InputError, match="none of the 1 evaluations completed"):
        top([cut], 1)


@given(searches(), st.sampled_from([0.0, 0.1, 0.3, 1.0, 50.0]))
def test_chosen_is_within_the_margin_and_nothing_within_it_is_smaller(
    evaluations: list[Evaluation], margin: float
) -> None:
    choice = chosen(evaluations, margin)
    limit = min(e.score for e in evaluations) + margin
    assert choice.score <= limit
    assert all(e.connections >= choice.connections for e in evaluations if e.score <= limit)


def test_chosen_prefers_fewer_connections_within_the_margin() -> None:
    best = evaluation(with_connections(9), -30.0)
    near = evaluation(with_connections(4), -29.75)
    far = evaluation(with_connections(1), -29.6)
    assert chosen([best, near, far]) == near
    assert chosen([best, near, far], margin_db=0.1) == best
    assert chosen([best, near, far], margin_db=0.5) == far


def test_margin_is_inclusive() -> None:
    best, edge = evaluation(with_connections(5), -30.0), evaluation(with_connections(2), -29.5)
    assert chosen([best, edge], margin_db=0.5) == edge


def test_ties_go_to_the_better_score_then_to_the_lower_digest() -> None:
    big = evaluation(with_connections(8), -30.0)
    worse, better = evaluation(with_connections(3), -29.8), evaluation(with_connections(3, skip=2), -29.9)
    assert chosen([big, worse, better]) == better
    equal = [evaluation(with_connections(3, skip=skip), -29.9) for skip in range(4)]
    assert chosen([big, *equal]).genome.digest == min(e.genome.digest for e in equal)
    assert [e.genome.digest for e in top(equal, 4)] == sorted(e.genome.digest for e in equal)


def test_equal_scores_rank_the_smaller_network_first() -> None:
    large, small = evaluation(with_connections(7), -25.0), evaluation(with_connections(2), -25.0)
    assert top([large, small], 2) == [small, large]


def test_fewer_completed_than_asked_gives_all_of_them_once() -> None:
    one, two = evaluation(with_connections(1), -20.0), evaluation(with_connections(2), -21.0)
    lost = evaluation(with_connections(3), math.inf)
    assert top([one, lost, two, one], 50) == [two, one]


def test_refuses_when_nothing_completed() -> None:
    lost = [evaluation(with_connections(n), math.inf) for n in (1, 2)]
    with pytest.raises(InputError, match="none of the 2 evaluations completed"):
        chosen(lost)
    with pytest.raises(InputError, match="none of the 0 evaluations completed"):
        top([], 3)


def test_refuses_no_places() -> None:
    with pytest.raises(InputError, match="at least 1, got 0"):
        top([evaluation(with_connections(1), -20.0)], 0)


@pytest.mark.parametrize("margin", [-0.1, math.inf, math.nan])
def test_refuses_an_impossible_margin(margin: float) -> None:
    with pytest.raises(InputError, match="margin of the choice must be a finite number"):
        chosen([evaluation(with_connections(1), -20.0)], margin)


@pytest.mark.parametrize("other", [{"draw": 1}, {"setting": "another"}])
def test_refuses_scores_on_different_scales(other: dict[str, object]) -> None:
    first = evaluation(with_connections(1), -20.0)
    second = evaluation(with_connections(2), -21.0, **other)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"must share their setting and draw, got .*setting draw 0"):
        top([first, second], 2)


def test_refuses_one_genome_with_several_seeds() -> None:
    genome = with_connections(2)
    lucky = [evaluation(genome, -20.0 - seed, seed=seed) for seed in range(3)]
    with pytest.raises(InputError, match=f"one seed a genome, got several for genome {genome.digest}"):
        chosen(lucky)
