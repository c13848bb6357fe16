"""The part of a design space that a search has not asked yet."""

from collections.abc import Collection, Iterable

import numpy as np

from genome.genome import Genome
from genome.space import DesignSpace


class Untried:
    """The genomes of a space that were not taken yet.

    ``draw`` is uniform over them at a cost that does not grow as the space is used up. While less than half
    of the space is taken, drawing from the whole space and rejecting what is taken needs two trials on
    average at most. From then on the rest is enumerated once, shuffled, and dealt from: that costs no more
    time or memory than the genomes already taken did, however large the space is.

    Args:
        space: The whole space.
    """

    def __init__(self, space: DesignSpace) -> None:
        self._space = space
        self._taken: set[Genome] = set()
        self._shuffled: list[Genome] = []

    @property
    def taken(self) -> int:
        """How many genomes were taken."""
        return len(self._taken)

    @property
    def left(self) -> int:
        """How many genomes of the space were not taken."""
        return self._space.size - len(self._taken)

    def __contains__(self, genome: Genome) -> bool:
        return genome in self._space and genome not in self._taken

    def take(self, genomes: Iterable[Genome]) -> None:
        """Mark ``genomes`` as taken."""
        self._taken.update(genomes)

    def draw(self, rng: np.random.Generator, besides: Collection[Genome] = ()) -> Genome:
        """Draw uniformly from the untried genomes, without taking what is drawn.

        Args:
            rng: The generator to draw with.
            besides: Distinct untried genomes that shall not be drawn either.

        Raises:
            IndexError: If no genome is left to draw.
        """
        if 2 * (self.taken + len(besides)) < self._space.size:
            return self._reject(rng, besides)
        while True:
            if not self._shuffled:
                self._shuffle(rng, besides)
            genome = self._shuffled.pop()
            if genome not in self._taken and genome not in besides:
                return genome

    def _reject(self, rng: np.random.Generator, besides: Collection[Genome]) -> Genome:
        while True:
            genome = self._space.sample(rng)
            if genome not in self._taken and genome not in besides:
                return genome

    def _shuffle(self, rng: np.random.Generator, besides: Collection[Genome]) -> None:
        rest = [
            genome
            for genome in self._space.enumerate()
            if genome not in self._taken and genome not in besides
        ]
        if not rest:
            raise IndexError(f"All {self._space.size} genomes of the space are taken: none is left to draw.")
        self._shuffled = [rest[place] for place in rng.permutation(len(rest))]
