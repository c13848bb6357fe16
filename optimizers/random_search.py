"""Random search: the control beside every other strategy."""

from collections.abc import Sequence

from genome.genome import Genome
from genome.records import Evaluation
from optimizers.base import Optimizer


class RandomSearch(Optimizer):
    """Draws genomes uniformly from the space, without replacement, whatever it is told.

    It takes no options. A space of any size is exhausted exactly. Reference: J. Bergstra and Y. Bengio,
    Random Search for Hyper-Parameter Optimization, JMLR 13, 2012.
    """

    def _ask(self, n: int) -> Sequence[Genome]:
        return self._draw(n)

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Learn nothing: that is what makes it a control."""
