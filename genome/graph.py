"""A genome as a networkx graph, and back.

Nodes are the layers 1..K with the attributes ``neuron`` and ``side``, and, where some layer has other than
the usual weights or threshold, ``weight`` and ``threshold``; an edge runs from the source layer to the
destination layer and has the attribute ``default``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import networkx as nx

from genome.errors import InputError
from genome.gates import Gates, check_layers, from_pairs, gate_name
from genome.strict import shown
from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT, all_usual

if TYPE_CHECKING:
    from genome.neurons import Neuron
    from genome.thresholds import ThresholdKind
    from genome.weights import Weight

    LayerGraph = nx.DiGraph[int]


def to_graph(
    gates: Gates,
    neurons: tuple[Neuron, ...],
    side: tuple[bool, ...],
    weights: tuple[Weight, ...],
    thresholds: tuple[ThresholdKind, ...],
) -> LayerGraph:
    """Build a new directed acyclic graph; changing it changes nothing else."""
    graph: LayerGraph = nx.DiGraph()
    columns: dict[str, tuple[object, ...]] = {"neuron": neurons, "side": side}
    if not all_usual(weights, thresholds):
        columns |= {"weight": weights, "threshold": thresholds}
    for layer, values in enumerate(zip(*columns.values(), strict=True), 1):
        graph.add_node(layer, **dict(zip(columns, values, strict=True)))
    for destination, row in enumerate(gates, 1):
        for source, gate in enumerate(row, 1):
            if gate:
                graph.add_edge(source, destination, default=source == destination - 1)
    return graph


def from_graph(
    graph: LayerGraph,
) -> tuple[Gates, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """Read gate rows from a graph, and the other fields of a genome as they stand there, unchecked.

    A node may lack the attributes ``weight`` and ``threshold``: it has the usual ones then. An edge may lack
    the attribute ``default`` (one added by hand does); where it stands it must be right.

    Raises:
        InputError: It is no simple directed graph, its nodes are not 1..K, a node lacks ``neuron`` or
            ``side``, an edge does not run forward (so every cycle is refused), a default connection is
            missing, or an edge's ``default`` is wrong.
    """
    layers = _checked_layers(graph)
    for source, destination, attributes in graph.edges(data=True):
        _check_edge(source, destination, attributes)
    for destination in range(2, layers + 1):
        if not graph.has_edge(destination - 1, destination):
            raise InputError(
                f"The {gate_name(destination, destination - 1)} is the default connection "
                "and must be an edge of the graph."
            )
    order = range(1, layers + 1)
    side = tuple(_attribute(graph, layer, "side") for layer in order)
    neurons = tuple(_attribute(graph, layer, "neuron") for layer in order)
    weights = tuple(graph.nodes[layer].get("weight", USUAL_WEIGHT) for layer in order)
    thresholds = tuple(graph.nodes[layer].get("threshold", USUAL_THRESHOLD) for layer in order)
    gates = from_pairs(layers, ((destination, source) for source, destination in graph.edges))
    return gates, neurons, side, weights, thresholds


def _checked_layers(graph: object) -> int:
    if not isinstance(graph, nx.DiGraph) or graph.is_multigraph():
        raise InputError(f"A genome's graph must be a networkx.DiGraph, got {shown(graph)}.")
    layers = check_layers(graph.number_of_nodes())
    for node in graph.nodes:
        if type(node) is not int or not 1 <= node <= layers:
            raise InputError(f"The nodes of a graph must be the integers 1..{layers}, got {shown(node)}.")
    return layers


def _check_edge(source: int, destination: int, attributes: dict[str, Any]) -> None:
    if source >= destination:
        raise InputError(
            f"The {gate_name(destination, source)} must be no edge of the graph: edges run "
            "from an earlier layer to a later one, without cycles."
        )
    is_default = source == destination - 1
    if attributes.get("default", is_default) is not is_default:
        raise InputError(
            f"The {gate_name(destination, source)} must have default={is_default}, "
            f"got {shown(attributes['default'])}."
        )


def _attribute(graph: LayerGraph, layer: int, name: str) -> Any:
    try:
        return graph.nodes[layer][name]
    except KeyError:
        raise InputError(
            f"Every node of a graph must have the attribute {name!r}, missing at layer {layer}."
        ) from None
