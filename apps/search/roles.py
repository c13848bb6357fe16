"""Which networks a search compares at its end, and what is claimed of them beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analysis.average import Average, average
from analysis.choose import chosen, top
from analysis.claims import Claim
from genome import Evaluation, Genome

MARGIN_DB = 0.3
"""How much worse than the best the chosen network may be on validation, and the margin of every claim."""

CONNECTION_SHARE = 0.6
"""Share of Dense-LISTA's extra connections that the chosen network is to stay within."""

CONTROL_CLAIM = Claim("best", "random", "better_by", 0.0)
"""Judged where random genomes were evaluated beside the search, at the budget that both have."""

CONTROL_DIFFERENCES = (("best", "random"), ("chosen", "random"))


def baselines(layers: int) -> dict[str, Genome]:
    """The hand-made architectures by display name (paper, A.1)."""
    return {
        "LISTA": Genome.lista(layers),
        "LFISTA": Genome.lfista(layers),
        "Dense-LISTA": Genome.dense(layers),
    }


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found.

    Attributes:
        best: lowest validation NMSE.
        chosen: fewest connections within ``MARGIN_DB`` of the best.
        average: of the top genomes.
        top: the best evaluations, best first.
    """

    best: Evaluation
    chosen: Evaluation
    average: Average
    top: Sequence[Evaluation]

    def genomes(self) -> dict[str, Genome]:
        """By display name."""
        return {
            "chosen": self.chosen.genome,
            "average": self.average.genome(),
            "best": self.best.genome,
        }


def found(evaluations: Sequence[Evaluation], count: int) -> Found:
    """Select from a search's evaluations, on validation NMSE alone.

    Raises:
        InputError: no network completed its training.
    """
    leaders = top(evaluations, count)
    return Found(
        best=leaders[0],
        chosen=chosen(evaluations, MARGIN_DB),
        average=average(evaluation.genome for evaluation in leaders),
        top=leaders,
    )
