"""The laws of regularized evolution, seen from outside."""

import copy
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pytest
from scipy import stats

from genome.errors import InputError
from genome.genome import Genome
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, Optimizer
from optimizers.evolution import RegularizedEvolution
from optimizers.nondominated import NondominatedEvolution
from optimizers.operators import Individual, mutate, tournament
from optimizers.random_search import RandomSearch
from optimizers.testing import evaluate

SPACE = DesignSpace(layers=8)
WHOLE = 10_000
"""A tournament so large that the best of the population always wins it."""


def distance(a: Genome, b: Genome) -> int:
    """The number of choices in which two genomes differ."""
    ours, theirs = SPACE.encode(a), SPACE.encode(b)
    return sum(ours[name] != theirs[name] for name in SPACE.choices)


def best(genomes: Sequence[Genome]) -> Genome:
    scores = [evaluation.score for evaluation in evaluate(genomes)]
    return genomes[int(np.argmin(scores))]


def grow(optimizer: RegularizedEvolution, batch: int, total: int) -> list[Genome]:
    asked: list[Genome] = []
    while len(asked) < total:
        genomes = optimizer.ask(batch)
        asked += genomes
        optimizer.tell(evaluate(genomes))
    return asked


@pytest.mark.parametrize("batch", [1, 5, 8, 32])
def test_it_starts_as_random_search(batch: int) -> None:
    """The first ``population`` genomes, and a whole first batch, are what random search draws."""
    asked = grow(RegularizedEvolution(SPACE, 4, population=20), batch, 20)
    first = max(20, batch)
    assert asked[:first] == RandomSearch(SPACE, 4).ask(first)[: len(asked)][:first]


