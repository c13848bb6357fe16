"""The evolutionary operators, registered in a DEAP toolbox.

DEAP has no type information, so everything untyped stays in this module; ``Operators`` is what leaves it. Of
DEAP's own operators only those that draw no random numbers are used: the others draw from Python's global
generator and take no other. The individuals are a class of this module, not one made by ``deap.creator``, so
that they pickle.
"""

from collections.abc import Sequence
from typing import Protocol, cast

import numpy as np
from deap import base, tools

from genome.genome import Genome
from genome.space import DesignSpace


class _Fitness(base.Fitness):  # type: ignore[misc]  # DEAP is untyped
    """The score of an evaluated genome: one number, lower is better."""

    weights = (-1.0,)


class Individual:
    """A genome with its fitness.

    Args:
        genome: What was evaluated.
        score: Its score; lower is better.
    """

    __slots__ = ("fitness", "genome")

    def __init__(self, genome: Genome, score: float) -> None:
        self.genome = genome
        self.fitness = _Fitness((score,))


class Operators(Protocol):
    """The operators of regularized evolution."""

    def select(self, population: Sequence[Individual]) -> Individual:
        """Pick a parent from a population that is not empty."""

    def mutate(self, genome: Genome) -> Genome:
        """Make a changed copy of a genome."""


def toolbox(space: DesignSpace, rng: np.random.Generator, *, sample: int, mutations: int) -> Operators:
    """Register the operators in a DEAP toolbox.

    Args:
        space: The space whose choices mutation changes.
        rng: The generator that every operator draws from.
        sample: How many individuals compete in a tournament.
        mutations: How many single changes make a child.

    Returns:
        The toolbox. It pickles, and shares ``rng`` with whatever is pickled along with it.
    """
    box = base.Toolbox()
    box.register("select", tournament, rng=rng, sample=sample)
    box.register("mutate", mutate, space=space, rng=rng, mutations=mutations)
    return cast(Operators, box)


def tournament(population: Sequence[Individual], rng: np.random.Generator, sample: int) -> Individual:
    """Draw ``sample`` individuals uniformly with replacement and return the best; the first wins a tie."""
    drawn = [population[place] for place in rng.integers(len(population), size=sample)]
    best: list[Individual] = tools.selBest(drawn, 1)
    return best[0]


def mutate(genome: Genome, space: DesignSpace, rng: np.random.Generator, mutations: int) -> Genome:
    """Return a copy with ``mutations`` single changes in a row, each uniform over the free choices."""
    for _ in range(mutations):
        genome = space.mutate(genome, rng)
    return genome
