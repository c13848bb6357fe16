"""Evolution, and its regularized (aging) form."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence

from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers.base import Optimizer
from optimizers.checks import fraction, whole_number
from optimizers.goals import SCORE, Goal, checked, only, vector
from optimizers.operators import Individual, Select, toolbox, tournament


class Evolution(Optimizer):
    """What evolutions have in common: a population, and children of those who win a tournament in it.

    The first ``population`` genomes are uniformly random, but for founders that a strategy may be given. From
    then on every child comes of parents chosen by tournament from the population as it stands when the batch
    is asked for. A strategy says who survives.

    A network that diverged, that reaches no finite value in some goal, or that is censored (its final goals
    are not known) never enters the population: it is no parent, and it takes nobody's place. While the
    population is empty, genomes are uniformly random.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        goals: What is minimized.
        select: The kind of tournament.
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
        goals: Iterable[Goal],
        select: Select,
        population: int,
        sample: int,
        mutations: int,
        crossover: float,
    ) -> None:
        super().__init__(space, seed)
        self._goals = checked(goals)
        self._size = whole_number("The population of evolution", population, least=1)
        self._crossover = fraction("The crossover of evolution", crossover)
        self._operators = toolbox(
            space,
            self._rng,
            select=select,
            sample=whole_number("The tournament sample of evolution", sample, least=1),
            mutations=whole_number("The mutations per child of evolution", mutations, least=1),
        )
        self._population: list[Individual] = []
        self._founders: tuple[Genome, ...] = ()

    def _ask(self, n: int) -> Sequence[Genome]:
        given = self._founders[self.asked : self.asked + n]
        left = n - len(given)
        drawn = min(left, max(0, self._size - self.asked - len(given))) if self._population else left
        started = [*given, *self._draw(drawn, besides=given)]
        return started + self._distinct(n - len(started), self._child, besides=started)

    def _child(self) -> Genome:
        genome = self._operators.select(self._population).genome
        # Without crossover nothing is drawn for it.
        if self._crossover and self._rng.random() < self._crossover:
            genome = self._operators.cross(genome, self._operators.select(self._population).genome)
        return self._operators.mutate(genome)

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        told = [
            Individual(evaluation.genome, vector(self._goals, evaluation))
            for evaluation in evaluations
            if not evaluation.censored
        ]
        self._population = self._survive([each for each in told if max(each.goals) < math.inf])

    @abstractmethod
    def _survive(self, born: Sequence[Individual]) -> list[Individual]:
        """Return who is in the population from now on.

        Args:
            born: Networks of the batch told last, those that may be parents.
        """


class RegularizedEvolution(Evolution):
    """Regularized evolution: tournament, mutation, and the oldest dies.

    The first ``population`` genomes are uniformly random. From then on every child is a mutated copy of the
    best of ``sample`` individuals drawn, with replacement, from the population: the last ``population``
    networks told, however good the older ones were. All children of a batch are drawn from the population as
    it stands when they are asked for; in batches of one this is Algorithm 1 of the reference. So that no
    network of a large batch is forgotten before it could have a child, the population always holds the whole
    of the batch told last.

    That share of the children which is given by ``crossover`` comes of two parents, which win a tournament
    each: every free choice is taken from either of them, and then the child is mutated as the others are. The
    reference has no crossover.

    A network that diverged or was censored neither enters the population nor ages it, so it is never a
    parent. While the population is empty, genomes are uniformly random.

    The reference takes a population of 100 and a sample of 25 for 20,000 evaluations. The defaults are for 64
    to 200 in batches of 8: on the table ``connections`` (see ``evaluation.tabular``) they were the best of
    populations from 8 to 48, of samples from 4 to 48 and of one and two changes a child, or within the noise
    of the best. In batches of 32, which leave room for one or two generations, larger populations and two
    changes did slightly better on synthetic landscapes. There, half of the children from two parents found
    better networks than none at 96 evaluations, and at 200 in batches of 32; on the table it makes no
    difference.

    Reference: E. Real, A. Aggarwal, Y. Huang and Q. V. Le, Regularized Evolution for Image Classifier
    Architecture Search, AAAI 33, 2019.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        goals: What is minimized; one goal.
        population: How many of the most recent networks may be parents, and how many genomes are random at
            the start; at least 1.
        sample: How many drawings a tournament has; at least 1.
        mutations: How many choices change from parent to child; at least 1.
        crossover: Probability that a child comes of two parents, in [0, 1].
        founders: Genomes to ask for before any other, known good ones for instance; each once.

    Raises:
        InputError: If a number is of another type or out of its range, there is not exactly one goal, or a
            founder is outside the space.
    """

    def __init__(
        self,
        space: DesignSpace,
        seed: int,
        *,
        goals: Iterable[Goal] = (SCORE,),
        population: int = 16,
        sample: int = 32,
        mutations: int = 1,
        crossover: float = 0.5,
        founders: Sequence[Genome] = (),
    ) -> None:
        super().__init__(
            space,
            seed,
            goals=(only("Regularized evolution", goals),),
            select=tournament,
            population=population,
            sample=sample,
            mutations=mutations,
            crossover=crossover,
        )
        for founder in founders:
            space.encode(founder)  # Refuses what is outside.
        self._founders = tuple(dict.fromkeys(founders))

    def _survive(self, born: Sequence[Individual]) -> list[Individual]:
        return (self._population + list(born))[-max(self._size, len(born)) :]
