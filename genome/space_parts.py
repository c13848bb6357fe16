"""The parts of a genome that a design space chooses: its gates, its side connections, its lists of names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from genome.gates import flat_gates, from_flat, gate_name
from genome.genome import Genome

Choice = str | int
"""One option of a choice: a name, or 0 or 1 for a gate."""


@dataclass(frozen=True, slots=True)
class Part(ABC):
    """Choices of one kind: the places in a genome where the same options stand.

    Attributes:
        layers: Depth K.
        options: What may stand at each place, at least one; where there is one, nothing is chosen.
    """

    layers: int
    options: tuple[Choice, ...]

    @property
    @abstractmethod
    def places(self) -> int:
        """Number of places."""

    @abstractmethod
    def names(self) -> list[str]:
        """Name the choice at every place, in order."""

    @abstractmethod
    def read(self, genome: Genome) -> list[Choice]:
        """List the options that stand at the places of a genome."""

    @abstractmethod
    def write(self, chosen: Sequence[Choice]) -> tuple[Any, ...]:
        """Build the field of a genome with ``chosen`` at its places."""

    @abstractmethod
    def objection(self, genome: Genome) -> str | None:
        """Say where a genome of this depth has something that is no option, or None."""

    @property
    def free(self) -> int:
        """Number of places where something is chosen."""
        return self.places if len(self.options) > 1 else 0

    def sample(self, rng: np.random.Generator) -> list[Choice]:
        """Draw an option for every free place, uniformly."""
        picks = rng.integers(len(self.options), size=self.free).tolist()
        return [self.options[pick] for pick in picks]

    def build(self, chosen: Sequence[Choice]) -> tuple[Any, ...]:
        """Build the field of a genome with ``chosen`` at the free places."""
        return self.write(chosen if self.free else self.options * self.places)


class _Switches(Part):
    """A part whose options are 0 and 1, or one of them."""

    __slots__ = ()

    def sample(self, rng: np.random.Generator) -> list[Choice]:
        """Draw 0 or 1 for every free place."""
        # One byte a draw, and not eight: recorded searches hold what this draws.
        draws: list[Choice] = rng.integers(2, size=self.free, dtype=np.bool_).tolist()
        return draws


@final
class ExtraConnections(_Switches):
    """The gates of the (K - 1)(K - 2)/2 possible extra connections, by destination, then source."""

    __slots__ = ()

    @property
    def places(self) -> int:
        """Number of possible extra connections."""
        return (self.layers - 1) * (self.layers - 2) // 2

    def names(self) -> list[str]:
        """Name the gates: ``gate_5_2`` for destination 5, source 2."""
        return [f"gate_{d}_{s}" for d in range(3, self.layers + 1) for s in range(1, d - 1)]

    def read(self, genome: Genome) -> list[Choice]:
        """List the gates as 0 and 1."""
        return list(map(int, flat_gates(genome.gates)))

    def write(self, chosen: Sequence[Choice]) -> tuple[Any, ...]:
        """Build gate rows."""
        return from_flat(self.layers, list(map(bool, chosen)))

    def objection(self, genome: Genome) -> str | None:
        """Name the first extra connection of a genome that must have none."""
        if len(self.options) > 1 or not genome.connections:
            return None
        found = gate_name(*genome.extra_connections()[0])
        return f"A genome of this space must have no extra connections, got {found}."


@final
class SideConnections(_Switches):
    """The side connections of layers 2..K; layer 1 always has its own."""

    __slots__ = ()

    @property
    def places(self) -> int:
        """Number of layers but the first."""
        return self.layers - 1

    def names(self) -> list[str]:
        """Name the side connections: ``side_5``."""
        return [f"side_{layer}" for layer in range(2, self.layers + 1)]

    def read(self, genome: Genome) -> list[Choice]:
        """List the side connections as 0 and 1."""
        return list(map(int, genome.side[1:]))

    def write(self, chosen: Sequence[Choice]) -> tuple[Any, ...]:
        """Build the side connections of all layers."""
        return (True, *map(bool, chosen))

    def objection(self, genome: Genome) -> str | None:
        """Name the first layer without a side connection where every layer must have its own."""
        if len(self.options) > 1 or all(genome.side):
            return None
        layer = genome.side.index(False) + 1
        return f"A genome of this space must have all side connections on, got layer {layer} without."


@final
@dataclass(frozen=True, slots=True)
class Names(Part):
    """A name for every layer 1..K.

    Attributes:
        field: The field of a genome that holds the names.
        one: What one of them is, such as ``neuron``.
    """

    field: str
    one: str

    @property
    def places(self) -> int:
        """Number of layers."""
        return self.layers

    def names(self) -> list[str]:
        """Name the choices: ``neuron_5`` for layer 5."""
        return [f"{self.one}_{layer}" for layer in range(1, self.layers + 1)]

    def read(self, genome: Genome) -> list[Choice]:
        """List the names of all layers."""
        return list(getattr(genome, self.field))

    def write(self, chosen: Sequence[Choice]) -> tuple[Any, ...]:
        """Build the field."""
        return tuple(chosen)

    def objection(self, genome: Genome) -> str | None:
        """Name the first layer with a name that is no option."""
        for layer, name in enumerate(self.read(genome), 1):
            if name not in self.options:
                allowed = ", ".join(map(str, self.options))
                return f"The {self.one} of layer {layer} must be one of this space's {allowed}, got {name}."
        return None
