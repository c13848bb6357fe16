"""What a network can be pruned of, one part at a time."""

from dataclasses import replace
from typing import Protocol

from genome.genome import Genome

Part = tuple[int, ...]
"""What can be removed: an extra connection (destination, source), or the side connection of a (layer,)."""


class Parts(Protocol):
    """A kind of parts that a network can be pruned of.

    Attributes:
        name: of the kind, in words.
        columns: names of the numbers of a part.
        least: number of them that every network has.
    """

    name: str
    columns: tuple[str, ...]
    least: int

    def of(self, genome: Genome) -> tuple[Part, ...]:
        """List the parts that can be removed, in ascending order."""
        ...

    def without(self, genome: Genome, part: Part) -> Genome:
        """Give the network without one of its parts."""
        ...


class ExtraConnections(Parts):
    """The extra connections; default connections stay."""

    name = "extra connections"
    columns = ("destination", "source")
    least = 0

    def of(self, genome: Genome) -> tuple[Part, ...]:
        """List the extra connections (destination, source)."""
        return genome.extra_connections()

    def without(self, genome: Genome, part: Part) -> Genome:
        """Close one gate."""
        destination, source = part
        row = list(genome.gates[destination - 1])
        row[source - 1] = False
        gates = (*genome.gates[: destination - 1], tuple(row), *genome.gates[destination:])
        return replace(genome, gates=gates)


CONNECTIONS = ExtraConnections()


def count(parts: Parts, genome: Genome) -> int:
    """Number of parts of a kind that a network has, those that cannot be removed included."""
    return len(parts.of(genome)) + parts.least
