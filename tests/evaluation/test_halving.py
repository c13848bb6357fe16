"""Successive halving over depth: who goes on, what is told, and that no evaluation changes by it."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from evaluation.halving import Halving, evaluate_in_rungs
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.reuse import Reuse
from evaluation.trie import Progress
from genome import DesignSpace, Evaluation, Genome, InputError, Request

K = 6
SPACE = DesignSpace(K)
PROBLEM = SparseRecovery(m=6, n=12, train=128, valid=40, test=20)


class Landscape:
    """Scores that depend on the layers trained and on nothing else; some prefixes diverge."""

    def __init__(self, diverging: int = 0) -> None:
        self.diverging = diverging
        self.asked: list[Request] = []

    def after(self, genome: Genome, stage: int) -> float:
        digest = int(genome.prefix(stage).digest, 16)
        # Few values, so that there are ties between different prefixes too.
        return math.inf if self.diverging and digest % self.diverging == 0 else -float(stage) - digest % 5

    def evaluate(
        self, requests: Sequence[Request], progress: Callable[[Progress], None] = lambda _: None
    ) -> list[Evaluation]:
        self.asked += requests
        if requests:
            progress(Progress(1, K, 0.5))
            progress(Progress(K, K, 1.0))
        return [self._evaluation(request) for request in requests]

    def _evaluation(self, request: Request) -> Evaluation:
        last = request.stages or request.genome.layers
        values: list[float] = []
        for stage in range(1, last + 1):
            lost = bool(values) and values[-1] == math.inf
            values.append(math.inf if lost else self.after(request.genome, stage))
        status = "diverged" if values[-1] == math.inf else "complete"
        return Evaluation(request, "s", status, tuple(values), tuple(values), None, None, 0.0)  # type: ignore[arg-type]


def batch(count: int, seed: int = 0) -> list[Request]:
    rng = np.random.default_rng(seed)
    return [Request(SPACE.sample(rng)) for _ in range(count)]


def ignore(progress: Progress) -> None:
    del progress


halvings = st.builds(
    lambda rungs, keep: Halving(tuple(sorted(rungs)), keep),
    st.sets(st.integers(1, K - 1), min_size=1),
    st.sampled_from([0.05, 0.3, 0.5, 0.7, 0.95]),
)


@given(halvings, st.integers(1, 20), st.integers(0, 5), st.sampled_from([0, 2, 7]))
def test_those_who_go_on_are_the_best_share_and_all_that_tie(
    halving: Halving, count: int, seed: int, diverging: int
) -> None:
    requests, landscape = batch(count, seed), Landscape(diverging)
    told = evaluate_in_rungs(landscape, requests, halving, ignore)
    assert [each.genome for each in told] == [request.genome for request in requests]
    alive = told
    for rung in halving.rungs:
        scores = {each: each.valid_nmse_db[rung - 1] for each in alive}
        dropped = [each for each in alive if each.stages == rung]
        going = [each for each in alive if each.stages > rung and scores[each] < math.inf]
        finite = len(dropped) + len(going)
        wanted = min(max(1, math.ceil(halving.keep * len(alive) - 1e-9)), finite)
        assert len(going) >= wanted
        if dropped:
            assert max(map(scores.__getitem__, going)) < min(map(scores.__getitem__, dropped))
            ties = [each for each in going if scores[each] == max(scores[e] for e in going)]
            assert len(going) - len(ties) < wanted, "only ties may exceed the share"
        alive = going
    assert all(each.stages == K for each in alive)
    assert all(each.status == "complete" for each in told if each.censored)


@given(halvings, st.integers(1, 12), st.integers(0, 5))
def test_what_diverged_is_told_as_it_would_be_without_halving(
    halving: Halving, count: int, seed: int
) -> None:
    requests, landscape = batch(count, seed), Landscape(diverging=2)
    told = evaluate_in_rungs(landscape, requests, halving, ignore)
    plain = landscape.evaluate(requests)
    for each, whole in zip(told, plain, strict=True):
        if each.status == "diverged" or not each.censored:
            assert each == whole
        else:
            assert each.valid_nmse_db == whole.valid_nmse_db[: each.stages]


def test_networks_that_share_a_prefix_are_kept_or_dropped_together() -> None:
    one, other = Genome.lista(K), Genome.from_connections(K, [(3, 1)])
    twins = [replace_last(one), one, replace_last(other), other]
    told = evaluate_in_rungs(Landscape(), [Request(g) for g in twins], Halving((4,), 0.25), ignore)
    kept = [not each.censored for each in told]
    assert kept in ([True, True, False, False], [False, False, True, True])


def replace_last(genome: Genome) -> Genome:
    return Genome.from_connections(K, [*genome.extra_connections(), (K, 1)])


def test_progress_of_a_batch_never_goes_back_and_ends_at_one() -> None:
    seen: list[float] = []
    evaluate_in_rungs(Landscape(), batch(12), Halving((2, 4)), lambda each: seen.append(each.done))
    assert seen == sorted(seen)
    work = 12 * 2 + 6 * 2 + 3 * 2
    assert seen == pytest.approx([12 / work, 24 / work, 30 / work, 36 / work, 39 / work, 1.0])


def test_an_empty_batch_is_told_nothing() -> None:
    assert evaluate_in_rungs(Landscape(), [], Halving((2,)), ignore) == []


def evaluator(learning_rate: float = 2e-3) -> Evaluator:
    training = replace(protocol("smoke"), learning_rate=learning_rate)
    return Evaluator(PROBLEM, training, device="cpu", workers=1)


def values(each: Evaluation) -> tuple[object, ...]:
    return each.request, each.status, each.valid_nmse_db, each.valid_ratio_db


@pytest.mark.parametrize("learning_rate", [2e-3, 3e3])
def test_halving_changes_no_bit_and_trains_nothing_twice(tmp_path: Path, learning_rate: float) -> None:
    requests, halving = batch(8), Halving((2, 4))
    plain = {each.genome: each for each in evaluator(learning_rate).evaluate(requests)}
    halved = evaluator(learning_rate)
    with Archive.open(tmp_path / "a.sqlite") as archive:
        halved.attach(archive, "test")
        told = evaluate_in_rungs(halved, requests, halving, ignore)
        recorded = {each.key: each for each in archive.evaluations()}
    assert {each.stages for each in told} <= {2, 4, K}
    for each in told:
        whole = plain[each.genome]
        assert recorded[each.key] == each
        assert each.valid_nmse_db == whole.valid_nmse_db[: each.stages]
        if not each.censored:
            assert values(each) == values(whole)
    trained = {each.genome.prefix(stage) for each in told for stage in _trained(each)}
    assert halved.reuse.stages_trained == len(trained)
    # Again, from the archive alone: the same, and nothing is trained.
    again = evaluator(learning_rate)
    with Archive.open(tmp_path / "a.sqlite") as archive:
        again.attach(archive, "test")
        assert evaluate_in_rungs(again, requests, halving, ignore) == told
    assert again.reuse.stages_trained == 0


def _trained(each: Evaluation) -> list[int]:
    """The stages of a network that training reached: the one that diverged is the last."""
    return [
        stage for stage in range(1, each.stages + 1) if stage == 1 or each.valid_nmse_db[stage - 2] < math.inf
    ]


def test_divergence_is_met_by_the_test_above() -> None:
    statuses = Counter(each.status for each in evaluator(3e3).evaluate(batch(8)))
    assert statuses["diverged"] > 0


def test_a_network_counts_once_among_those_asked_for() -> None:
    halved, halving, requests = evaluator(), Halving((2, 4)), batch(8)
    before = replace(halved.reuse)
    told = evaluate_in_rungs(halved, requests, halving, ignore)
    assert halved.reuse.stages_asked > sum(each.stages for each in told)
    halved.reuse.recount(before, told)
    assert halved.reuse.stages_asked == sum(each.stages for each in told)
    assert halved.reuse.seconds_asked == pytest.approx(sum(each.seconds for each in told))
    assert halved.reuse.stages_trained > 0
    assert before == Reuse()


@pytest.mark.parametrize("rungs", [(), (0, 2), (3, 3), (4, 2), (-1,)])
def test_rungs_that_do_not_ascend_are_refused(rungs: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="rungs of halving must be stages from 1 that ascend, got "):
        Halving(rungs)


@pytest.mark.parametrize("keep", [0.0, 1.0, -0.5, math.nan, math.inf])
def test_a_share_of_none_or_all_is_refused(keep: float) -> None:
    with pytest.raises(InputError, match=r"must lie between 0 and 1, got"):
        Halving((2,), keep)


def test_networks_no_deeper_than_the_last_rung_are_refused() -> None:
    with pytest.raises(InputError, match=r"must lie in 1\.\.5 for networks of 6 layers, got 6"):
        evaluate_in_rungs(Landscape(), batch(2), Halving((2, K)), ignore)
