"""The genome: everything that says which unrolled network to build, as frozen data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genome import arch_string as arch
from genome import gates as gate_rows
from genome import graph as graphs
from genome import heatmap as heatmaps
from genome import json_format
from genome.digest import short_digest
from genome.errors import InputError
from genome.neurons import NEURONS, Neuron, check_neurons
from genome.strict import integer

if TYPE_CHECKING:
    from genome.graph import LayerGraph


class Sampler(Protocol):
    """Anything that draws genomes, such as :class:`genome.space.DesignSpace`."""

    def sample(self, rng: np.random.Generator) -> Genome:
        """Draw one genome."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Genome:
    """The architecture of an unrolled network with K layers, numbered 1..K.

    Equality, hash and digest come from the data alone; a genome pickles and can be a dictionary key.

    Attributes:
        gates: ``gates[d - 1][s - 1]``: whether destination layer d takes the output of source layer s. Row d
            has d - 1 entries, and its last one, the default connection, is True.
        neurons: The neuron of each layer.
        side: Whether each layer takes the measurement (``W_b b``); always True for layer 1, which has no
            other input.

    Raises:
        InputError: An invariant is broken; the message names the gate or the layer.
    """

    gates: tuple[tuple[bool, ...], ...]
    neurons: tuple[Neuron, ...]
    side: tuple[bool, ...]

    def __post_init__(self) -> None:
        """Check every invariant."""
        gate_rows.check_gates(self.gates)
        check_neurons(self.neurons, self.layers)
        gate_rows.check_side(self.side, self.layers)

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
    def digest(self) -> str:
        """Identity in 16 hexadecimal characters, the same in every process and Python version."""
        return short_digest(self.gates, self.neurons, self.side)

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
        return Genome(self.gates[:layers], self.neurons[:layers], self.side[:layers])

    # Encodings

    @property
    def graph(self) -> LayerGraph:
        """A new DAG: nodes 1..K (``neuron``, ``side``), edges source to destination (``default``)."""
        return graphs.to_graph(self.gates, self.neurons, self.side)

    def heatmap(self) -> NDArray[np.float64]:
        """Give the (K, K - 1) map of 0 and 1: row = destination - 1, column = source - 1."""
        return heatmaps.to_heatmap(self.gates)

    def arch_string(self) -> str:
        """Give the connectivity alone, without neurons and side connections, in the authors' encoding."""
        return arch.to_arch_string(self.gates)

    def to_dict(self) -> dict[str, Any]:
        """Write the genome as a dictionary that JSON can hold (format ``lista-genome/genome``, version 1)."""
        return json_format.to_dict(self.gates, self.neurons, self.side)

    def to_json(self) -> str:
        """Write the genome as one line of JSON."""
        return json.dumps(self.to_dict())

    # Named architectures

    @classmethod
    def lista(cls, layers: int) -> Self:
        """LISTA: default connections only, soft thresholds (Gregor and LeCun, 2010)."""
        return cls.from_connections(layers, ())

    @classmethod
    def lfista(cls, layers: int) -> Self:
        """LFISTA: every layer d >= 3 also takes layer d - 2, as FISTA's momentum does."""
        gate_rows.check_layers(layers)
        return cls.from_connections(layers, ((d, d - 2) for d in range(3, layers + 1)))

    @classmethod
    def dense(cls, layers: int) -> Self:
        """Dense-LISTA: every layer takes every earlier layer."""
        gate_rows.check_layers(layers)
        return cls.from_connections(layers, ((d, s) for d in range(3, layers + 1) for s in range(1, d - 1)))

    @classmethod
    def released_lista(cls) -> Self:
        """LISTA as the authors released it, K = 16."""
        return cls.from_arch_string(arch.RELEASED_LISTA)

    @classmethod
    def released_lfista(cls) -> Self:
        """LFISTA as the authors released it, K = 16, 14 extra connections."""
        return cls.from_arch_string(arch.RELEASED_LFISTA)

    @classmethod
    def released_dense(cls) -> Self:
        """Dense-LISTA as the authors released it, K = 16, 105 extra connections."""
        return cls.from_arch_string(arch.RELEASED_DENSE)

    @classmethod
    def released_searched(cls) -> Self:
        """The searched network as the authors released it, K = 16, 42 extra connections."""
        return cls.from_arch_string(arch.RELEASED_SEARCHED)

    # From encodings

    @classmethod
    def from_connections(
        cls,
        layers: int,
        connections: Iterable[tuple[int, int]],
        neurons: Sequence[Neuron] | None = None,
        side: Sequence[bool] | None = None,
    ) -> Self:
        """Build a genome from its connections.

        Args:
            layers: Depth K.
            connections: Pairs (destination, source), each once; the default ones are on, listed or not.
            neurons: The neuron of each layer; all soft thresholds if None.
            side: The side connection of each layer; all on if None.

        Raises:
            InputError: A pair or another value is illegal.
        """
        return cls._assemble(gate_rows.from_pairs(layers, connections), neurons, side)

    @classmethod
    def from_heatmap(
        cls,
        heat: ArrayLike,
        threshold: float = 0.5,
        neurons: Sequence[Neuron] | None = None,
        side: Sequence[bool] | None = None,
    ) -> Self:
        """Build a genome from a heat map: a gate is on where the map is at least ``threshold``.

        Args:
            heat: Shape (K, K - 1), or (K, K) with an unused last column; row = destination, column = source.
            threshold: In [0, 1], inclusive.
            neurons: The neuron of each layer; all soft thresholds if None.
            side: The side connection of each layer; all on if None.

        Raises:
            InputError: Wrong shape, an entry outside [0, 1], or one above 0 where source >= destination.
        """
        return cls._assemble(heatmaps.from_heatmap(heat, threshold), neurons, side)

    @classmethod
    def from_arch_string(
        cls, text: str, neurons: Sequence[Neuron] | None = None, side: Sequence[bool] | None = None
    ) -> Self:
        """Build a genome from the authors' encoding, such as ``"0_0_0_2_1"``.

        Args:
            text: One integer a layer; bit j of the d-th is the gate from source d - 2 - j.
            neurons: The neuron of each layer; all soft thresholds if None.
            side: The side connection of each layer; all on if None.

        Raises:
            InputError: An entry is not a decimal number, or names a source that does not exist.
        """
        return cls._assemble(arch.from_arch_string(text), neurons, side)

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

    @classmethod
    def _assemble(
        cls, gates: gate_rows.Gates, neurons: Sequence[Neuron] | None, side: Sequence[bool] | None
    ) -> Self:
        if isinstance(neurons, str):
            raise InputError(f"Neurons must be a sequence with one name a layer, got the text {neurons!r}.")
        soft: Neuron = "soft"
        return cls(
            gates,
            (soft,) * len(gates) if neurons is None else tuple(neurons),
            (True,) * len(gates) if side is None else tuple(side),
        )

    # How it is shown

    def __repr__(self) -> str:
        """Give an expression that builds this genome; neurons and side connections only if not the usual."""
        parts = [repr(self.arch_string())]
        if set(self.neurons) != {"soft"}:
            parts.append(f"neurons={self.neurons!r}")
        if not all(self.side):
            parts.append(f"side={self.side!r}")
        return f"Genome.from_arch_string({', '.join(parts)})"

    def __str__(self) -> str:
        """Give one short line: digest, depth, extra connections, neurons."""
        counts = ", ".join(f"{self.neurons.count(n)} {n}" for n in NEURONS if n in self.neurons)
        sides = "" if all(self.side) else f", {sum(self.side)} side"
        return f"{self.digest} (K={self.layers}, {self.connections} extra, {counts}{sides})"

    def __rich_repr__(self) -> Iterator[tuple[str, object]]:
        """Say what Rich shows of a genome."""
        yield "digest", self.digest
        yield "layers", self.layers
        yield "connections", self.connections
        yield "arch_string", self.arch_string()