@pytest.mark.parametrize("batch", [1, 8])
@pytest.mark.parametrize("mutations", [1, 3])
def test_a_child_is_a_mutated_recent_network(batch: int, mutations: int) -> None:
    population = 12
    asked = grow(
        RegularizedEvolution(SPACE, 0, population=population, mutations=mutations, crossover=0.0), batch, 80
    )
    start = -(-population // batch) * batch
    for place in range(start, len(asked)):
        told = place // batch * batch
        distances = [distance(asked[place], parent) for parent in asked[told - population : told]]
        assert 1 <= min(distances) <= mutations


@pytest.mark.parametrize("batch", [1, 4])
def test_the_parent_is_the_best_of_the_recent_and_not_of_all(batch: int) -> None:
    """The oldest die: the best network ever seen stops being a parent once it has left the population."""
    population = 8
    asked = grow(
        RegularizedEvolution(SPACE, 3, population=population, sample=WHOLE, crossover=0.0), batch, 120
    )
    outlived = 0
    for place in range(population, len(asked)):
        told = place // batch * batch
        parents = asked[told - population : told]
        scores = [evaluation.score for evaluation in evaluate(parents)]
        winners = [parent for parent, score in zip(parents, scores, strict=True) if score == min(scores)]
        assert min(distance(asked[place], winner) for winner in winners) == 1
        outlived += evaluate([best(asked[:told])])[0].score < min(scores)
    assert outlived > 0, "no best network ever died, so the test has shown nothing"


def test_a_whole_large_batch_has_children() -> None:
    """The population is never smaller than the batch told last."""
    optimizer = RegularizedEvolution(SPACE, 0, population=2, sample=WHOLE, crossover=0.0)
    *_, last = (grow(optimizer, 30, 30) for _ in range(3))
    children = optimizer.ask(30)
    scores = [evaluation.score for evaluation in evaluate(last)]
    winners = [parent for parent, score in zip(last, scores, strict=True) if score == min(scores)]
    assert all(min(distance(child, winner) for winner in winners) == 1 for child in children)
    optimizer.tell(evaluate(children))
    single = optimizer.ask(1)
    optimizer.tell(evaluate(single))
    (child,) = optimizer.ask(1)
    assert min(distance(child, parent) for parent in [children[-1], *single]) == 1


@pytest.mark.parametrize("how", ["diverged", "censored"])
def test_a_failed_network_is_never_a_parent(how: str) -> None:
    """Every second network diverges, or is dropped; the children still descend from the others alone."""
    optimizer = RegularizedEvolution(SPACE, 0, population=10, sample=1, crossover=0.0)
    sound: list[Genome] = []
    for step in range(12):
        genomes = optimizer.ask(10)
        if step:
            assert all(min(distance(child, parent) for parent in sound[-10:]) == 1 for child in genomes)
        optimizer.tell(evaluate(genomes, **{how: lambda place: place % 2 == 0}))
        sound += genomes[1::2]


@pytest.mark.parametrize("how", ["diverged", "censored"])
def test_failed_networks_do_not_age_the_population(how: str) -> None:
    optimizer = RegularizedEvolution(SPACE, 0, population=10, sample=WHOLE, crossover=0.0)
    founders = optimizer.ask(10)
    optimizer.tell(evaluate(founders))
    scores = [evaluation.score for evaluation in evaluate(founders)]
    winners = [genome for genome, score in zip(founders, scores, strict=True) if score == min(scores)]
    for _ in range(3):
        children = optimizer.ask(10)
        assert all(min(distance(child, winner) for winner in winners) == 1 for child in children)
        optimizer.tell(evaluate(children, **{how: lambda _: True}))


@pytest.mark.parametrize("how", ["diverged", "censored"])
def test_it_is_random_search_while_everything_fails(how: str) -> None:
    optimizer, control = RegularizedEvolution(SPACE, 5, population=4), RandomSearch(SPACE, 5)
    for _ in range(4):
        genomes = optimizer.ask(8)
        assert genomes == control.ask(8)
        for each in (optimizer, control):
            each.tell(evaluate(genomes, **{how: lambda _: True}))


def test_without_crossover_nothing_is_drawn_for_it() -> None:
    """A child costs the draws of a tournament and of a mutation, and no other."""
    optimizer = RegularizedEvolution(SPACE, 2, population=8, sample=3, crossover=0.0)
    founders = grow(optimizer, 8, 8)
    population = [Individual(each.genome, (each.score,)) for each in evaluate(founders)]
    rng = copy.deepcopy(optimizer._rng)
    expected = [mutate(tournament(population, rng, 3).genome, SPACE, rng, 1) for _ in range(5)]
    assert optimizer.ask(5) == expected


def test_with_crossover_a_child_has_two_parents() -> None:
    """Where both parents agree it changes at one choice at most; where they do not, it takes of both."""
    optimizer = RegularizedEvolution(SPACE, 0, population=2, sample=1, crossover=1.0)
    mother, father = optimizer.ask(2)
    optimizer.tell(evaluate([mother, father]))
    agreed = {name for name, option in SPACE.encode(mother).items() if SPACE.encode(father)[name] == option}
    mixed = 0
    for child in optimizer.ask(60):
        assert sum(SPACE.encode(child)[name] != SPACE.encode(mother)[name] for name in agreed) <= 1
        mixed += min(distance(child, mother), distance(child, father)) > 1
    # Half of the pairs are a network and itself.
    assert 15 < mixed < 45


@pytest.mark.parametrize("crossover", [0.25, 0.75])
def test_crossover_is_the_share_of_children_with_two_parents(crossover: float) -> None:
    """Parents far apart: a child of one of them is one step away, of both many."""
    optimizer = RegularizedEvolution(SPACE, 1, population=30, sample=1, crossover=crossover)
    parents = grow(optimizer, 30, 30)
    children = optimizer.ask(400)
    crossed = sum(min(distance(child, parent) for parent in parents) > 1 for child in children)
    # One pair in thirty is a network and itself.
    assert stats.binomtest(crossed, 400, crossover * 29 / 30).pvalue > 1e-3


def test_the_batch_decides_when_the_state_is_read() -> None:
    """In batches of one every child sees the one before; in one batch they share their parents."""
    make = partial(RegularizedEvolution, SPACE, 1, population=6, sample=WHOLE)
    single, batched = make(), make()
    assert grow(single, 6, 6) == grow(batched, 6, 6)
    children = batched.ask(12)
    parents = grow(single, 1, 12)
    assert children[0] == parents[0]
    assert children[1:] != parents[1:]


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("population", 0, "The population of evolution must be a whole number of at least 1, got 0."),
        (
            "crossover",
            1.5,
            "The crossover of evolution must be a number of at least 0 and at most 1, got 1.5.",
        ),
        ("crossover", -1, "The crossover of evolution must be a number of at least 0 and at most 1, got -1."),
        (
            "crossover",
            True,
            "The crossover of evolution must be a number of at least 0 and at most 1, got True.",
        ),
        ("sample", -1, "The tournament sample of evolution must be a whole number of at least 1, got -1."),
        ("mutations", 0, "The mutations per child of evolution must be a whole number of at least 1, got 0."),
        (
            "mutations",
            0.5,
            "The mutations per child of evolution must be a whole number of at least 1, got 0.5.",
        ),
    ],
)
@pytest.mark.parametrize("kind", [RegularizedEvolution, NondominatedEvolution])
def test_an_option_out_of_range_is_refused(
    kind: Callable[..., Optimizer], option: str, value: object, message: str
) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        kind(SPACE, 0, **{option: value})


def test_it_takes_one_goal() -> None:
    with pytest.raises(
        InputError, match=r"^Regularized evolution takes one goal, got 2 \(nmse, connections\)"
    ):
        RegularizedEvolution(SPACE, 0, goals=(SCORE, CONNECTIONS))


@pytest.mark.parametrize("batch", [1, 5, 8])
def test_founders_are_asked_first_once_and_are_parents_like_any_other(batch: int) -> None:
    founders = [Genome.dense(8), Genome.lfista(8), Genome.dense(8), Genome.lista(8)]
    optimizer = RegularizedEvolution(SPACE, 4, population=6, sample=WHOLE, crossover=0, founders=founders)
    asked = grow(optimizer, batch, 6)
    assert asked[:3] == [Genome.dense(8), Genome.lfista(8), Genome.lista(8)]
    assert len(set(asked)) == len(asked)
    assert distance(optimizer.ask(1)[0], best(asked[-max(6, batch) :])) == 1


def test_a_founder_outside_the_space_is_refused() -> None:
    with pytest.raises(InputError, match="must have 8 layers, got 5"):
        RegularizedEvolution(SPACE, 0, founders=[Genome.lista(5)])
