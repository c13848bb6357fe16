"""The hand-made networks that a search is compared with, under names that its cell allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from analysis.claims import Claim, ConnectionClaim
from analysis.shown import BASELINE_NAMES
from apps.search.roles import CONNECTION_SHARE, MARGIN_DB, baselines
from builders.cells import Lista
from genome import DesignSpace, Genome
from genome.neurons import Neuron
from genome.usual import USUAL_WEIGHT

_CONNECTIONS: Final = {"lista": "chain", "lfista": "two back", "dense": "dense"}
"""What the baselines are called in another cell than LISTA, by key."""

_SUPPORT: Final[Neuron] = "support"


@dataclass(frozen=True, slots=True)
class References:
    """The baselines of a search.

    Attributes:
        names: key below ``baselines`` in ``result.json`` -> display name.
        genomes: by display name, in the same order.
    """

    names: Mapping[str, str]
    genomes: Mapping[str, Genome]

    @property
    def claims(self) -> tuple[Claim, ...]:
        """What is claimed of a search's networks beforehand."""
        chain, two_back, dense = (self.names[key] for key in BASELINE_NAMES)
        return (
            Claim("chosen", chain, "better_by", MARGIN_DB),
            Claim("chosen", two_back, "better_by", MARGIN_DB),
            Claim("chosen", dense, "not_worse_by", MARGIN_DB),
            Claim("average", two_back, "better_by", MARGIN_DB),
            Claim("average", dense, "not_worse_by", MARGIN_DB),
        )

    @property
    def connection_claim(self) -> ConnectionClaim:
        """What is claimed of the chosen network's connections."""
        return ConnectionClaim("chosen", self.names["dense"], CONNECTION_SHARE)

    @property
    def differences(self) -> Sequence[tuple[str, str]]:
        """Which networks are compared in pairs."""
        return [(subject, name) for subject in ("chosen", "average", "best") for name in self.genomes]


def references(cell: str, space: DesignSpace) -> References:
    """The baselines: the paper's (A.1), and of a space that holds them those of other weights.

    A chain whose layers all have coupled weights is LISTA-CPSS with one matrix for all layers, and one with
    analytic weights is ALISTA; both have support-selecting neurons where the space does.

    Args:
        cell: name of the cell: another one's chain is not called LISTA.
        space: what is searched.
    """
    names = BASELINE_NAMES if cell == Lista.name else _CONNECTIONS
    genomes = dict(zip(names.values(), baselines(space.layers).values(), strict=True))
    further = _other_weights(space)
    return References({**names, **{name: name for name in further}}, {**genomes, **further})


def _other_weights(space: DesignSpace) -> dict[str, Genome]:
    chain = Genome.lista(space.layers)
    if _SUPPORT in space.neurons:
        chain = replace(chain, neurons=(_SUPPORT,) * space.layers)
    chains = {kind: replace(chain, weights=(kind,) * space.layers) for kind in space.weights}
    return {kind: each for kind, each in chains.items() if kind != USUAL_WEIGHT and each in space}
