"""The laws of NSGA-II, seen from outside."""

import copy
import math
import pickle
from collections.abc import Callable, Sequence

import pytest

from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, Optimizer, front, vector
from optimizers.nondominated import NondominatedEvolution
from optimizers.random_search import RandomSearch
from optimizers.testing import TINY, evaluate, run

SPACE = DesignSpace(layers=6)
GOALS = (SCORE, CONNECTIONS)
WHOLE = 10_000
"""A tournament so large that one of the best always wins it."""


def distance(a: Genome, b: Genome) -> int:
    """The number of choices in which two genomes differ."""
    ours, theirs = SPACE.encode(a), SPACE.encode(b)
    return sum(ours[name] != theirs[name] for name in SPACE.choices)


def on_front(evaluations: Sequence[Evaluation]) -> list[Genome]:
    """Of fewer connections and lower score; the fewer connections, the higher is the score."""
    points = [vector(GOALS, evaluation) for evaluation in evaluations]
    return [evaluations[place].genome for place in front(points)]


@pytest.mark.parametrize("batch", [1, 5, 32])
def test_it_starts_as_random_search(batch: int) -> None:
    optimizer = NondominatedEvolution(SPACE, 4, population=20)
    asked = [genome for batches in run(optimizer, [batch] * -(-20 // batch)) for genome in batches]
    first = max(20, batch)
    assert asked[:first] == RandomSearch(SPACE, 4).ask(first)


def test_the_best_are_parents_for_ever() -> None:
    """With room for the whole front, the winners of a tournament are non-dominated among all ever told."""
    optimizer = NondominatedEvolution(SPACE, 1, population=60, sample=WHOLE, crossover=0.0)
    told = evaluate(optimizer.ask(60))
    optimizer.tell(told)
    for _ in range(8):
        children = optimizer.ask(10)
        best = on_front(told)
        assert all(min(distance(child, parent) for parent in best) == 1 for child in children)
        batch = evaluate(children)
        optimizer.tell(batch)
        told += batch


def test_both_ends_of_the_front_have_children() -> None:
    """The extremes have nobody beyond them: the least crowded places, which no score alone would keep."""
    optimizer = NondominatedEvolution(SPACE, 2, population=6, crossover=0.0)
    batches = run(optimizer, [12] * 16)
    late = [genome for batch in batches[10:] for genome in batch]
    assert min(genome.connections for genome in late) <= 1
    assert max(genome.connections for genome in late) >= 9


@pytest.mark.parametrize("how", ["diverged", "censored"])
def test_a_failed_network_is_never_a_parent(how: str) -> None:
    optimizer = NondominatedEvolution(SPACE, 0, population=10, sample=1, crossover=0.0)
    sound: list[Genome] = []
    for step in range(10):
        genomes = optimizer.ask(10)
        if step:
            assert all(min(distance(child, parent) for parent in sound) == 1 for child in genomes)
        optimizer.tell(evaluate(genomes, **{how: lambda place: place % 2 == 0}))
        sound += genomes[1::2]


@pytest.mark.parametrize("how", ["diverged", "censored"])
def test_failed_networks_push_nobody_out(how: str) -> None:
    optimizer = NondominatedEvolution(SPACE, 0, population=10, crossover=0.0)
    founders = optimizer.ask(10)
    optimizer.tell(evaluate(founders))
    for _ in range(4):
        children = optimizer.ask(10)
        assert all(min(distance(child, parent) for parent in founders) == 1 for child in children)
        optimizer.tell(evaluate(children, **{how: lambda _: True}))


@pytest.mark.parametrize("how", ["diverged", "censored"])
def test_it_is_random_search_while_everything_fails(how: str) -> None:
    optimizer, control = NondominatedEvolution(SPACE, 5, population=4), RandomSearch(SPACE, 5)
    for _ in range(4):
        genomes = optimizer.ask(8)
        assert genomes == control.ask(8)
        for each in (optimizer, control):
            each.tell(evaluate(genomes, **{how: lambda _: True}))


class Impossible:
    """A goal that most networks do not reach at all."""

    name = "impossible"

    def __call__(self, evaluation: Evaluation) -> float:
        return 1.0 if evaluation.genome.neurons[0] == "soft" else math.inf


def test_a_network_that_reaches_a_goal_nowhere_is_never_a_parent() -> None:
    optimizer = NondominatedEvolution(SPACE, 0, goals=(SCORE, Impossible()), mutations=1, crossover=0.0)
    (founders, *_, children) = run(optimizer, [30, 30, 30])
    assert sum(genome.neurons[0] == "soft" for genome in founders) < 20
    assert sum(genome.neurons[0] == "soft" for genome in children) > 24


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("batches", [1, 4])
def test_a_copy_goes_on_the_same_by_itself(batches: int, copied: Callable[[Optimizer], Optimizer]) -> None:
    """Fronts and crowding distances go with it."""
    optimizer = NondominatedEvolution(SPACE, 5)
    run(optimizer, [9] * batches)
    other = copied(optimizer)
    expected = run(optimizer, [9, 9, 9])
    assert run(other, [9, 9, 9]) == expected


def test_the_whole_front_of_a_tiny_space_is_found() -> None:
    optimizer = NondominatedEvolution(TINY, 0)
    run(optimizer, [8] * 4)
    assert optimizer.asked == 32 < TINY.size
    best = on_front(evaluate(list(TINY.enumerate())))
    assert all(genome not in optimizer._untried for genome in best)
