"""The evolutionary operators, registered in a DEAP toolbox.

DEAP has no type information, so everything untyped stays in this module; ``Operators`` is what leaves it. Of
DEAP's own operators only those that draw no random numbers are used: the others draw from Python's global
generator and take no other. The individuals are a class of this module, not one made by ``deap.creator``, so
that they pickle.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import numpy as np
from deap import base, tools

from genome.genome import Genome
from genome.space import DesignSpace


class _Fitness(base.Fitness):  # type: ignore[misc]  # DEAP is untyped
    """The goals of an evaluated genome: lower is better."""

    # DEAP's own makes a copy without the weights and the crowding distance.
    __deepcopy__ = None

    def __init__(self, values: Sequence[float]) -> None:
        self.weights = (-1.0,) * len(values)
        super().__init__(values)


class Individual:
    """A genome with its fitness.

    Args:
        genome: What was evaluated.
        goals: What it reached in every goal; lower is better.
    """

    __slots__ = ("fitness", "genome", "rank")

    def __init__(self, genome: Genome, goals: Sequence[float]) -> None:
        self.genome = genome
        self.fitness = _Fitness(goals)
        self.rank = 0
        """Of how many fronts all have to be taken away for this one to be on the first; see survivors."""

    @property
    def goals(self) -> tuple[float, ...]:
        """What it reached in every goal."""
        values: tuple[float, ...] = self.fitness.values
        return values


Select = Callable[[Sequence[Individual], np.random.Generator, int], Individual]
"""Draws a number of individuals, with the generator, and returns the one that wins."""


class Operators(Protocol):
    """The operators of an evolution."""

    def select(self, population: Sequence[Individual]) -> Individual:
        """Pick a parent from a population that is not empty."""

    def cross(self, a: Genome, b: Genome) -> Genome:
        """Make a genome of the choices of two."""

    def mutate(self, genome: Genome) -> Genome:
        """Make a changed copy of a genome."""


def toolbox(
    space: DesignSpace, rng: np.random.Generator, *, select: Select, sample: int, mutations: int
) -> Operators:
    """Register the operators in a DEAP toolbox.

    Args:
        space: The space whose choices are crossed and changed.
        rng: The generator that every operator draws from.
        select: The kind of tournament: :func:`tournament` or :func:`crowded_tournament`.
        sample: How many individuals compete in a tournament.
        mutations: How many single changes make a child.

    Returns:
        The toolbox. It pickles, and shares ``rng`` with whatever is pickled along with it.
    """
    box = base.Toolbox()
    box.register("select", select, rng=rng, sample=sample)
    box.register("cross", space.crossover, rng=rng)
    box.register("mutate", mutate, space=space, rng=rng, mutations=mutations)
    return cast(Operators, box)


def tournament(population: Sequence[Individual], rng: np.random.Generator, sample: int) -> Individual:
    """Draw ``sample`` individuals uniformly with replacement and return the best; the first wins a tie."""
    best: list[Individual] = tools.selBest(_drawn(population, rng, sample), 1)
    return best[0]


def crowded_tournament(population: Sequence[Individual], rng: np.random.Generator, sample: int) -> Individual:
    """Draw ``sample`` :func:`survivors` uniformly with replacement and return the best; the first wins a tie.

    The best is on the first of their fronts, and in the least crowded place there: the crowded comparison of
    K. Deb et al., 2002, Section III-B.
    """
    return min(
        _drawn(population, rng, sample),
        key=lambda individual: (individual.rank, -individual.fitness.crowding_dist),
    )


def survivors(individuals: Sequence[Individual], size: int) -> list[Individual]:
    """Select by fronts, and from the last front that finds room by crowding distance (NSGA-II).

    Args:
        individuals: Whom to select from. Their rank and crowding distance, which
            :func:`crowded_tournament` reads, are set.
        size: How many to keep at most.
    """
    chosen: list[Individual] = tools.selNSGA2(individuals, min(size, len(individuals)))
    # Whoever dominates one of the chosen is chosen too, so that their fronts are those of all.
    for rank, front in enumerate(tools.sortNondominated(chosen, len(chosen))):
        for individual in front:
            individual.rank = rank
    return chosen


def mutate(genome: Genome, space: DesignSpace, rng: np.random.Generator, mutations: int) -> Genome:
    """Return a copy with ``mutations`` single changes in a row, each uniform over the free choices."""
    for _ in range(mutations):
        genome = space.mutate(genome, rng)
    return genome


def _drawn(population: Sequence[Individual], rng: np.random.Generator, sample: int) -> list[Individual]:
    return [population[place] for place in rng.integers(len(population), size=sample)]
