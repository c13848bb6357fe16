"""The constructors that say which connections a genome has, by name or in one of its encodings."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Self, TypeVar

from numpy.typing import ArrayLike

from genome import arch_string as arch
from genome import gates as gate_rows
from genome import heatmap as heatmaps
from genome.errors import InputError
from genome.neurons import Neuron
from genome.thresholds import ThresholdKind
from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT
from genome.weights import Weight

T = TypeVar("T")


class FromConnections(ABC):
    """What :class:`genome.genome.Genome` can be made of; every constructor checks what it is given.

    What is left out is as in LISTA: soft thresholds, all side connections, free weights, learned thresholds.
    """

    __slots__ = ()

    @classmethod
    @abstractmethod
    def _of(
        cls,
        gates: gate_rows.Gates,
        neurons: tuple[Neuron, ...],
        side: tuple[bool, ...],
        weights: tuple[Weight, ...],
        thresholds: tuple[ThresholdKind, ...],
    ) -> Self:
        """Build a genome of its fields, checking them."""

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
        weights: Sequence[Weight] | None = None,
        thresholds: Sequence[ThresholdKind] | None = None,
    ) -> Self:
        """Build a genome from its connections.

        Args:
            layers: Depth K.
            connections: Pairs (destination, source), each once; the default ones are on, listed or not.
            neurons: The neuron of each layer; all soft thresholds if None.
            side: The side connection of each layer; all on if None.
            weights: The kind of weights of each layer; all free if None.
            thresholds: The kind of threshold of each layer; all learned if None.

        Raises:
            InputError: A pair or another value is illegal.
        """
        return cls._assemble(gate_rows.from_pairs(layers, connections), neurons, side, weights, thresholds)

    @classmethod
    def from_heatmap(
        cls,
        heat: ArrayLike,
        threshold: float = 0.5,
        neurons: Sequence[Neuron] | None = None,
        side: Sequence[bool] | None = None,
        weights: Sequence[Weight] | None = None,
        thresholds: Sequence[ThresholdKind] | None = None,
    ) -> Self:
        """Build a genome from a heat map: a gate is on where the map is at least ``threshold``.

        Args:
            heat: Shape (K, K - 1), or (K, K) with an unused last column; row = destination, column = source.
            threshold: In [0, 1], inclusive.
            neurons: The neuron of each layer; all soft thresholds if None.
            side: The side connection of each layer; all on if None.
            weights: The kind of weights of each layer; all free if None.
            thresholds: The kind of threshold of each layer; all learned if None.

        Raises:
            InputError: Wrong shape, an entry outside [0, 1], or one above 0 where source >= destination.
        """
        return cls._assemble(heatmaps.from_heatmap(heat, threshold), neurons, side, weights, thresholds)

    @classmethod
    def from_arch_string(
        cls,
        text: str,
        neurons: Sequence[Neuron] | None = None,
        side: Sequence[bool] | None = None,
        weights: Sequence[Weight] | None = None,
        thresholds: Sequence[ThresholdKind] | None = None,
    ) -> Self:
        """Build a genome from the authors' encoding, such as ``"0_0_0_2_1"``.

        Args:
            text: One integer a layer; bit j of the d-th is the gate from source d - 2 - j.
            neurons: The neuron of each layer; all soft thresholds if None.
            side: The side connection of each layer; all on if None.
            weights: The kind of weights of each layer; all free if None.
            thresholds: The kind of threshold of each layer; all learned if None.

        Raises:
            InputError: An entry is not a decimal number, or names a source that does not exist.
        """
        return cls._assemble(arch.from_arch_string(text), neurons, side, weights, thresholds)

    @classmethod
    def _assemble(
        cls,
        gates: gate_rows.Gates,
        neurons: Sequence[Neuron] | None,
        side: Sequence[bool] | None,
        weights: Sequence[Weight] | None,
        thresholds: Sequence[ThresholdKind] | None,
    ) -> Self:
        layers = len(gates)
        soft: Neuron = "soft"
        return cls._of(
            gates,
            _each(neurons, soft, layers, "Neurons"),
            _each(side, True, layers, "Side connections"),
            _each(weights, USUAL_WEIGHT, layers, "Weights"),
            _each(thresholds, USUAL_THRESHOLD, layers, "Thresholds"),
        )


def _each(values: Sequence[T] | None, usual: T, layers: int, what: str) -> tuple[T, ...]:
    if isinstance(values, str):
        raise InputError(f"{what} must be a sequence with one entry a layer, got the text {values!r}.")
    return (usual,) * layers if values is None else tuple(values)
