"""Regularized (aging) evolution."""

from collections.abc import Sequence

from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers.base import Optimizer
from optimizers.checks import whole_number
from optimizers.operators import Individual, toolbox


class RegularizedEvolution(Optimizer):
    """Regularized evolution: tournament, mutation, and the oldest dies.

    The first ``population`` genomes are uniformly random. From then on every child is a mutated copy of the
    best of ``sample`` individuals drawn, with replacement, from the population: the last ``population``
    networks told, however good the older ones were. All children of a batch are drawn from the population as
    it stands when they are asked for; in batches of one this is Algorithm 1 of the reference. So that no
    network of a large batch is forgotten before it could have a child, the population always holds the whole
    of the batch told last.

    A diverged network neither enters the population nor ages it, so it is never a parent. While the
    population is empty, genomes are uniformly random.

    The reference takes a population of 100 and a sample of 25 for 20,000 evaluations. The defaults are for 64
    to 200: on synthetic landscapes over 8 layers, with 25% and 60% of the variance in pairwise interactions,
    they were the best of populations from 8 to 32, or within the noise of the best, in batches of 8 and 16.
    In batches of 32, which leave room for one or two generations, larger populations were slightly better.
    Two changes a child instead of one helped only there; in smaller batches they did harm by 200 evaluations.

    Reference: E. Real, A. Aggarwal, Y. Huang and Q. V. Le, Regularized Evolution for Image Classifier
    Architecture Search, AAAI 33, 2019.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        population: How many of the most recent networks may be parents, and how many genomes are random at
            the start; at least 1.
        sample: How many drawings a tournament has; at least 1.
        mutations: How many gates or neurons change from parent to child; at least 1.

    Raises:
        InputError: If a number is no whole number or below its least.
    """

    def __init__(
        self, space: DesignSpace, seed: int, *, population: int = 16, sample: int = 16, mutations: int = 1
    ) -> None:
        super().__init__(space, seed)
        self._size = whole_number("The population of evolution", population, least=1)
        self._operators = toolbox(
            space,
            self._rng,
            sample=whole_number("The tournament sample of evolution", sample, least=1),
            mutations=whole_number("The mutations per child of evolution", mutations, least=1),
        )
        self._population: list[Individual] = []

    def _ask(self, n: int) -> Sequence[Genome]:
        founders = self._draw(min(n, max(0, self._size - self.asked)) if self._population else n)
        return founders + self._distinct(n - len(founders), self._child, besides=founders)

    def _child(self) -> Genome:
        return self._operators.mutate(self._operators.select(self._population).genome)

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        born = [
            Individual(evaluation.genome, evaluation.score)
            for evaluation in evaluations
            if evaluation.status == "complete"
        ]
        self._population = (self._population + born)[-max(self._size, len(born)) :]
