"""Evolution beats random search, by statistics over seeds, on landscapes like the ones it is made for.

With two goals it does so in hypervolume; Optuna's samplers for several goals do too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from genome.genome import Genome
from genome.records import Evaluation, Request, Status
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, Optimizer, create, hypervolume, vector

SPACE = DesignSpace(layers=8)
"""The default search: 21 gates and 8 neurons of 3 kinds."""

GOALS = (SCORE, CONNECTIONS)
SPACE_CONNECTIONS = 21
CHOICES = SPACE.choices
SEEDS = 20

Problem = Callable[[Genome], float]


def options(genome: Genome) -> dict[str, int]:
    return {name: CHOICES[name].index(option) for name, option in SPACE.encode(genome).items()}


@dataclass(frozen=True)
class Additive:
    """Every option of every choice adds its own effect; a connection helps on average."""

    effects: dict[str, NDArray[np.float64]]

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Additive":
        def effect(name: str) -> NDArray[np.float64]:
            helps = -1.0 if name.startswith("gate") else 0.0
            return np.array([0.0, *rng.normal(helps, 1.0, len(CHOICES[name]) - 1)])

        return cls({name: effect(name) for name in CHOICES})

    def __call__(self, genome: Genome) -> float:
        return float(sum(self.effects[name][option] for name, option in options(genome).items()))


@dataclass(frozen=True)
class Interacting:
    """Pairs of choices add what neither adds alone."""

    inner: Problem
    pairs: tuple[tuple[str, str, NDArray[np.float64]], ...]

    @classmethod
    def draw(cls, inner: Problem, rng: np.random.Generator, pairs: int = 60) -> "Interacting":
        names = [rng.choice(list(CHOICES), 2, replace=False) for _ in range(pairs)]
        return cls(
            inner, tuple((a, b, rng.normal(0, 1, (len(CHOICES[a]), len(CHOICES[b])))) for a, b in names)
        )

    def __call__(self, genome: Genome) -> float:
        chosen = options(genome)
        return self.inner(genome) + float(sum(table[chosen[a], chosen[b]] for a, b, table in self.pairs))


@dataclass(frozen=True)
class Noisy:
    """Every genome's score is off by its own fixed error, as after one training seed."""

    inner: Problem
    error: float

    def __call__(self, genome: Genome) -> float:
        rng = np.random.default_rng(int(genome.digest, 16))
        return self.inner(genome) + float(rng.normal(0, self.error))


@dataclass(frozen=True)
class Diverging:
    """A share of all genomes diverges."""

    inner: Problem
    share: float

    def __call__(self, genome: Genome) -> float:
        return math.inf if int(genome.digest, 16) < self.share * 2**64 else self.inner(genome)


@dataclass(frozen=True)
class Flipped:
    """The worst is the best."""

    inner: Problem

    def __call__(self, genome: Genome) -> float:
        return -self.inner(genome)


def interacting(seed: int) -> Interacting:
    rng = np.random.default_rng([seed, 1])
    return Interacting.draw(Additive.draw(rng), rng)


def evaluation(genome: Genome, score: float) -> Evaluation:
    stages = (score,) * genome.layers
    status: Status = "diverged" if math.isinf(score) else "complete"
    return Evaluation(Request(genome), "synthetic", status, stages, stages, None, None, 0.0)


def search(optimizer: Optimizer, told: Problem, judged: Problem, *, budget: int, batch: int) -> float:
    """Return the best of the judged scores, of a search that is told others."""
    found = []
    while optimizer.asked < budget:
        genomes = optimizer.ask(min(batch, budget - optimizer.asked))
        optimizer.tell([evaluation(genome, told(genome)) for genome in genomes])
        found += [judged(genome) for genome in genomes]
    return min(found)


def p_value(wrap: Callable[[Problem], Problem], *, budget: int, batch: int, **options: object) -> float:
    """Chance of such an advantage of evolution over random search if it had none (Wilcoxon, paired)."""
    gains = []
    for seed in range(SEEDS):
        problem = interacting(seed)
        evolved, control = (
            search(optimizer, wrap(problem), problem, budget=budget, batch=batch)
            for optimizer in (create("evolution", SPACE, seed, **options), create("random", SPACE, seed))
        )
        gains.append(control - evolved)
    return float(stats.wilcoxon(gains, alternative="greater").pvalue)


