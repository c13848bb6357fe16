"""A connectivity moved to another setting: its rivals there, and whether it is better than they are.

The study (section 4) moves the connections that were found for LISTA to D-LADMM and compares them with none,
as many random ones, dense ones into the latter half of the layers, and all. Every network is trained anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np

from analysis.claims import Claim, Verdict, judge
from analysis.comparison import Divergence, Interval, Values, mean_by_seed, summarize
from analysis.shown import NMSE, Shown
from analysis.significance import DivergedPair, PairedTest, paired_tests
from analysis.spread import Spread, spread
from analysis.standing import Standing, standing
from genome import Genome, InputError
from genome.patterns import dense_into, extra_places, random_pattern
from genome.strict import integer

TRANSFERRED: Final = "transferred"
ORIGINAL: Final = "original"
RANDOM: Final = "random"
LATTER_HALF: Final = "dense in latter half"
DENSE: Final = "dense"

MODELS: Final = (ORIGINAL, RANDOM, LATTER_HALF, DENSE, TRANSFERRED)
"""Everything that may be compared, in the order that it is shown."""

MARGIN_DB: Final = 0.3
"""How much worse than the dense network the transferred one may be and still count as not worse."""

CLAIMS: Final = (
    Claim(TRANSFERRED, ORIGINAL, "better_by", 0.0),
    Claim(TRANSFERRED, RANDOM, "better_by", 0.0),
    Claim(TRANSFERRED, DENSE, "not_worse_by", MARGIN_DB),
)
"""What is claimed beforehand, in every setting that the pattern is moved to."""

Patterns = Mapping[str, tuple[Genome, ...]]
"""Display name -> the networks that a model stands for: one, or as many as were sampled."""

Scores = Mapping[str, Sequence[Values]]
"""Display name -> for each of its networks, seed -> test score in dB, lower is better."""


def connectivity(genome: Genome) -> Genome:
    """The network with these connections whose layers are otherwise the usual ones."""
    return Genome.from_connections(genome.layers, genome.extra_connections())


def latter_half(layers: int) -> int:
    """The first densely connected layer of "dense in the latter half": ``floor(K / 2) + 2``.

    At K = 16 it is layer 10, with which the study has its 77 connections (section 4).
    """
    return layers // 2 + 2


def rivals(genome: Genome, seed: int, random: int = 5) -> dict[str, tuple[Genome, ...]]:
    """What a transferred network is compared with, itself at the end.

    A rival differs from it in connections alone. The random ones have as many as it has, differ from it and
    from each other, and are fewer where there are not so many; a rival that is the transferred network
    itself is left out, and so is "random" where no other network has as many connections.

    Args:
        genome: the network as it is trained in the new setting.
        seed: of the random patterns.
        random: how many of them.

    Raises:
        InputError: a network of fewer than 3 layers, which has no extra connections, or no random pattern.
    """
    layers = genome.layers
    if layers < 3:
        raise InputError(f"A pattern of connections needs a network of at least 3 layers, got {layers}.")
    integer(random, "The number of random patterns", 1, 1000)
    shapes = {
        ORIGINAL: [Genome.lista(layers)],
        RANDOM: _others(genome, random, np.random.default_rng(seed)),
        LATTER_HALF: [dense_into(layers, latter_half(layers))],
        DENSE: [Genome.dense(layers)],
        TRANSFERRED: [genome],
    }
    return {
        name: tuple(replace(genome, gates=shape.gates) for shape in of)
        for name, of in shapes.items()
        if of and (name == TRANSFERRED or of[0].gates != genome.gates)
    }


def _others(genome: Genome, count: int, rng: np.random.Generator) -> list[Genome]:
    """Other patterns with as many connections, every set of patterns equally likely; all, where few are."""
    layers, connections = genome.layers, genome.connections
    places = extra_places(layers)
    if math.comb(len(places), connections) - 1 <= count:
        every = (Genome.from_connections(layers, chosen) for chosen in combinations(places, connections))
        return [other for other in every if other.gates != genome.gates]
    found: dict[Genome, None] = {}
    while len(found) < count:
        drawn = random_pattern(layers, connections, rng)
        if drawn.gates != genome.gates:
            found[drawn] = None
    return list(found)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What became of a pattern in one setting.

    Attributes:
        models: interval of every model over the seeds; of several networks, of their mean seed by seed.
        patterns: the same of each network of a model that stands for several.
        spreads: of such a model, the spread between its networks apart from that between seeds; None where
            one diverged.
        standing: among the random patterns; None where there are none, or the transferred one diverged.
        tests: transferred minus each rival, with p-values that are corrected for them together.
        verdicts: the claims that can be judged.
    """

    models: Mapping[str, Interval | Divergence]
    patterns: Mapping[str, Sequence[Interval | Divergence]]
    spreads: Mapping[str, Spread | None]
    standing: Standing | None
    tests: Sequence[PairedTest | DivergedPair]
    verdicts: Sequence[Verdict]

    def to_dict(self) -> dict[str, Any]:
        """Everything as JSON data, with the claims under ``claims``."""
        return {
            "models": {name: each.to_dict() for name, each in self.models.items()},
            "patterns": {name: [each.to_dict() for each in of] for name, of in self.patterns.items()},
            "spreads": {name: each and each.to_dict() for name, each in self.spreads.items()},
            "standing": self.standing and self.standing.to_dict(),
            "differences": [test.to_dict() for test in self.tests],
            "claims": [verdict.to_dict() for verdict in self.verdicts],
        }


def transfer(scores: Scores, shown: Shown = NMSE) -> Transfer:
    """Compare a transferred network with its rivals over fresh seeds.

    A model of several networks is their mean, seed by seed, as in the study; it has diverged where one of
    them has.

    Args:
        scores: of the models that ``rivals`` names, all with the same seeds.
        shown: how the claims show their numbers.

    Raises:
        InputError: the transferred network is not among the models, or the networks do not share at least two
            seeds.
    """
    several = {name: of for name, of in scores.items() if len(of) > 1}
    spreads = {name: spread(of) for name, of in several.items()}
    means = {name: mean_by_seed(of) for name, of in scores.items()}
    references = [name for name in means if name != TRANSFERRED]
    tests = paired_tests(means, [(TRANSFERRED, name) for name in references])
    return Transfer(
        models=summarize(means),
        patterns={name: list(summarize(_numbered(of)).values()) for name, of in several.items()},
        spreads=spreads,
        standing=standing(means[TRANSFERRED], scores.get(RANDOM, ())),
        tests=tests,
        verdicts=[judge(claim, means, shown) for claim in CLAIMS if claim.reference in references],
    )


def _numbered(networks: Sequence[Values]) -> dict[str, Values]:
    return {str(number): values for number, values in enumerate(networks, 1)}
