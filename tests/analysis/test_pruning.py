"""Pruning: greedy elimination against every subnetwork, rankings by hand, side patterns, the picture."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from analysis.comparison import Divergence, PairedDifference
from analysis.pruning import Round, best, eliminate, ranking, smallest_within, try_removals
from analysis.pruning_figure import CurvePoint, draw_pruning
from analysis.pruning_parts import CONNECTIONS, Part, count
from analysis.shown import Shown
from analysis.side_pruning import SIDES, reconnected, share, side_patterns, summarize_sides, with_side
from analysis.zeroing import has_coefficients, rank_correlation, zeroed
from builders.injections import Form
from builders.network import build
from evaluation.evaluator import Evaluator
from evaluation.problems import SparseRecovery
from evaluation.protocol import protocol
from evaluation.tabular import Table, TabularEvaluator, load_table
from genome import Evaluation, Genome, InputError, Request

PROBLEM = SparseRecovery(m=8, n=16, train=256, valid=64, test=64)


class Counted:
    """The table's evaluator; remembers how many requests came in every call."""

    def __init__(self, table: Table) -> None:
        self._inner = TabularEvaluator(table)
        self.calls: list[int] = []

    def evaluate(self, requests: Sequence[Request], progress: object = None) -> list[Evaluation]:
        self.calls.append(len(requests))
        return self._inner.evaluate(requests, progress)


@pytest.fixture(scope="module")
def table() -> Table:
    return load_table("connections")


@pytest.fixture(scope="module")
def scores(table: Table) -> dict[frozenset[tuple[int, int]], float]:
    """Score of every set of extra connections of seven layers."""
    return {
        frozenset(genome.extra_connections()): score
        for genome, score in zip(table.space.enumerate(), table.scores.tolist(), strict=True)
    }


@pytest.fixture(scope="module")
def curve(table: Table) -> tuple[Round, ...]:
    evaluator = TabularEvaluator(table)
    return eliminate(evaluator, try_removals(evaluator, Genome.dense(7), [0], CONNECTIONS), CONNECTIONS)


@pytest.fixture(scope="module")
def tried() -> Round:
    """Dense-LISTA of four layers, trained for real with two seeds."""
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=1)
    return try_removals(evaluator, Genome.dense(4), [3, 4], CONNECTIONS)


def point(mean: float, connections: int = 0) -> Round:
    places = itertools.islice(Genome.dense(7).extra_connections(), connections)
    return Round(Genome.from_connections(7, places), {0: mean - 0.1, 1: mean + 0.1}, {})


def test_every_step_is_the_best_removal_of_one_connection(
    curve: Sequence[Round], scores: dict[frozenset[tuple[int, int]], float]
) -> None:
    assert [each.genome.connections for each in curve] == list(range(15, -1, -1))
    for before, after in itertools.pairwise(curve):
        held = frozenset(before.genome.extra_connections())
        assert after.removed in held
        assert frozenset(after.genome.extra_connections()) == held - {after.removed}
        assert after.mean == min(scores[held - {place}] for place in held)


def test_greedy_elimination_finds_the_best_of_all_subnetworks_and_is_near_it_at_every_size(
    curve: Sequence[Round], scores: dict[frozenset[tuple[int, int]], float]
) -> None:
    exact: dict[int, float] = {}
    for held, score in scores.items():
        exact[len(held)] = min(score, exact.get(len(held), math.inf))
    loss = {each.genome.connections: each.mean - exact[each.genome.connections] for each in curve}
    assert min(loss.values()) == 0.0
    assert best(curve).mean == min(scores.values())
    assert best(curve).genome.connections == 6
    # Greedy is exact at 12 of 16 sizes; two connections are where it is farthest off.
    assert sum(value == 0.0 for value in loss.values()) == 12
    assert max(loss, key=lambda size: loss[size]) == 2
    assert loss[2] == pytest.approx(0.969, abs=1e-3)


