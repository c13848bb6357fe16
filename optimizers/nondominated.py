"""NSGA-II: evolution towards several goals at once."""

from collections.abc import Iterable, Sequence

from genome.space import DesignSpace
from optimizers.evolution import Evolution
from optimizers.goals import CONNECTIONS, SCORE, Goal
from optimizers.operators import Individual, crowded_tournament, survivors


class NondominatedEvolution(Evolution):
    """NSGA-II: the population holds the least dominated networks, spread along the goals.

    The first ``population`` genomes are uniformly random. From then on the population is what is left of its
    members and the batch told last when these are sorted into fronts: the non-dominated, those that only they
    dominate, and so on. Whole fronts stay while there is room, and of the last one those in the least crowded
    places. A child's parents win a tournament of ``sample`` drawings by the same order. All children of a
    batch are drawn from the population as it stands when they are asked for: a batch is a generation, and
    need not be as large as the population.

    A network that diverged or was censored never enters the population: where it is on the front is not
    known, and to count it by its goals so far would let a network of few connections, which halving drops,
    push out what it does not dominate. While the population is empty, genomes are uniformly random.

    The defaults are for 64 to 200 evaluations: in the hypervolume of score and connections, on synthetic
    landscapes over 8 layers with 60% of the variance in pairwise interactions, they were the best of
    populations from 4 to 24, of samples of 2, 4 and 8, and of no, half or nearly all children from two
    parents, or within the noise of the best, in batches of 8, 16 and 32. The reference takes a population of
    100, a sample of 2 and nearly all children from two parents.

    References: K. Deb, A. Pratap, S. Agarwal and T. Meyarivan, A Fast and Elitist Multiobjective Genetic
    Algorithm: NSGA-II, IEEE Trans. Evol. Comput. 6(2), 2002; sorting and crowding are those of DEAP,
    F.-A. Fortin et al., JMLR 13, 2012.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        goals: What is minimized; two or more are of use.
        population: How many networks may be parents, and how many genomes are random at the start; at least
            1.
        sample: How many drawings a tournament has; at least 1.
        mutations: How many choices change from parent to child; at least 1.
        crossover: Probability that a child comes of two parents, in [0, 1].

    Raises:
        InputError: If a number is of another type or out of its range, or the goals are no goals.
    """

    def __init__(
        self,
        space: DesignSpace,
        seed: int,
        *,
        goals: Iterable[Goal] = (SCORE, CONNECTIONS),
        population: int = 8,
        sample: int = 4,
        mutations: int = 1,
        crossover: float = 0.5,
    ) -> None:
        super().__init__(
            space,
            seed,
            goals=goals,
            select=crowded_tournament,
            population=population,
            sample=sample,
            mutations=mutations,
            crossover=crossover,
        )

    def _survive(self, born: Sequence[Individual]) -> list[Individual]:
        return survivors(self._population + list(born), self._size)
