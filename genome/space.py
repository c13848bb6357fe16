"""The design space: which gates, neurons, side connections, weights and thresholds a search may choose."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from genome.errors import InputError
from genome.gates import check_layers
from genome.genome import Genome
from genome.neurons import NEURONS, Neuron, check_neuron
from genome.space_parts import Choice, ExtraConnections, Names, Part, SideConnections
from genome.strict import boolean, fields, items, shown
from genome.thresholds import ThresholdKind, check_threshold
from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT
from genome.weights import Weight, check_weight

__all__ = ["Choice", "DesignSpace"]

_NAMES = ("layers", "neurons", "search_connections", "search_side")
_LATER = ("weights", "thresholds")
"""Keys of a dictionary that stand there only where they are not the defaults."""


@dataclass(frozen=True, slots=True)
class DesignSpace:
    """All genomes of one depth that differ in the parts being searched; the other parts stay as in LISTA.

    The free parts, in the order used everywhere: the gates of the (K - 1)(K - 2)/2 possible extra connections
    (by destination, then source), the K neurons, the side connections of layers 2..K, the K kinds of weights
    and the K kinds of thresholds. Neurons and kinds are free where there are two or more to choose from. The
    default is the space of Section 3 of the design-space study: for K = 16 it has 2**105 * 3**16 members.

    Attributes:
        layers: Depth K.
        neurons: Neurons to choose from, at least one.
        search_connections: Whether extra connections are searched; otherwise there are none.
        search_side: Whether side connections are searched; otherwise every layer has its own.
        weights: Kinds of weights to choose from, at least one; see :mod:`genome.weights`.
        thresholds: Kinds of thresholds to choose from, at least one; see :mod:`genome.thresholds`.

    Raises:
        InputError: A field is of another type or out of range.
    """

    layers: int
    neurons: tuple[Neuron, ...] = NEURONS
    search_connections: bool = True
    search_side: bool = False
    weights: tuple[Weight, ...] = (USUAL_WEIGHT,)
    thresholds: tuple[ThresholdKind, ...] = (USUAL_THRESHOLD,)
    _parts: tuple[Part, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check every field."""
        check_layers(self.layers)
        _check_options(self.neurons, "neuron", check_neuron)
        _check_options(self.weights, "weight", check_weight)
        _check_options(self.thresholds, "threshold", check_threshold)
        boolean(self.search_connections, "The setting search_connections of a space")
        boolean(self.search_side, "The setting search_side of a space")
        object.__setattr__(self, "_parts", self._list_parts())

    @property
    def size(self) -> int:
        """Exact number of genomes in the space."""
        return math.prod(len(part.options) ** part.places for part in self._parts)

    @property
    def choices(self) -> dict[str, tuple[Choice, ...]]:
        """Options of every free choice by name, in a fixed order.

        ``gate_5_2`` (destination 5, source 2) and ``side_5`` are 0 or 1; ``neuron_5``, ``weight_5`` and
        ``threshold_5`` are names. What cannot vary has no entry.
        """
        return {name: part.options for part in self._parts if part.free for name in part.names()}

    def __contains__(self, genome: object) -> bool:
        """Say whether ``genome`` is a genome of this space."""
        return isinstance(genome, Genome) and self.contains(genome)

    def contains(self, genome: Genome) -> bool:
        """Say whether ``genome`` is in the space."""
        return self._objection(genome) is None

    def enumerate(self) -> Iterator[Genome]:
        """Yield every genome of the space once, lazily; the last choice changes fastest."""
        for chosen in itertools.product(*self.choices.values()):
            yield self._build(chosen)

    # Moves

    def sample(self, rng: np.random.Generator) -> Genome:
        """Draw a genome uniformly from the space."""
        return self._build([choice for part in self._parts if part.free for choice in part.sample(rng)])

    def mutate(self, genome: Genome, rng: np.random.Generator) -> Genome:
        """Change exactly one free choice, each with the same probability, to one of its other options.

        Raises:
            InputError: The genome is not in the space, or the space has no free choice.
        """
        chosen = self._free(genome)
        if not chosen:
            raise InputError(
                "A genome can only be mutated in a space of at least 2 genomes, got a space of 1."
            )
        place = int(rng.integers(len(chosen)))
        others = [option for option in self._part_at(place).options if option != chosen[place]]
        chosen[place] = others[int(rng.integers(len(others)))]
        return self._build(chosen)

    def crossover(self, a: Genome, b: Genome, rng: np.random.Generator) -> Genome:
        """Take every free choice from ``a`` or from ``b`` with probability one half each (uniform crossover).

        Raises:
            InputError: One of the genomes is not in the space.
        """
        ours, theirs = self._free(a), self._free(b)
        coins = rng.integers(2, size=len(ours), dtype=np.bool_).tolist()
        return self._build([y if coin else x for coin, x, y in zip(coins, ours, theirs, strict=True)])

    # Flat vectors of named choices

    def encode(self, genome: Genome) -> dict[str, Choice]:
        """Write a genome as one option for every name of :attr:`choices`, in that order.

        Raises:
            InputError: The genome is not in the space.
        """
        return dict(zip(self.choices, self._free(genome), strict=True))

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
        return self._build([options[name] for name in choices])

    # As a dictionary

    def to_dict(self) -> dict[str, Any]:
        """Write the space as a dictionary that JSON can hold.

        The keys ``weights`` and ``thresholds`` stand there only where they are not the defaults.
        """
        data: dict[str, Any] = {
            "layers": self.layers,
            "neurons": list(self.neurons),
            "search_connections": self.search_connections,
            "search_side": self.search_side,
        }
        if self.weights != (USUAL_WEIGHT,):
            data["weights"] = list(self.weights)
        if self.thresholds != (USUAL_THRESHOLD,):
            data["thresholds"] = list(self.thresholds)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Build a space from what :meth:`to_dict` writes.

        Raises:
            InputError: A key is missing or unknown, or a value is illegal.
        """
        fields(data, "A design space", _NAMES, _LATER)
        neurons = tuple(items(data["neurons"], "The neurons of a space"))
        later = {name: tuple(items(data[name], f"The {name} of a space")) for name in _LATER if name in data}
        return cls(data["layers"], neurons, data["search_connections"], data["search_side"], **later)

    # The free choices as one list, and back

    def _list_parts(self) -> tuple[Part, ...]:
        """The parts in the order of the fields of a genome, which is that of the choices."""
        layers = self.layers
        return (
            ExtraConnections(layers, (0, 1) if self.search_connections else (0,)),
            Names(layers, self.neurons, "neurons", "neuron"),
            SideConnections(layers, (0, 1) if self.search_side else (1,)),
            Names(layers, self.weights, "weights", "weight"),
            Names(layers, self.thresholds, "thresholds", "threshold"),
        )

    def _free(self, genome: Genome) -> list[Choice]:
        objection = self._objection(genome)
        if objection is not None:
            raise InputError(objection)
        return [choice for part in self._parts if part.free for choice in part.read(genome)]

    def _part_at(self, place: int) -> Part:
        """The part that a free choice belongs to, by the choice's place in the list of all."""
        ends = itertools.accumulate(part.free for part in self._parts)
        return next(part for part, end in zip(self._parts, ends, strict=True) if place < end)

    def _build(self, chosen: Sequence[Choice]) -> Genome:
        rest = iter(chosen)
        return Genome(*(part.build(tuple(itertools.islice(rest, part.free))) for part in self._parts))

    def _objection(self, genome: Genome) -> str | None:
        if genome.layers != self.layers:
            return f"A genome of this space must have {self.layers} layers, got {genome.layers}."
        objections = (part.objection(genome) for part in self._parts)
        return next((objection for objection in objections if objection is not None), None)


def _check_options(options: tuple[str, ...], what: str, check: Callable[[object, str], None]) -> None:
    if type(options) is not tuple or not options:
        raise InputError(f"The {what}s of a space must be a tuple of names, got {shown(options)}.")
    for option in options:
        check(option, f"Every {what} of a space")
    if len(set(options)) < len(options):
        raise InputError(f"The {what}s of a space must differ, got {shown(options)}.")