def volume(optimizer: Optimizer, problem: Problem, *, budget: int, batch: int) -> float:
    """Return the hypervolume of score and connections that a search reaches.

    Counted are networks of fewer connections than all, and better than the worst of 100 random ones.
    """
    rng = np.random.default_rng([optimizer.seed, 7])
    scores = [problem(SPACE.sample(rng)) for _ in range(100)]
    reference = max(score for score in scores if score < math.inf), SPACE_CONNECTIONS
    points = []
    while optimizer.asked < budget:
        told = [evaluation(genome, problem(genome)) for genome in optimizer.ask(batch)]
        optimizer.tell(told)
        points += [vector(GOALS, each) for each in told]
    return hypervolume(points, reference)


def volume_p_value(
    name: str,
    wrap: Callable[[Problem], Problem] = lambda problem: problem,
    *,
    seeds: int = SEEDS,
    batch: int = 16,
) -> float:
    gains = []
    for seed in range(seeds):
        problem = wrap(interacting(seed))
        sought, control = (
            volume(create(each, SPACE, seed, goals=GOALS), problem, budget=96, batch=batch)
            for each in (name, "random")
        )
        gains.append(sought - control)
    return float(stats.wilcoxon(gains, alternative="greater").pvalue)


@pytest.mark.parametrize("batch", [8, 16, 32])
def test_evolution_beats_random_in_the_volume_of_two_goals(batch: int) -> None:
    assert volume_p_value("evolution", batch=batch) < 0.01


def test_evolution_beats_random_in_the_volume_although_networks_diverge() -> None:
    assert volume_p_value("evolution", lambda problem: Diverging(problem, 0.4)) < 0.01


@pytest.mark.parametrize("name", ["nsga2", "tpe"])
def test_samplers_beat_random_in_the_volume_of_two_goals(name: str) -> None:
    assert volume_p_value(name, seeds=10) < 0.01


@pytest.mark.parametrize("batch", [8, 16])
@pytest.mark.parametrize("budget", [64, 96])
def test_evolution_beats_random_at_the_default_budgets(budget: int, batch: int) -> None:
    assert p_value(lambda problem: problem, budget=budget, batch=batch) < 0.01


@pytest.mark.parametrize("crossover", [0.0, 1.0])
def test_evolution_beats_random_with_and_without_crossover(crossover: float) -> None:
    assert p_value(lambda problem: problem, budget=96, batch=16, crossover=crossover) < 0.01


def test_evolution_beats_random_in_few_large_batches() -> None:
    assert p_value(lambda problem: problem, budget=96, batch=32) < 0.01


def test_evolution_beats_random_although_scores_are_noisy() -> None:
    assert p_value(lambda problem: Noisy(problem, 2.0), budget=96, batch=16) < 0.01


def test_evolution_beats_random_although_networks_diverge() -> None:
    assert p_value(lambda problem: Diverging(problem, 0.4), budget=96, batch=16) < 0.01


def test_the_statistics_see_a_search_that_goes_the_wrong_way() -> None:
    assert p_value(Flipped, budget=96, batch=16) > 0.5


def test_the_landscape_is_not_additive() -> None:
    """A linear model in the choices leaves a fifth or more of the variance unexplained."""
    rng = np.random.default_rng(0)
    for seed in range(3):
        genomes = [SPACE.sample(rng) for _ in range(800)]
        chosen = [options(genome) for genome in genomes]
        columns = [[c[n] == o for c in chosen] for n in CHOICES for o in range(1, len(CHOICES[n]))]
        design = np.column_stack([np.ones(len(genomes)), np.array(columns, dtype=float).T])
        scores = np.array([interacting(seed)(genome) for genome in genomes])
        fitted = design @ np.linalg.lstsq(design, scores, rcond=None)[0]
        assert np.var(scores - fitted) > 0.2 * np.var(scores)
