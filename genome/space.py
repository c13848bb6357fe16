"""The design space: which gates, neurons and side connections a search may choose."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from genome.errors import InputError
from genome.gates import check_layers, flat_gates, from_flat, gate_name
from genome.genome import Genome
from genome.neurons import NEURONS, Neuron, check_neuron
from genome.strict import boolean, fields, items, shown

Choice = str | int
"""One option of a choice: the name of a neuron, or 0 or 1 for a gate."""

_NAMES = ("layers", "neurons", "search_connections", "search_side")


@dataclass(frozen=True, slots=True)
class DesignSpace:
    """All genomes of one depth that differ in the parts being searched; the other parts stay as in LISTA.

    The free parts, in the order used everywhere: the gates of the (K - 1)(K - 2)/2 possible extra connections
    (by destination, then source), the K neurons if there are two or more to choose from, and the side
    connections of layers 2..K. The default is the space of Section 3 of the design-space study: for K = 16 it
    has 2**105 * 3**16 members.

    Attributes:
        layers: Depth K.
        neurons: Neurons to choose from, at least one.
        search_connections: Whether extra connections are searched; otherwise there are none.
        search_side: Whether side connections are searched; otherwise every layer has its own.

    Raises:
        InputError: A field is of another type or out of range.
    """

    layers: int
    neurons: tuple[Neuron, ...] = NEURONS
    search_connections: bool = True
    search_side: bool = False

    def __post_init__(self) -> None:
        """Check every field."""
        check_layers(self.layers)
        if type(self.neurons) is not tuple or not self.neurons:
            raise InputError(f"The neurons of a space must be a tuple of names, got {shown(self.neurons)}.")
        for neuron in self.neurons:
            check_neuron(neuron, "Every neuron of a space")
        if len(set(self.neurons)) < len(self.neurons):
            raise InputError(f"The neurons of a space must differ, got {shown(self.neurons)}.")
        boolean(self.search_connections, "The setting search_connections of a space")
        boolean(self.search_side, "The setting search_side of a space")

    @property
    def size(self) -> int:
        """Exact number of genomes in the space."""
        neurons: int = len(self.neurons) ** self.layers
        return neurons << (self._gates + self._sides)

    @property
    def choices(self) -> dict[str, tuple[Choice, ...]]:
        """Options of every free choice by name, in a fixed order.

        ``gate_5_2`` (destination 5, source 2) and ``side_5`` are 0 or 1, ``neuron_5`` is a neuron's name.
        What cannot vary has no entry.
        """
        names: dict[str, tuple[Choice, ...]] = {}
        if self.search_connections:
            names.update(
                (f"gate_{d}_{s}", (0, 1)) for d in range(3, self.layers + 1) for s in range(1, d - 1)
            )
        if self._varying_neurons:
            names.update((f"neuron_{layer}", self.neurons) for layer in range(1, self.layers + 1))
        if self.search_side:
            names.update((f"side_{layer}", (0, 1)) for layer in range(2, self.layers + 1))
        return names

    def __contains__(self, genome: object) -> bool:
        """Say whether ``genome`` is a genome of this space."""
        return isinstance(genome, Genome) and self.contains(genome)

    def contains(self, genome: Genome) -> bool:
        """Say whether ``genome`` is in the space."""
        return self._objection(genome) is None

    def enumerate(self) -> Iterator[Genome]:
        """Yield every genome of the space once, lazily; the last choice changes fastest."""
        for options in itertools.product(*self.choices.values()):
            yield self._from_options(options)

    # Moves

    def sample(self, rng: np.random.Generator) -> Genome:
        """Draw a genome uniformly from the space."""
        gates = rng.integers(2, size=self._gates, dtype=np.bool_).tolist()
        picks = rng.integers(len(self.neurons), size=self._varying_neurons).tolist()
        sides = rng.integers(2, size=self._sides, dtype=np.bool_).tolist()
        return self._build(gates, [self.neurons[pick] for pick in picks], sides)

    def mutate(self, genome: Genome, rng: np.random.Generator) -> Genome:
        """Change exactly one free choice, each with the same probability, to one of its other options.

        Raises:
            InputError: The genome is not in the space, or the space has no free choice.
        """
        gates, neurons, sides = self._free(genome)
        total = len(gates) + len(neurons) + len(sides)
        if total == 0:
            raise InputError(
                "A genome can only be mutated in a space of at least 2 genomes, got a space of 1."
            )
        place = int(rng.integers(total))
        if place < len(gates):
            gates[place] = not gates[place]
        elif place < len(gates) + len(neurons):
            layer = place - len(gates)
            others = [neuron for neuron in self.neurons if neuron != neurons[layer]]
            neurons[layer] = others[int(rng.integers(len(others)))]
        else:
            layer = place - len(gates) - len(neurons)
            sides[layer] = not sides[layer]
        return self._build(gates, neurons, sides)

    def crossover(self, a: Genome, b: Genome, rng: np.random.Generator) -> Genome:
        """Take every free choice from ``a`` or from ``b`` with probability one half each (uniform crossover).

        Raises:
            InputError: One of the genomes is not in the space.
        """
        gates, neurons, sides = self._free(a)
        other_gates, other_neurons, other_sides = self._free(b)
        total = len(gates) + len(neurons) + len(sides)
        coins = iter(rng.integers(2, size=total, dtype=np.bool_).tolist())
        return self._build(
            [y if next(coins) else x for x, y in zip(gates, other_gates, strict=True)],
            [y if next(coins) else x for x, y in zip(neurons, other_neurons, strict=True)],
            [y if next(coins) else x for x, y in zip(sides, other_sides, strict=True)],
        )

    # Flat vectors of named choices

    def encode(self, genome: Genome) -> dict[str, Choice]:
        """Write a genome as one option for every name of :attr:`choices`, in that order.

        Raises:
            InputError: The genome is not in the space.
        """
        gates, neurons, sides = self._free(genome)
        return dict(zip(self.choices, (*map(int, gates), *neurons, *map(int, sides)), strict=True))

    def decode(self, options: Mapping[str, Choice]) -> Genome:
        """Build the genome that :meth:`encode` writes as ``options``, in any order.

        Raises:
            InputError: A name is missing or unknown, or an option is not one of the choice's.
        """
        choices = self.choices
        fields(options, "An encoded genome", tuple(choices))
        for name, allowed in choices.items():
            value = options[name]
            if type(value) not in (int, str) or value not in allowed:
                raise InputError(f"The choice {name} must be one of {allowed}, got {shown(value)}.")
        return self._from_options([options[name] for name in choices])

    # As a dictionary

    def to_dict(self) -> dict[str, Any]:
        """Write the space as a dictionary that JSON can hold."""
        return {
            "layers": self.layers,
            "neurons": list(self.neurons),
            "search_connections": self.search_connections,
            "search_side": self.search_side,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build a space from what :meth:`to_dict` writes.

        Raises:
            InputError: A key is missing or unknown, or a value is illegal.
        """
        fields(data, "A design space", _NAMES)
        neurons = tuple(items(data["neurons"], "The neurons of a space"))
        return cls(data["layers"], neurons, data["search_connections"], data["search_side"])

    # The free parts as three lists, and back

    @property
    def _gates(self) -> int:
        return (self.layers - 1) * (self.layers - 2) // 2 if self.search_connections else 0

    @property
    def _sides(self) -> int:
        return self.layers - 1 if self.search_side else 0

    @property
    def _varying_neurons(self) -> int:
        return self.layers if len(self.neurons) > 1 else 0

    def _free(self, genome: Genome) -> tuple[list[bool], list[Neuron], list[bool]]:
        objection = self._objection(genome)
        if objection is not None:
            raise InputError(objection)
        return (
            flat_gates(genome.gates) if self.search_connections else [],
            list(genome.neurons) if self._varying_neurons else [],
            list(genome.side[1:]) if self.search_side else [],
        )

    def _build(self, gates: Sequence[bool], neurons: Sequence[Neuron], sides: Sequence[bool]) -> Genome:
        fixed_gates = (False,) * ((self.layers - 1) * (self.layers - 2) // 2)
        return Genome(
            from_flat(self.layers, gates if self.search_connections else fixed_gates),
            tuple(neurons) if self._varying_neurons else self.neurons * self.layers,
            (True, *sides) if self.search_side else (True,) * self.layers,
        )

    def _from_options(self, options: Sequence[Any]) -> Genome:
        sides_from = self._gates + self._varying_neurons
        return self._build(
            [bool(option) for option in options[: self._gates]],
            options[self._gates : sides_from],
            [bool(option) for option in options[sides_from:]],
        )

    def _objection(self, genome: Genome) -> str | None:
        if genome.layers != self.layers:
            return f"A genome of this space must have {self.layers} layers, got {genome.layers}."
        for layer, neuron in enumerate(genome.neurons, 1):
            if neuron not in self.neurons:
                allowed = ", ".join(self.neurons)
                return f"The neuron of layer {layer} must be one of this space's {allowed}, got {neuron}."
        if not self.search_connections and genome.connections:
            found = gate_name(*genome.extra_connections()[0])
            return f"A genome of this space must have no extra connections, got {found}."
        if not self.search_side and not all(genome.side):
            layer = genome.side.index(False) + 1
            return f"A genome of this space must have all side connections on, got layer {layer} without."
        return None
