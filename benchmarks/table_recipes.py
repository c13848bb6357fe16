"""The problems, spaces and training of the tables that ship with the library."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Protocol, protocol
from genome import DesignSpace, Genome, Request


@dataclass(frozen=True)
class Recipe:
    """What a table holds: every genome of a space, trained once, and some of them on more seeds.

    Attributes:
        problem: Dictionary and data.
        training: How every network is trained.
        space: Whose genomes the table holds, all of them.
        seeds: How many orders of the training batches the repeated genomes are trained with; all genomes are
            trained with seed 0.
        random: How many of the repeated genomes are drawn at random.
        best: How many of the repeated genomes are the best of seed 0.
    """

    problem: SparseRecovery
    training: Protocol
    space: DesignSpace
    seeds: int = 3
    random: int = 2048
    best: int = 512

    def all_requests(self) -> list[Request]:
        """Every genome with seed 0; those that share a long prefix stand side by side."""
        return _requests(sorted(self.space.enumerate(), key=_layers), seed=0)

    def drawn(self) -> NDArray[np.int64]:
        """Places of the random ones of the repeated genomes in the order of the space."""
        size = self.space.size
        return np.random.default_rng(0).choice(size, min(self.random, size), replace=False)

    def repeated_requests(self, scores: dict[Genome, float]) -> list[Request]:
        """The repeated genomes with every seed but 0.

        Args:
            scores: Of every genome of the space with seed 0, lower is better.
        """
        genomes = list(self.space.enumerate())
        chosen = {genomes[place] for place in self.drawn()}
        chosen.update(sorted(genomes, key=scores.__getitem__)[: self.best])
        ordered = sorted(chosen, key=_layers)
        return [request for seed in range(1, self.seeds) for request in _requests(ordered, seed)]


def _requests(genomes: list[Genome], seed: int) -> list[Request]:
    return [Request(genome, seed=seed, test=True) for genome in genomes]


def _layers(genome: Genome) -> tuple[object, ...]:
    return tuple(zip(genome.gates, genome.neurons, genome.side, strict=True))


RECIPES: Final = MappingProxyType(
    {
        "connections": Recipe(
            SparseRecovery(test=2048),
            protocol("quick").scaled(0.25),
            DesignSpace(7, neurons=("soft",)),
        ),
        "neurons": Recipe(
            SparseRecovery(m=16, n=32, snr_db=20.0, test=2048),
            protocol("quick").scaled(0.25),
            DesignSpace(5),
        ),
    }
)
"""``connections`` is what optimizers are tuned on, ``neurons`` what they are reported on too."""
