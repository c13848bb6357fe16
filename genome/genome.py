"""The genome: everything that says which unrolled network to build, as frozen data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from genome import arch_string as arch
from genome import gates as gate_rows
from genome import graph as graphs
from genome import heatmap as heatmaps
from genome import json_format
from genome.digest import identity, short_digest
from genome.from_connections import FromConnections
from genome.neurons import ALL_NEURONS, Neuron, check_neurons
from genome.strict import integer
from genome.thresholds import THRESHOLDS, ThresholdKind, check_thresholds
from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT
from genome.weights import WEIGHTS, Weight, check_weights

if TYPE_CHECKING:
    from genome.graph import LayerGraph

_Fields = tuple[
    gate_rows.Gates, tuple[Neuron, ...], tuple[bool, ...], tuple[Weight, ...], tuple[ThresholdKind, ...]
]


class Sampler(Protocol):
    """Anything that draws genomes, such as :class:`genome.space.DesignSpace`."""

    def sample(self, rng: np.random.Generator) -> Genome:
        """Draw one genome."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Genome(FromConnections):
    """The architecture of an unrolled network with K layers, numbered 1..K.

    Equality, hash and digest come from the data alone; a genome pickles and can be a dictionary key.

    Attributes:
        gates: ``gates[d - 1][s - 1]``: whether destination layer d takes the output of source layer s. Row d
            has d - 1 entries, and its last one, the default connection, is True.
        neurons: The neuron of each layer.
        side: Whether each layer takes the measurement (``W_b b``); always True for layer 1, which has no
            other input.
        weights: How the matrices of each layer depend on each other; see :mod:`genome.weights`. An empty
            tuple given here stands for all free.
        thresholds: Where the threshold of each layer comes from; see :mod:`genome.thresholds`. An empty tuple
            given here stands for all learned.

    Raises:
        InputError: An invariant is broken; the message names the gate or the layer.
    """

    gates: tuple[tuple[bool, ...], ...]
    neurons: tuple[Neuron, ...]
    side: tuple[bool, ...]
    weights: tuple[Weight, ...] = ()
    thresholds: tuple[ThresholdKind, ...] = ()

    def __post_init__(self) -> None:
        """Check every invariant."""
        gate_rows.check_gates(self.gates)
        if self.weights == ():
            object.__setattr__(self, "weights", (USUAL_WEIGHT,) * self.layers)
        if self.thresholds == ():
            object.__setattr__(self, "thresholds", (USUAL_THRESHOLD,) * self.layers)
        check_neurons(self.neurons, self.layers)
        gate_rows.check_side(self.side, self.layers)
        check_weights(self.weights, self.layers)
        check_thresholds(self.thresholds, self.layers)

    # What it is

    @property
    def layers(self) -> int:
        """Depth K."""
        return len(self.gates)

    @property
    def connections(self) -> int:
        """Number of extra connections: 0 for LISTA, (K - 1)(K - 2)/2 for the dense network."""
        return sum(map(sum, self.gates)) - (self.layers - 1)

    @property
    def identity(self) -> bytes:
        """The bytes that the genome is identified by: equal for equal genomes, and only for them."""
        return identity(*self._fields)

    @property
    def digest(self) -> str:
        """Identity in 16 hexadecimal characters, the same in every process and Python version."""
        return short_digest(self.identity)

    def sources(self, destination: int) -> tuple[int, ...]:
        """List the layers that ``destination`` takes outputs from, ascending, the default one included.

        Raises:
            InputError: There is no such layer.
        """
        integer(destination, "The destination layer", 1, self.layers)
        return tuple(source for source, gate in enumerate(self.gates[destination - 1], 1) if gate)

    def extra_connections(self) -> tuple[tuple[int, int], ...]:
        """List the extra connections as sorted pairs (destination, source)."""
        return gate_rows.extra_connections(self.gates)

    def prefix(self, layers: int) -> Genome:
        """Give the genome of the first ``layers`` layers.

        Raises:
            InputError: ``layers`` is not in 1..K.
        """
        integer(layers, "The depth of a prefix", 1, self.layers)
        return Genome(
            self.gates[:layers],
            self.neurons[:layers],
            self.side[:layers],
            self.weights[:layers],
            self.thresholds[:layers],
        )

    @property
    def _fields(self) -> _Fields:
        return self.gates, self.neurons, self.side, self.weights, self.thresholds

    # Encodings

    @property
    def graph(self) -> LayerGraph:
        """A new DAG: nodes 1..K (``neuron``, ``side``), edges source to destination (``default``).

        The nodes have ``weight`` and ``threshold`` too where not all weights are free and all thresholds
        learned.
        """
        return graphs.to_graph(*self._fields)

    def heatmap(self) -> NDArray[np.float64]:
        """Give the (K, K - 1) map of 0 and 1: row = destination - 1, column = source - 1."""
        return heatmaps.to_heatmap(self.gates)

    def arch_string(self) -> str:
        """Give the connectivity alone, without what each layer is, in the authors' encoding."""
        return arch.to_arch_string(self.gates)

    def to_dict(self) -> dict[str, Any]:
        """Write the genome as a dictionary that JSON can hold (format ``lista-genome/genome``).

        It is version 1, or version 2 where not all weights are free and all thresholds learned.
        """
        return json_format.to_dict(*self._fields)

    def to_json(self) -> str:
        """Write the genome as one line of JSON."""
        return json.dumps(self.to_dict())

    # From encodings; genome.from_connections has the others

    @classmethod
    def _of(
        cls,
        gates: gate_rows.Gates,
        neurons: tuple[Neuron, ...],
        side: tuple[bool, ...],
        weights: tuple[Weight, ...],
        thresholds: tuple[ThresholdKind, ...],
    ) -> Self:
        return cls(gates, neurons, side, weights, thresholds)

    @classmethod
    def from_graph(cls, graph: LayerGraph) -> Self:
        """Build a genome from a graph as :attr:`graph` gives it; ``from_graph(g.graph) == g``.

        Raises:
            InputError: The nodes are not 1..K, an edge runs backward, a default connection or an attribute is
                missing, or a neuron is unknown.
        """
        return cls(*graphs.from_graph(graph))

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], layers: int | None = None) -> Self:
        """Build a genome from what :meth:`to_dict` writes.

        Args:
            data: The dictionary.
            layers: The depth that is needed, or None for any.

        Raises:
            InputError: Another version or depth, missing or unknown keys, or an illegal value.
        """
        return cls(*json_format.from_dict(data, layers))

    @classmethod
    def from_json(cls, text: str, layers: int | None = None) -> Self:
        """Build a genome from what :meth:`to_json` writes.

        Args:
            text: The JSON text.
            layers: The depth that is needed, or None for any.

        Raises:
            InputError: The text is no complete JSON, or as for :meth:`from_dict`.
        """
        return cls.from_dict(json_format.parse(text), layers)

    @staticmethod
    def random(space: Sampler, rng: np.random.Generator) -> Genome:
        """Draw a genome uniformly from a design space."""
        return space.sample(rng)

    # How it is shown

    def __repr__(self) -> str:
        """Give an expression that builds this genome; beside the connections only what is not the usual."""
        parts = [repr(self.arch_string())]
        if set(self.neurons) != {"soft"}:
            parts.append(f"neurons={self.neurons!r}")
        if not all(self.side):
            parts.append(f"side={self.side!r}")
        if set(self.weights) != {USUAL_WEIGHT}:
            parts.append(f"weights={self.weights!r}")
        if set(self.thresholds) != {USUAL_THRESHOLD}:
            parts.append(f"thresholds={self.thresholds!r}")
        return f"Genome.from_arch_string({', '.join(parts)})"

    def __str__(self) -> str:
        """Give one short line: digest, depth, extra connections, neurons, and what is not the usual."""
        parts = [f"K={self.layers}", f"{self.connections} extra", *_counts(self.neurons, ALL_NEURONS)]
        if not all(self.side):
            parts.append(f"{sum(self.side)} side")
        parts += _counts(self.weights, WEIGHTS, besides=USUAL_WEIGHT)
        parts += _counts(self.thresholds, THRESHOLDS, besides=USUAL_THRESHOLD)
        return f"{self.digest} ({', '.join(parts)})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Say what Rich shows of a genome."""
        yield "digest", self.digest
        yield "layers", self.layers
        yield "connections", self.connections
        yield "arch_string", self.arch_string()
        if set(self.weights) != {USUAL_WEIGHT}:
            yield "weights", self.weights
        if set(self.thresholds) != {USUAL_THRESHOLD}:
            yield "thresholds", self.thresholds


def _counts(chosen: Sequence[str], names: Sequence[str], besides: str = "") -> Iterator[str]:
    """Say how many layers have each name that occurs, in the order of the names, without ``besides``."""
    return (f"{chosen.count(name)} {name}" for name in names if name in chosen and name != besides)
