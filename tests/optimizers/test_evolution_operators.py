"""The operators in the toolbox: exact probabilities, and no generator but the one given."""

import pickle
from collections import Counter

import numpy as np
import pytest
from scipy import stats

from genome.genome import Genome
from genome.space import DesignSpace
from optimizers.operators import Individual, mutate, toolbox, tournament

SPACE = DesignSpace(layers=4)
POPULATION = [
    Individual(genome, score)
    for genome, score in zip(SPACE.enumerate(), [-3.0, -7.0, -5.0, -1.0, -6.0], strict=False)
]


@pytest.mark.parametrize("sample", [1, 2, 5])
def test_the_tournament_has_the_textbook_probabilities(sample: int) -> None:
    """Of P individuals, the r best hold the winner with probability 1 - (1 - r/P)**S."""
    rng = np.random.default_rng(0)
    draws = 4000
    wins = Counter(tournament(POPULATION, rng, sample).fitness.values[0] for _ in range(draws))
    size = len(POPULATION)
    ranked = sorted(individual.fitness.values[0] for individual in POPULATION)
    expected = [((size - r) / size) ** sample - ((size - r - 1) / size) ** sample for r in range(size)]
    observed = [wins[score] for score in ranked]
    assert stats.chisquare(observed, np.array(expected) * draws).pvalue > 1e-3


@pytest.mark.parametrize("mutations", [1, 2, 4])
def test_mutation_makes_so_many_single_changes(mutations: int) -> None:
    """Each change hits one choice uniformly, so an even number of changes can undo itself."""
    rng = np.random.default_rng(1)
    parent = Genome.lista(4)
    before = SPACE.encode(parent)
    changed = Counter[str]()
    for _ in range(400):
        after = SPACE.encode(mutate(parent, SPACE, rng, mutations))
        names = [name for name in before if before[name] != after[name]]
        assert len(names) <= mutations
        changed.update(names)
    assert set(changed) == set(before)
    if mutations == 1:
        assert stats.chisquare([changed[name] for name in before]).pvalue > 1e-3


def test_a_pickled_toolbox_still_shares_its_generator() -> None:
    rng = np.random.default_rng(2)
    box = toolbox(SPACE, rng, sample=2, mutations=1)
    box.select(POPULATION)
    copied, copied_rng = pickle.loads(pickle.dumps((box, rng)))
    assert copied.mutate(Genome.lista(4)) == box.mutate(Genome.lista(4))
    assert copied_rng.bit_generator.state == rng.bit_generator.state


def test_an_individual_survives_a_pickle() -> None:
    copied = pickle.loads(pickle.dumps(POPULATION[0]))
    assert copied.genome == POPULATION[0].genome
    assert copied.fitness == POPULATION[0].fitness


def test_lower_scores_are_fitter() -> None:
    low, high = Individual(Genome.lista(4), -30.0), Individual(Genome.lista(4), -20.0)
    assert low.fitness > high.fitness
