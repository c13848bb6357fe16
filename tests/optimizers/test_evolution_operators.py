"""The operators in the toolbox: exact probabilities, and no generator but the one given."""

import copy
import pickle
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from genome.genome import Genome
from genome.space import DesignSpace
from optimizers import front
from optimizers.operators import (
    Individual,
    crowded_tournament,
    mutate,
    survivors,
    toolbox,
    tournament,
)

SPACE = DesignSpace(layers=4)
POPULATION = [
    Individual(genome, (score,))
    for genome, score in zip(SPACE.enumerate(), [-3.0, -7.0, -5.0, -1.0, -6.0], strict=False)
]


@pytest.mark.parametrize("sample", [1, 2, 5])
def test_the_tournament_has_the_textbook_probabilities(sample: int) -> None:
    """Of P individuals, the r best hold the winner with probability 1 - (1 - r/P)**S."""
    rng = np.random.default_rng(0)
    draws = 4000
    wins = Counter(tournament(POPULATION, rng, sample).goals[0] for _ in range(draws))
    size = len(POPULATION)
    ranked = sorted(individual.goals[0] for individual in POPULATION)
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
    box = toolbox(SPACE, rng, select=tournament, sample=2, mutations=1)
    box.select(POPULATION)
    copied, copied_rng = pickle.loads(pickle.dumps((box, rng)))
    assert copied.mutate(Genome.lista(4)) == box.mutate(Genome.lista(4))
    assert copied_rng.bit_generator.state == rng.bit_generator.state


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_an_individual_survives_a_copy(copied: Callable[[Individual], Individual]) -> None:
    """With all of its goals, its front, and its crowding distance."""
    crowd = [Individual(Genome.lista(4), goals) for goals in [(0.0, 3.0), (1.0, 1.0), (3.0, 0.0), (4.0, 4.0)]]
    survivors(crowd, 4)
    for individual in crowd:
        other = copied(individual)
        assert other.genome == individual.genome
        assert other.fitness == individual.fitness
        assert other.goals == individual.goals
        assert other.rank == individual.rank
        assert other.fitness.crowding_dist == individual.fitness.crowding_dist


def ranks(goals: Sequence[tuple[float, ...]]) -> list[int]:
    """Peel off front after front, by the definition."""
    found = dict.fromkeys(range(len(goals)), -1)
    for rank in range(len(goals)):
        left = [place for place, known in found.items() if known < 0]
        for place in front([goals[each] for each in left]):
            found[left[place]] = rank
    return list(found.values())


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 6).map(float), st.integers(0, 6).map(float)), max_size=14),
    st.integers(1, 16),
)
def test_survival_is_by_front_and_then_by_crowding(goals: list[tuple[float, ...]], size: int) -> None:
    individuals = [Individual(Genome.lista(4), each) for each in goals]
    kept = survivors(individuals, size)
    assert len(kept) == len({id(each) for each in kept}) == min(size, len(goals))
    expected = {id(each): rank for each, rank in zip(individuals, ranks(goals), strict=True)}
    assert [each.rank for each in kept] == [expected[id(each)] for each in kept]
    dropped = [each for each in individuals if id(each) not in {id(one) for one in kept}]
    if kept and dropped:
        last = max(each.rank for each in kept)
        assert last <= min(expected[id(each)] for each in dropped)
        rivals = [each.fitness.crowding_dist for each in dropped if expected[id(each)] == last]
        assert min(each.fitness.crowding_dist for each in kept if each.rank == last) >= max(rivals, default=0)


def test_the_crowded_tournament_prefers_the_front_and_then_the_open_place() -> None:
    goals = [(0.0, 9.0), (1.0, 8.0), (2.0, 7.0), (5.0, 3.0), (9.0, 0.0), (9.0, 9.0)]
    crowd = survivors([Individual(Genome.lista(4), each) for each in goals], 6)
    rng = np.random.default_rng(0)
    for sample, winners in ((1, set(goals)), (60, {(0.0, 9.0), (9.0, 0.0)})):
        wins = Counter(crowded_tournament(crowd, rng, sample).goals for _ in range(400))
        assert set(wins) == winners
        # Equals win equally often: the order of the population decides nothing.
        assert stats.chisquare(list(wins.values())).pvalue > 1e-3
    inner = [each for each in crowd if each.goals in goals[1:4]]
    assert crowded_tournament(inner, rng, 60).goals == (5.0, 3.0)
    assert crowded_tournament([inner[0], crowd[-1]], rng, 60).rank == 0


def test_lower_scores_are_fitter() -> None:
    low, high = Individual(Genome.lista(4), (-30.0,)), Individual(Genome.lista(4), (-20.0,))
    assert low.fitness > high.fitness
