"""Optuna's samplers with several goals, and told of networks that were stopped early."""

import math
from collections.abc import Callable
from functools import partial

import pytest
from optuna.distributions import CategoricalDistribution
from optuna.samplers import RandomSampler
from optuna.trial import TrialState
from scipy import stats

from genome.errors import InputError
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, vector
from optimizers.optuna_sampler import OptunaSearch
from optimizers.testing import SPACE, MakeOptimizer, OptimizerConformance, evaluate, run

GOALS = (SCORE, CONNECTIONS)
SMALL = DesignSpace(layers=4)
"""2**3 * 3**4 = 648 genomes."""


class TestNSGA2ForTwoGoals(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(OptunaSearch, goals=GOALS, sampler="nsga2")


class Stuck(RandomSampler):
    """Proposes one and the same genome for ever."""

    def sample_independent(self, *arguments: object) -> object:
        distribution = arguments[-1]
        assert isinstance(distribution, CategoricalDistribution)
        return distribution.choices[0]


def test_with_several_goals_all_values_of_a_diverged_network_are_the_worst() -> None:
    optimizer = OptunaSearch(SMALL, 0, goals=GOALS)
    batch = evaluate(optimizer.ask(3), diverged=lambda place: place == 1)
    optimizer.tell(batch)
    values = [tuple(trial.values) for trial in optimizer._study.trials]
    assert values == [vector(GOALS, evaluation) for evaluation in batch]
    assert values[1] == (math.inf, math.inf)
    assert all(math.isfinite(value) for value in (*values[0], *values[2]))


@pytest.mark.parametrize("sampler", [f"{__name__}.Stuck", "tpe", "nsga2", "cmaes", "gp"])
def test_a_censored_network_is_told_as_a_pruned_trial(sampler: str) -> None:
    """With its score after every stage trained; also where the study had not asked for it."""
    optimizer = OptunaSearch(SMALL, 0, sampler=sampler)
    told = evaluate(optimizer.ask(6), diverged=lambda place: place == 4, censored=lambda place: place > 2)
    optimizer.tell(told)
    trials = {optimizer._parameters.decode(each.params): each for each in optimizer._study.trials}
    finished = {genome: trial for genome, trial in trials.items() if genome in {each.genome for each in told}}
    pruned = [evaluation for evaluation in told if finished[evaluation.genome].state is TrialState.PRUNED]
    assert pruned == [told[3], told[5]]
    for evaluation in pruned:
        known = finished[evaluation.genome].intermediate_values
        assert known == dict(enumerate(evaluation.valid_nmse_db, start=1))
    # What diverged before it was stopped is known to be the worst.
    assert finished[told[4].genome].values == [math.inf]
    run(optimizer, [3])


@pytest.mark.parametrize("sampler", [f"{__name__}.Stuck", "tpe", "nsga2"])
def test_a_study_of_several_goals_has_pruned_trials_too(sampler: str) -> None:
    optimizer = OptunaSearch(SMALL, 0, sampler=sampler, goals=GOALS)
    optimizer.tell(evaluate(optimizer.ask(6), censored=lambda place: place > 2))
    trials = [each for each in optimizer._study.trials if each.state is not TrialState.FAIL]
    assert sorted(each.state.name for each in trials) == ["COMPLETE"] * 3 + ["PRUNED"] * 3
    assert not any(each.intermediate_values for each in trials)


@pytest.mark.parametrize(
    ("sampler", "size", "key"),
    [
        ("cmaes", {"popsize": 5}, "cma:generation"),
        ("nsga2", {"population_size": 5}, "NSGAIISampler:generation"),
    ],
)
def test_generations_go_on_without_what_is_pruned(sampler: str, size: dict[str, int], key: str) -> None:
    """They fill up with complete trials: a third of 96 networks makes six generations."""
    make: Callable[..., OptunaSearch] = OptunaSearch
    optimizer = make(SPACE, 0, sampler=sampler, **size)
    for _ in range(16):
        optimizer.tell(evaluate(optimizer.ask(6), censored=lambda place: place % 3 != 0))
    found = [each.system_attrs[key] for each in optimizer._study.trials if key in each.system_attrs]
    assert max(found) >= 4
    assert sum(each.state is TrialState.PRUNED for each in optimizer._study.trials) == 64


def test_tpe_learns_from_what_is_pruned() -> None:
    """All networks with gate 5<-1 are dropped: they become rare, while the score alone says nothing of it."""
    space = DesignSpace(layers=6)
    dropped = 0
    for seed in range(2):
        optimizer = OptunaSearch(space, seed)
        for step in range(10):
            genomes = optimizer.ask(16)
            bad = [bool(space.encode(genome)["gate_5_1"]) for genome in genomes]
            optimizer.tell(evaluate(genomes, censored=bad.__getitem__))
            dropped += sum(bad) if step > 5 else 0
    assert stats.binomtest(dropped, 2 * 4 * 16, 0.5, alternative="less").pvalue < 1e-6


def test_tpe_for_several_goals_seldom_repeats_itself() -> None:
    """It models the parameters together, as it does for one goal."""
    optimizer = OptunaSearch(DesignSpace(layers=8), 0, goals=GOALS)
    run(optimizer, [16] * 4)
    repeats = sum(trial.state is TrialState.FAIL for trial in optimizer._study.trials)
    assert repeats < 20


@pytest.mark.parametrize("sampler", ["cmaes", "optuna.samplers.CmaEsSampler"])
def test_a_sampler_of_one_goal_refuses_several(sampler: str) -> None:
    message = (
        rf"^Sampler '{sampler}' takes one goal, got 2 \(nmse, connections\): "
        r"the optimizers evolution, gp, nsga2, random, tpe take several\.$"
    )
    with pytest.raises(InputError, match=message):
        OptunaSearch(SMALL, 0, sampler=sampler, goals=GOALS)
