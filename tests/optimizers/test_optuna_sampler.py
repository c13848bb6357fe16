"""Optuna's samplers keep the contract, learn, and leave the process as they found it."""

import copy
import logging
import math
import pickle
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, IntDistribution
from optuna.samplers import RandomSampler
from optuna.trial import TrialState
from scipy import stats

from genome.errors import InputError
from genome.genome import Genome
from genome.neurons import ALL_NEURONS
from genome.records import Evaluation, Request, Status
from genome.space import DesignSpace
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS
from optimizers import CONNECTIONS, SCORE, Goal, Optimizer
from optimizers.optuna_loading import names
from optimizers.optuna_sampler import ORDER, OptunaSearch
from optimizers.random_search import RandomSearch
from optimizers.testing import SPACE, TINY, MakeOptimizer, OptimizerConformance, evaluate, run

GOALS = (SCORE, CONNECTIONS)

SMALL = DesignSpace(layers=4)
"""2**3 * 3**4 = 648 genomes."""


class TestTPE(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return OptunaSearch


class TestNSGA2(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(OptunaSearch, sampler="nsga2")


class TestCMAES(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(OptunaSearch, sampler="cmaes", popsize=5)


class TestQMC:
    """A sampler that is named by its path, and that draws categories uniformly unless they are numbers."""

    def test_runs(self) -> None:
        first, second = (OptunaSearch(SPACE, 1, sampler="optuna.samplers.QMCSampler") for _ in range(2))
        batches = run(first, [16, 7])
        assert run(second, [16, 7]) == batches
        assert len({genome for batch in batches for genome in batch}) == 23


class Seedless(RandomSampler):
    def __init__(self) -> None:
        super().__init__(seed=0)


class Stuck(RandomSampler):
    """Proposes one and the same genome for ever."""

    def sample_independent(self, *arguments: object) -> object:
        distribution = arguments[-1]
        assert isinstance(distribution, CategoricalDistribution)
        return distribution.choices[0]


def search(
    optimizer: Optimizer, problem: Callable[[Genome], float], *, budget: int, batch: int = 16
) -> list[float]:
    """Return all scores, in the order of the genomes."""
    scores: list[float] = []
    while len(scores) < budget:
        genomes = optimizer.ask(batch)
        told = [problem(genome) for genome in genomes]
        optimizer.tell([evaluation(genome, score) for genome, score in zip(genomes, told, strict=True)])
        scores += told
    return scores


def evaluation(genome: Genome, score: float) -> Evaluation:
    stages = (score,) * genome.layers
    status: Status = "diverged" if math.isinf(score) else "complete"
    return Evaluation(Request(genome), "synthetic", status, stages, stages, None, None, 0.0)


class Landscape:
    """Every option adds its own effect; pairs of choices add a quarter of the variance on top."""

    def __init__(self, space: DesignSpace, seed: int) -> None:
        rng = np.random.default_rng([seed, 5])
        self._space = space
        self._choices = space.choices
        self._main = {name: rng.normal(size=len(options)) for name, options in self._choices.items()}
        drawn = [rng.choice(list(self._choices), 2, replace=False) for _ in range(2 * len(self._choices))]
        self._pairs = [
            (a, b, rng.normal(size=(len(self._choices[a]), len(self._choices[b])))) for a, b in drawn
        ]
        parts = np.array([self.parts(space.sample(rng)) for _ in range(300)])
        self._weight = float(np.sqrt(parts[:, 0].var() / parts[:, 1].var() / 3))

    def parts(self, genome: Genome) -> tuple[float, float]:
        place = {name: self._choices[name].index(o) for name, o in self._space.encode(genome).items()}
        main = sum(float(effects[place[name]]) for name, effects in self._main.items())
        return main, sum(float(table[place[a], place[b]]) for a, b, table in self._pairs)

    def __call__(self, genome: Genome) -> float:
        main, pairs = self.parts(genome)
        return main + self._weight * pairs


def advantage(sampler: str, seeds: range, *, budget: int) -> float:
    """Chance of such an advantage over random search if there were none (Wilcoxon, paired)."""
    space = DesignSpace(layers=8)
    gains = []
    for seed in seeds:
        problem = Landscape(space, seed)
        found = min(search(OptunaSearch(space, seed, sampler=sampler), problem, budget=budget))
        gains.append(min(search(RandomSearch(space, seed), problem, budget=budget)) - found)
    return float(stats.wilcoxon(gains, alternative="greater").pvalue)


def test_tpe_beats_random() -> None:
    assert advantage("tpe", range(16), budget=96) < 0.01


def test_nsga2_beats_random() -> None:
    assert advantage("nsga2", range(20), budget=160) < 0.01


def test_cmaes_beats_random() -> None:
    """It adapts; over categories it would draw uniformly."""
    assert advantage("cmaes", range(10), budget=160) < 0.01


def test_cmaes_goes_from_generation_to_generation() -> None:
    optimizer = OptunaSearch(SPACE, 0, sampler="cmaes")
    run(optimizer, [16] * 8)
    generations = [trial.system_attrs.get("cma:generation", -1) for trial in optimizer._study.trials]
    assert max(generations) >= 5


@pytest.mark.parametrize(
    ("sampler", "ordered"),
    [
        ("tpe", False),
        ("nsga2", False),
        ("gp", False),
        ("cmaes", True),
        ("optuna.samplers.CmaEsSampler", True),
        ("optuna.samplers:QMCSampler", True),
        ("optuna.samplers.RandomSampler", False),
    ],
)
def test_every_genome_has_its_own_parameters(sampler: str, ordered: bool) -> None:
    space = DesignSpace(
        layers=2,
        neurons=("leaky_relu", "support", "soft", "relu"),
        search_side=True,
        weights=WEIGHTS,
        thresholds=("adaptive", "learned"),
    )
    parameters = OptunaSearch(space, 0, sampler=sampler)._parameters
    written = [parameters.encode(genome) for genome in space.enumerate()]
    assert len({tuple(each.items()) for each in written}) == space.size
    assert [parameters.decode(each) for each in written] == list(space.enumerate())
    for name, distribution in parameters.distributions.items():
        assert all(distribution._contains(distribution.to_internal_repr(each[name])) for each in written)
    first = parameters.encode(next(iter(space.enumerate())))
    for name, options, place in (
        ("neuron_1", ("relu", "leaky_relu", "soft", "support"), 1),
        ("weight_2", ("analytic", "coupled", "free"), 2),
        ("threshold_2", ("learned", "adaptive"), 1),
    ):
        expected = IntDistribution(0, len(options) - 1) if ordered else CategoricalDistribution(options)
        assert parameters.distributions[name] == expected
        assert first[name] == (place if ordered else options[place])


def test_the_parameters_of_the_default_space_are_as_ever() -> None:
    parameters = OptunaSearch(DesignSpace(layers=3), 0)._parameters
    assert parameters.distributions["neuron_2"] == CategoricalDistribution(("relu", "leaky_relu", "soft"))


def test_the_order_has_every_name() -> None:
    assert sorted(ORDER) == sorted((*ALL_NEURONS, *WEIGHTS, *THRESHOLDS))


def complete(optimizer: OptunaSearch) -> list[tuple[Genome, float]]:
    return [
        (optimizer._parameters.decode(trial.params), trial.values[0])
        for trial in optimizer._study.trials
        if trial.state is TrialState.COMPLETE
    ]


@pytest.mark.parametrize("sampler", [f"{__name__}.Stuck", "tpe", "nsga2", "cmaes"])
def test_every_genome_is_told_to_the_study_once(sampler: str) -> None:
    """Repeats fail, and uniform draws in their place are told with the rest."""
    optimizer = OptunaSearch(TINY, 0, sampler=sampler)
    told: dict[Genome, float] = {}
    while genomes := optimizer.ask(9):
        batch = evaluate(genomes)
        optimizer.tell(batch)
        told.update((each.genome, each.score) for each in batch)
    assert len(told) == TINY.size
    study = complete(optimizer)
    assert len(study) == TINY.size
    assert dict(study) == told
    assert {trial.state for trial in optimizer._study.trials} == {TrialState.COMPLETE, TrialState.FAIL}


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_what_diverges_is_avoided(sampler: str) -> None:
    """All networks with gate 5<-1 diverge: they become rare, while the score alone says nothing of it."""
    space = DesignSpace(layers=6)

    def problem(genome: Genome) -> float:
        return math.inf if space.encode(genome)["gate_5_1"] else -10.0 - genome.neurons.count("soft")

    late = [search(OptunaSearch(space, seed, sampler=sampler), problem, budget=160)[96:] for seed in range(4)]
    diverged = [math.isinf(score) for scores in late for score in scores]
    assert stats.binomtest(sum(diverged), len(diverged), 0.5, alternative="less").pvalue < 1e-6


def test_a_diverged_network_is_told_as_the_worst() -> None:
    optimizer = OptunaSearch(SMALL, 0)
    genomes = optimizer.ask(3)
    optimizer.tell(evaluate(genomes, diverged=lambda place: place == 1))
    assert [value == math.inf for _, value in complete(optimizer)] == [False, True, False]


class TestGP:
    """The laws of the suite on a small space and few genomes: every proposal fits a Gaussian process."""

    make = staticmethod(partial(OptunaSearch, SMALL, sampler="gp", n_startup_trials=4))

    def test_copies_go_on_the_same(self) -> None:
        optimizer, again = self.make(0), self.make(0)
        batches = run(optimizer, [4, 3])
        assert run(again, [4, 3]) == batches
        assert len({genome for batch in batches for genome in batch}) == 7
        waiting = optimizer.ask(2)
        for other in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
            other.tell(evaluate(waiting))
            again_copy = copy.deepcopy(other)
            assert run(other, [2]) == run(again_copy, [2])
        assert again.ask(2) == waiting

    def test_goes_on_when_all_failed(self) -> None:
        optimizer = self.make(1)
        for failed in (lambda _: True, lambda place: place == 1):
            genomes = optimizer.ask(4)
            optimizer.tell(evaluate(genomes, diverged=failed))
        assert len(optimizer.ask(3)) == 3

    def test_two_goals(self) -> None:
        """Failures, and what was stopped early, are told as with one goal."""
        optimizer, again = (self.make(2, goals=GOALS) for _ in range(2))
        for each in (optimizer, again):
            for size in (6, 2):
                told = evaluate(
                    each.ask(size), diverged=lambda place: place == 1, censored=lambda place: place == 2
                )
                each.tell(told)
        assert run(optimizer, [2]) == run(again, [2])

    def test_learns(self) -> None:
        """Six proposals after ten random ones are better than these, on average over four seeds."""
        gains = []
        for seed in range(4):
            optimizer = OptunaSearch(SMALL, seed, sampler="gp")
            first, then = ([each.score for each in evaluate(b)] for b in run(optimizer, [10, 6]))
            gains.append(np.mean(first) - np.mean(then))
        assert min(gains) > 0.5


@pytest.mark.parametrize("goals", [GOALS[:1], GOALS])
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_made_with_a_batch_waiting_goes_on_the_same(
    goals: tuple[Goal, ...], copied: Callable[[Optimizer], Optimizer]
) -> None:
    optimizer = OptunaSearch(SPACE, 0, goals=goals)
    run(optimizer, [12, 12])
    genomes = optimizer.ask(12)
    other = copied(optimizer)
    for each in (optimizer, other):
        each.tell(evaluate(genomes, diverged=lambda place: place < 3, censored=lambda place: place % 2 == 0))
    assert run(optimizer, [12, 12]) == run(other, [12, 12])


def test_seeds_differ() -> None:
    assert OptunaSearch(SPACE, 0).ask(4) != OptunaSearch(SPACE, 1).ask(4)


@pytest.mark.parametrize("level", [logging.NOTSET, logging.DEBUG, logging.INFO, logging.ERROR])
def test_the_logging_of_the_process_stays_as_it_was(level: int, capfd: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("optuna")
    before = logger.level
    logger.setLevel(level)
    try:
        for sampler in names():
            run(OptunaSearch(SMALL, 0, sampler=sampler), [4, 2])
            assert logger.level == level
        with pytest.raises(ValueError, match="stop"):
            OptunaSearch(SMALL, 0, sampler=f"{__name__}.Broken").ask(1)
        assert logger.level == level
    finally:
        logger.setLevel(before)
    assert capfd.readouterr() == ("", "")


class Broken(RandomSampler):
    def before_trial(self, *_: object) -> None:
        raise ValueError("stop")


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ("tp", r"Unknown sampler 'tp': the known ones are cmaes, gp, nsga2, tpe, and the path"),
        ("", r"Unknown sampler ''"),
        (
            "no.such.Sampler",
            r"module 'no.such' does not import \(ModuleNotFoundError: No mod",
        ),
        ("optuna.samplers.Nothing", r"module 'optuna.samplers' has no 'Nothing'"),
        ("optuna.study.Study", r"'Study' is no subclass of optuna.samplers.BaseSampler"),
        ("optuna.create_study", r"'create_study' is no subclass of optuna.samplers.BaseSampler"),
        (
            "optuna.samplers.BaseSampler",
            r"'BaseSampler' is abstract, it does not define infer_rel",
        ),
        (f"{__name__}.Seedless", r"its constructor must take 'seed', so that a search repeats"),
        ("optuna.samplers.GridSampler", r"needs a value for its option 'search_space'"),
    ],
)
def test_what_is_no_sampler_is_refused(sampler: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        OptunaSearch(SMALL, 0, sampler=sampler)


def test_unknown_options_are_refused() -> None:
    with pytest.raises(InputError, match=r"Sampler 'gp' has no option 'popsize': its options are const"):
        OptunaSearch(SMALL, 0, sampler="gp", popsize=3)
    with pytest.raises(InputError, match=r"Sampler 'optuna.samplers.RandomSampler' has no .*: it takes none"):
        OptunaSearch(SMALL, 0, sampler="optuna.samplers.RandomSampler", popsize=3)


def test_a_value_that_the_sampler_refuses_is_refused() -> None:
    with pytest.raises(InputError, match=r"refuses its options .*'population_size': 1.*greater than or eq"):
        OptunaSearch(SMALL, 0, sampler="nsga2", population_size=1)


def test_options_reach_the_sampler() -> None:
    """With as many random trials as there are genomes, what is told changes nothing."""
    good, bad = (OptunaSearch(SPACE, 0, n_startup_trials=100) for _ in range(2))
    for _ in range(4):
        batch = good.ask(8)
        assert bad.ask(8) == batch
        good.tell(evaluate(batch))
        bad.tell(evaluate(batch, diverged=lambda _: True))
