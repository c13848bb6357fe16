"""Tuning, scoring and timing of solvers."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from threadpoolctl import threadpool_info
from torch import Tensor

from builders.objective import Objective
from evaluation.digest import Json
from evaluation.metric import Metric, Psnr
from evaluation.nmse import nmse
from evaluation.problems import Problem, SparseRecovery
from evaluation.problems.dataset import Dataset, Split
from evaluation.solvers import Floats, Ista, Judge, OmpSize, Timed, part, time_side_by_side, tune

EXTENT = (1e-4, 1.0)


@pytest.mark.parametrize("best", [3.1e-4, 0.0042, 0.37, 0.9])
def test_tuning_comes_within_15_percent_of_the_best(best: float) -> None:
    found = tune(Ista(iterations=5), EXTENT, lambda solver: abs(math.log(solver.penalty / best)))
    assert abs(math.log(found.solver.penalty / best)) < math.log(1.16)
    assert found.solver.iterations == 5
    assert found.score == min(found.tried.values()) == found.tried[found.solver.penalty]
    assert EXTENT[0] <= min(found.tried)
    assert max(found.tried) <= EXTENT[1]
    assert not found.at_edge


def test_tuning_tells_when_it_ends_at_the_smallest_value() -> None:
    found = tune(Ista(), EXTENT, lambda solver: solver.penalty)
    assert found.at_edge
    assert found.solver.penalty == EXTENT[0]


def test_tuning_does_not_walk_on_where_it_only_gets_worse() -> None:
    found = tune(Ista(), EXTENT, lambda solver: abs(math.log(solver.penalty / 0.1)))
    assert min(found.tried) > 0.005


def test_tuning_survives_failures() -> None:
    found = tune(Ista(), EXTENT, lambda solver: math.inf if solver.penalty > 0.4 else solver.penalty)
    assert found.solver.penalty == EXTENT[0]


def test_a_number_of_entries_is_tuned_in_whole_numbers() -> None:
    found = tune(OmpSize(), (1.0, 12.5), lambda solver: abs(solver.non_zeros - 5))
    assert found.solver.non_zeros == 5
    assert set(found.tried) <= set(range(1, 13))


@pytest.fixture(scope="module")
def problem() -> SparseRecovery:
    return SparseRecovery(m=8, n=16, snr_db=20.0, train=8, valid=8, test=400)


def test_the_judge_scores_as_the_metric_does(problem: SparseRecovery) -> None:
    test = problem.dataset(0).test
    guess = Ista(0.1, 20).solve(test.b.numpy(), problem.dictionary.numpy())
    errors = (torch.from_numpy(guess) - test.x).square().sum(dim=1).double()
    energies = test.x.square().sum(dim=1).double()
    judge = Judge(problem, test)
    assert judge.score(guess) == pytest.approx(nmse(errors[None], energies[None]).mean_db[0], abs=1e-9)
    quality = judge.quality(guess)
    assert quality.value_db == judge.score(guess)
    low, high = stats.t.interval(
        0.95, 399, quality.value_db, stats.sem((10 * torch.log10(errors / energies)).numpy())
    )
    assert quality.low_db == pytest.approx(low, abs=0.2 * (high - low))
    assert quality.high_db == pytest.approx(high, abs=0.2 * (high - low))
    assert judge.quality(guess) == quality


def test_what_is_not_finite_has_no_interval(problem: SparseRecovery) -> None:
    test = problem.dataset(0).test
    quality = Judge(problem, test).quality(np.full(tuple(test.x.shape), np.nan))
    assert quality.value_db == quality.low_db == quality.high_db == math.inf


class Pictures(Problem):
    """Pictures of 3 pixels, of 2 samples each, made of 4 atoms."""

    def __init__(self) -> None:
        rng = torch.Generator().manual_seed(3)
        self._synthesis = torch.randn(3, 4, generator=rng)
        self.codes = torch.randn(10, 4, generator=rng)
        self.noise = 0.1 * torch.randn(10, 3, generator=rng)

    @property
    def dictionary(self) -> Tensor:
        return self._synthesis[:2]

    @property
    def objective(self) -> Objective:
        return Objective(self._synthesis, 0.1)

    @property
    def metric(self) -> Metric:
        return Psnr(3)

    def dataset(self, draw: int) -> Dataset:
        del draw
        target = self.codes @ self._synthesis.T + self.noise
        split = Split(target[:, :2], target, torch.arange(10) // 2)
        return Dataset(split, split, split)

    def to_dict(self) -> dict[str, Json]:
        return {"kind": "pictures"}


def test_pictures_are_scored_through_the_objective_and_resampled_whole() -> None:
    problem = Pictures()
    test = problem.dataset(0).test
    quality = Judge(problem, test).quality(problem.codes.numpy())
    squared = problem.noise.square().reshape(5, 6).mean(dim=1)
    by_picture = -10 * torch.log10(squared).double()
    assert quality.value_db == pytest.approx(float(by_picture.mean()), abs=1e-4)
    assert float(by_picture.min()) < quality.low_db < quality.value_db < quality.high_db
    assert quality.high_db < float(by_picture.max())
    broken = Judge(problem, test).quality(np.full((10, 4), np.inf))
    assert broken.value_db == -math.inf


def test_a_part_of_pictures_is_whole_pictures() -> None:
    split = Pictures().dataset(0).test
    assert [part(split, count).samples for count in (1, 4, 5, 6, 99)] == [4, 4, 4, 6, 10]
    plain = replace(split, groups=None)
    assert [part(plain, count).samples for count in (1, 3, 99)] == [1, 3, 10]


def test_solvers_are_timed_in_turns_on_one_thread() -> None:
    calls: list[tuple[str, int]] = []
    threads: set[int] = {torch.get_num_threads()}

    def solver(name: str, batched: bool) -> Timed:
        def solve(b: Floats) -> Floats:
            calls.append((name, len(b)))
            threads.update(pool["num_threads"] for pool in threadpool_info())
            threads.add(torch.get_num_threads())
            return b

        return Timed(solve, batched)

    told: list[None] = []
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        times = time_side_by_side(
            {"both": solver("both", True), "one": solver("one", False)},
            np.zeros((3, 4)),
            np.zeros((7, 4)),
            2,
            lambda: told.append(None),
        )
    finally:
        torch.set_num_threads(before)
    turn = [("both", 1)] * 3 + [("both", 7)] + [("one", 1)] * 3
    assert calls == [("both", 1), ("one", 1), *turn, *turn]
    assert threads == {1}
    assert len(told) == 4
    assert [len(times["both"].single), len(times["both"].batch)] == [2, 2]
    assert times["one"].batch == ()
    assert times["one"].batch_median is None
    assert times["both"].single_median > 0