def test_candidates_bound_what_a_round_tries_in_one_call(table: Table) -> None:
    evaluator = Counted(table)
    first = try_removals(evaluator, Genome.dense(7), [0], CONNECTIONS)
    found = eliminate(evaluator, first, CONNECTIONS, least=9, candidates=3)
    assert evaluator.calls == [16, 3, 3, 3, 3, 3]
    assert [each.genome.connections for each in found] == [15, 14, 13, 12, 11, 10, 9]
    ranked = sorted(first.without, key=lambda part: first.without[part][0])
    assert set(found[1].without) == set(ranked[1:4])


def test_a_whole_elimination_makes_one_call_a_round(table: Table) -> None:
    evaluator = Counted(table)
    start = Genome.lfista(7)
    found = eliminate(evaluator, try_removals(evaluator, start, [0], CONNECTIONS), CONNECTIONS)
    assert evaluator.calls == [6, 4, 3, 2, 1]
    assert found[-1].genome == Genome.lista(7)
    assert not found[-1].without


def test_effects_are_paired_differences_of_networks_trained_alone(tried: Round) -> None:
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=1)
    effects = ranking(tried)
    assert {effect.part for effect in effects} == {(3, 1), (4, 1), (4, 2)}
    means = []
    for effect in effects:
        kept = [place for place in Genome.dense(4).extra_connections() if place != effect.part]
        left = Genome.from_connections(4, kept)
        pairs = [
            evaluator.evaluate([Request(genome, seed=seed)])[0].score
            for seed in (3, 4)
            for genome in (left, Genome.dense(4))
        ]
        assert isinstance(effect.difference, PairedDifference)
        assert effect.difference.per_seed == ((3, pairs[0] - pairs[1]), (4, pairs[2] - pairs[3]))
        means.append(effect.difference.mean)
    assert means == sorted(means)


def test_what_diverges_is_ranked_last_and_never_removed() -> None:
    start = Genome.dense(4)
    without: dict[Part, dict[int, float]] = {
        (3, 1): {0: -1.0, 1: math.inf},
        (4, 1): {0: -2.0, 1: -2.2},
        (4, 2): {0: -3.0, 1: -3.1},
    }
    tried = Round(start, {0: -3.0, 1: -3.0}, without)
    assert [effect.part for effect in ranking(tried)] == [(4, 2), (4, 1), (3, 1)]
    assert isinstance(ranking(tried)[-1].difference, Divergence)
    assert tried.least_harmful == (4, 2)
    hopeless = Round(start, tried.scores, {(3, 1): without[3, 1]})
    assert hopeless.least_harmful is None
    evaluator = TabularEvaluator(load_table("connections"))
    assert eliminate(evaluator, hopeless, CONNECTIONS) == (hopeless,)


def test_the_smallest_network_within_the_margin_may_lie_beyond_worse_ones() -> None:
    curve = [
        point(mean, left) for mean, left in ((-20.0, 4), (-20.25, 3), (-19.5, 2), (-19.75, 1), (-9.0, 0))
    ]
    assert smallest_within(curve, 0.25, curve[0]) is curve[3]
    assert smallest_within(curve, 0.2, curve[0]) is curve[1]
    assert smallest_within(curve, 0.25, curve[1]) is curve[1]
    assert best(curve) is curve[1]
    assert best([curve[0], point(-20.0, 3)]).genome.connections == 3


