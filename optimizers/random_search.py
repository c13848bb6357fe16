"""Random search: the control beside every other strategy."""

from collections.abc import Iterable, Sequence

from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers.base import Optimizer
from optimizers.goals import SCORE, Goal, checked


class RandomSearch(Optimizer):
    """Draws genomes uniformly from the space, without replacement, whatever it is told.

    A space of any size is exhausted exactly. Reference: J. Bergstra and Y. Bengio, Random Search for
    Hyper-Parameter Optimization, JMLR 13, 2012.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        goals: What others minimize beside this control; they change nothing.

    Raises:
        InputError: If the seed is no whole number or negative, or the goals are no goals.
    """

    def __init__(self, space: DesignSpace, seed: int, *, goals: Iterable[Goal] = (SCORE,)) -> None:
        super().__init__(space, seed)
        checked(goals)

    def _ask(self, n: int) -> Sequence[Genome]:
        return self._draw(n)

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Learn nothing: that is what makes it a control."""
