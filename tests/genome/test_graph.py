"""The networkx graph of a genome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genome import Genome, InputError


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_the_graph_round_trips(genome: Genome) -> None:
    assert Genome.from_graph(genome.graph) == genome
    graph = genome.graph
    shuffled: nx.DiGraph[int] = nx.DiGraph()
    shuffled.add_nodes_from(reversed(list(graph.nodes(data=True))))
    shuffled.add_edges_from(reversed(list(graph.edges(data=True))))
    assert Genome.from_graph(shuffled) == genome


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_the_graph_is_the_dag_of_the_genome(genome: Genome) -> None:
    graph = genome.graph
    assert nx.is_directed_acyclic_graph(graph)
    assert graph.number_of_edges() == genome.layers - 1 + genome.connections
    for layer in range(1, genome.layers + 1):
        assert tuple(sorted(graph.predecessors(layer))) == genome.sources(layer)
        node: dict[str, object] = {"neuron": genome.neurons[layer - 1], "side": genome.side[layer - 1]}
        if {*genome.weights, *genome.thresholds} != {"free", "learned"}:
            node |= {"weight": genome.weights[layer - 1], "threshold": genome.thresholds[layer - 1]}
        assert graph.nodes[layer] == node
    assert all(data == {"default": d == s + 1} for s, d, data in graph.edges(data=True))


def test_a_graph_is_a_copy() -> None:
    genome = Genome.lista(4)
    graph = genome.graph
    graph.add_edge(1, 4)
    assert genome.connections == 0
    assert Genome.from_graph(graph).extra_connections() == ((4, 1),)


def test_a_node_without_weight_and_threshold_has_the_usual_ones() -> None:
    graph: Any = Genome.lista(3).graph
    graph.nodes[2]["weight"] = "coupled"
    graph.nodes[3]["threshold"] = "adaptive"
    genome = Genome.from_graph(graph)
    assert genome.weights == ("free", "coupled", "free")
    assert genome.thresholds == ("learned", "learned", "adaptive")


def change(*steps: Callable[[Any], object]) -> Any:
    graph = Genome.lfista(5).graph
    for step in steps:
        step(graph)
    return graph


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (change(lambda g: g.add_edge(4, 2)), r"gate 2<-4 \(destination 2, source 4\) .* without cycles"),
        (change(lambda g: g.add_edge(3, 3)), r"gate 3<-3 .* without cycles"),
        (
            change(lambda g: g.remove_edge(2, 3)),
            r"gate 3<-2 \(destination 3, source 2\) is the default connection",
        ),
        (change(lambda g: g.remove_node(3)), r"nodes of a graph must be the integers 1\.\.4, got 5"),
        (change(lambda g: g.add_node(0)), r"must be the integers 1\.\.6, got 0"),
        (change(lambda g: g.add_node("6")), r"must be the integers 1\.\.6, got '6'"),
        (change(lambda g: g.add_node(6.0)), r"must be the integers 1\.\.6, got 6\.0"),
        (
            change(lambda g: g.nodes[2].update(neuron="tanh")),
            r"neuron of layer 2 must be one of .* got 'tanh'",
        ),
        (
            change(lambda g: g.nodes[3].update(weight="tied")),
            r"weight of layer 3 must be one of free, coupled, analytic, got 'tied'",
        ),
        (
            change(lambda g: g.nodes[3].update(threshold=None)),
            r"threshold of layer 3 must be one of learned, adaptive, got None",
        ),
        (change(lambda g: g.nodes[2].pop("neuron")), r"attribute 'neuron', missing at layer 2"),
        (change(lambda g: g.nodes[4].pop("side")), r"attribute 'side', missing at layer 4"),
        (
            change(lambda g: g.nodes[4].update(side=1)),
            r"side connection of layer 4 must be true or false, got 1",
        ),
        (
            change(lambda g: g.edges[1, 3].update(default=True)),
            r"gate 3<-1 .* must have default=False, got True",
        ),
        (change(lambda g: g.edges[1, 2].update(default=1)), r"gate 2<-1 .* must have default=True, got 1"),
        (nx.DiGraph(), r"number of layers must be an integer from 1 to 1024, got 0"),
        (nx.path_graph(range(1, 4)), r"must be a networkx.DiGraph"),
        (nx.MultiDiGraph([(1, 2)]), r"must be a networkx.DiGraph"),
        ({1: [2]}, r"must be a networkx.DiGraph, got \{1: \[2\]\}"),
    ],
)
def test_an_illegal_graph_is_refused_by_name(graph: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome.from_graph(graph)


def test_true_is_not_layer_1() -> None:
    graph: Any = nx.DiGraph()
    graph.add_node(True, neuron="soft", side=True)
    with pytest.raises(InputError, match=r"must be the integers 1\.\.1, got True"):
        Genome.from_graph(graph)