def test_pruning_refuses_what_it_cannot_do(table: Table, curve: Sequence[Round]) -> None:
    evaluator = TabularEvaluator(table)
    with pytest.raises(InputError, match="An interval needs at least 2 seeds, got 1"):
        ranking(curve[0])
    with pytest.raises(InputError, match="must have extra connections to remove, got none in"):
        try_removals(evaluator, Genome.lista(7), [0], CONNECTIONS)
    with pytest.raises(InputError, match="Pruning needs at least 1 seed, got none"):
        try_removals(evaluator, Genome.dense(7), [], CONNECTIONS)
    with pytest.raises(
        InputError, match="extra connections to stop at must be an integer from 0 to 15, got 16"
    ):
        eliminate(evaluator, curve[0], CONNECTIONS, least=16)
    with pytest.raises(InputError, match="removals tried in a round must be an integer from 1"):
        eliminate(evaluator, curve[0], CONNECTIONS, candidates=0)
    for margin in (-0.1, math.nan):
        with pytest.raises(InputError, match="margin of pruning must be a finite number of dB, at least 0"):
            smallest_within(curve, margin, curve[0])


@pytest.mark.parametrize("form", ["sum", "momentum"])
def test_a_coefficient_of_zero_is_the_network_without_the_connection(form: Form) -> None:
    """Of forms without a division; the reference has the same numbers in a network of fewer gates."""
    evaluator = Evaluator(PROBLEM, protocol("smoke").with_form(form), device="cpu", workers=1)
    network = evaluator.network(Request(Genome.dense(4), seed=1))
    valid = PROBLEM.dataset(0).valid
    before = {name: value.clone() for name, value in network.state_dict().items()}

    def nmse(genome: Genome) -> float:
        like = build(genome, PROBLEM.dictionary, form=form)
        like.load_state_dict(before)
        with torch.no_grad():
            error = (like(valid.b) - valid.x).numpy().astype(np.float64)
        energy = np.square(valid.x.numpy().astype(np.float64)).sum(axis=1)
        return float(np.mean(10 * np.log10(np.square(error).sum(axis=1) / energy)))

    effects = zeroed(network, PROBLEM, valid)
    assert set(effects) == {(3, 1), (4, 1), (4, 2)}
    for part, effect in effects.items():
        expected = nmse(CONNECTIONS.without(Genome.dense(4), part)) - nmse(Genome.dense(4))
        assert effect == pytest.approx(expected, abs=1e-4)
    assert len(set(effects.values())) == 3
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_naive_averages_have_nothing_to_set_to_zero() -> None:
    network = build(Genome.dense(4), PROBLEM.dictionary, form="naive")
    assert not has_coefficients(network)
    with pytest.raises(InputError, match="connections need coefficients of their own, got form 'naive'"):
        zeroed(network, PROBLEM, PROBLEM.dataset(0).valid)


def test_rank_correlation_counts_pairs_in_and_out_of_order() -> None:
    first: dict[Part, float] = {(3, 1): 0.0, (4, 1): 1.0, (4, 2): 2.0, (5, 1): math.inf}
    second: dict[Part, float] = {(3, 1): 5.0, (4, 1): 7.0, (4, 2): 6.0, (5, 1): 9.0}
    found = rank_correlation(first, second)
    assert found is not None
    assert found.tau == pytest.approx((5 - 1) / 6)
    assert found.number == 4
    assert rank_correlation({(3, 1): 0.0}, {(3, 1): 1.0}) is None
    assert rank_correlation({(3, 1): 0.0, (4, 1): 0.0}, {(3, 1): 1.0, (4, 1): 2.0}) is None
    with pytest.raises(InputError, match="must be of the same connections, got 4 and 1"):
        rank_correlation(first, {(3, 1): 0.0})


def test_side_connections_are_pruned_to_the_first() -> None:
    genome = Genome.lfista(4)
    assert SIDES.of(genome) == ((2,), (3,), (4,))
    assert SIDES.without(genome, (3,)).side == (True, True, False, True)
    assert count(SIDES, genome) == 4
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=1)
    found = eliminate(evaluator, try_removals(evaluator, genome, [0], SIDES), SIDES)
    assert [sum(each.genome.side) for each in found] == [4, 3, 2, 1]
    assert found[-1].genome == with_side(genome, (True, False, False, False))
    assert {each.genome.connections for each in found} == {2}
    assert reconnected(found[-1].genome) == genome
    with pytest.raises(InputError, match="layer 1"):
        with_side(genome, (False, True, True, True))


def test_side_patterns_are_all_there_are_or_spread_over_their_numbers() -> None:
    everything = side_patterns(5, None, np.random.default_rng(0))
    assert len(set(everything)) == 16
    assert all(side[0] and len(side) == 5 for side in everything)
    assert side_patterns(5, 99, np.random.default_rng(0)) == everything
    some = side_patterns(16, 64, np.random.default_rng(7))
    assert some == side_patterns(16, 64, np.random.default_rng(7))
    assert len(set(some)) == 64
    assert all(side[0] for side in some)
    sizes = Counter(map(sum, some))
    # One pattern has the first alone and one has all 16; the other 62 fall on 14 numbers, 4 or 5 on each.
    assert sizes[1] == sizes[16] == 1
    assert {sizes[size] for size in range(2, 16)} == {4, 5}
    assert sorted(sum(side) for side in side_patterns(9, 3, np.random.default_rng(0))) == [1, 5, 9]


@pytest.mark.parametrize(
    ("layers", "number", "message"),
    [
        (5, 0, "number of patterns of side connections must be an integer from 1 to 1048576, got 0"),
        (30, None, "got 536870912"),
    ],
)
def test_impossible_patterns_are_refused(layers: int, number: int | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        side_patterns(layers, number, np.random.default_rng(0))


def test_shares_have_clopper_and_pearsons_interval() -> None:
    none, every = share(0, 20), share(20, 20)
    assert none.low == 0.0
    assert none.high == pytest.approx(1 - 0.025 ** (1 / 20))
    assert every.low == pytest.approx(0.025 ** (1 / 20))
    assert every.high == 1.0
    # Tabulated: 7 of 20.
    assert share(7, 20).low == pytest.approx(0.1539, abs=1e-4)
    assert share(7, 20).high == pytest.approx(0.5922, abs=1e-4)
    with pytest.raises(InputError, match="networks of a share must be an integer from 1"):
        share(0, 0)
    with pytest.raises(InputError, match="that a share counts must be an integer from 0 to 3, got 4"):
        share(4, 3)


def test_side_summaries_count_losses_and_gains_on_their_own() -> None:
    found = summarize_sides(-20.0, [-19.0, -21.0, math.inf, -20.0], [-19.5, -20.5, -18.0, -20.0])
    assert (found.worse.number, found.gaining.number, found.worse.total) == (2, 2, 4)
    with pytest.raises(InputError, match="needs its reconnected one, got 1 for 2"):
        summarize_sides(-20.0, [-19.0, -18.0], [-20.0])


@pytest.mark.parametrize("shown", [Shown(), Shown("PSNR", -1)])
def test_the_picture_is_the_same_every_time(tmp_path: Path, shown: Shown) -> None:
    curve = [CurvePoint(size, (-20.0 - size, -20.5 - size)) for size in (3, 2, 1, 0)]
    chosen = {"start": curve[0], "best": curve[0], "smallest": curve[1]}
    for name in ("first", "second"):
        draw_pruning(
            tmp_path / name,
            curve,
            chosen,
            ("0.3 dB worse than the start", -22.9),
            parts="side connections",
            others=[(2, -21.0), (1, math.inf)],
            shown=shown,
        )
    for suffix, magic in ((".png", b"\x89PNG"), (".pdf", b"%PDF")):
        first = (tmp_path / f"first{suffix}").read_bytes()
        assert first.startswith(magic)
        assert first == (tmp_path / f"second{suffix}").read_bytes()


def test_a_picture_needs_finite_scores(tmp_path: Path) -> None:
    for curve in ([], [CurvePoint(1, (-20.0, math.inf))]):
        with pytest.raises(InputError, match="picture of pruning needs networks with finite scores"):
            draw_pruning(tmp_path / "no.png", curve, {}, ("margin", 0.0), parts="extra connections")
    assert not list(tmp_path.iterdir())
