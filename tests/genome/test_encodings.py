"""Heat maps, released strings and plain connections: round trips, the authors' own values, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genome as package
from genome import Genome, InputError

REPORTED = Path(package.__file__).parents[2] / "shared" / "paper" / "reported.json"


@pytest.fixture(scope="module")
def reported() -> Any:
    if not REPORTED.exists():
        pytest.skip("the paper's figures (../shared/paper/reported.json) are not beside this checkout")
    return json.loads(REPORTED.read_text())


RELEASED = {
    "lista": Genome.released_lista,
    "lfista": Genome.released_lfista,
    "dense": Genome.released_dense,
    "searched": Genome.released_searched,
}


def by_layer(genome: Genome) -> Any:
    """Everything but the connections, in the order in which the constructors take it."""
    return genome.neurons, list(genome.side), list(genome.weights), genome.thresholds


# Released strings


def test_the_released_strings_are_the_authors_own(reported: Any) -> None:
    strings = reported["released_architectures"]
    for name, constructor in RELEASED.items():
        assert constructor().arch_string() == strings[name]


def test_the_released_searched_network_decodes_as_published(reported: Any) -> None:
    decoded = reported["released_architectures"]["searched_decoded_1based"]
    pairs = sorted((int(d), s) for d, sources in decoded.items() for s in sources)
    assert Genome.released_searched().extra_connections() == tuple(pairs)


@pytest.mark.parametrize(
    ("name", "connections"), [("lista", 0), ("lfista", 14), ("dense", 105), ("searched", 42)]
)
def test_released_networks_have_the_published_number_of_connections(name: str, connections: int) -> None:
    genome = RELEASED[name]()
    assert genome.layers == 16
    assert genome.connections == connections


def test_released_baselines_are_the_named_constructors() -> None:
    assert Genome.released_lista() == Genome.lista(16)
    assert Genome.released_lfista() == Genome.lfista(16)
    assert Genome.released_dense() == Genome.dense(16)


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_the_arch_string_round_trips_and_follows_the_authors_formula(genome: Genome) -> None:
    text = genome.arch_string()
    assert Genome.from_arch_string(text, *by_layer(genome)) == genome
    # 0-based, as released: bit j of entry l is the output of layer l - 2 - j.
    extra = genome.extra_connections()
    entries = [
        sum(2 ** (layer - 2 - (s - 1)) for d, s in extra if d - 1 == layer) for layer in range(genome.layers)
    ]
    assert text == "_".join(map(str, entries))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"decimal integers joined by underscores, got '' for layer 1"),
        ("0_0_x", r"got 'x' for layer 3"),
        ("0_0_-1", r"got '-1' for layer 3"),
        ("0_0_01", r"got '01' for layer 3"),
        ("0_0_1\n", r"got '1\\n' for layer 3"),
        ("0_0_٣", r"for layer 3"),
        ("0_0_" + "9" * 5000, r"for layer 3"),
        ("1", r"Entry 1 of an architecture string must be below 2\*\*0, got 1"),
        ("0_1", r"Entry 2 .* must be below 2\*\*0, got 1, whose highest bit is gate 2<-0"),
        ("0_0_2", r"Entry 3 .* must be below 2\*\*1, got 2, whose highest bit is gate 3<-0"),
        ("_".join("0" * 1025), r"number of layers must be an integer from 1 to 1024, got 1025"),
        (None, r"architecture string must be text, got None"),
        ([0, 0, 1], r"architecture string must be text"),
    ],
)
def test_an_illegal_arch_string_is_refused(text: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome.from_arch_string(text)


# Heat maps


@given(st.from_type(Genome), st.floats(0, 1, exclude_min=True))
@settings(deadline=None, max_examples=50)
def test_the_heat_map_round_trips_in_both_layouts(genome: Genome, threshold: float) -> None:
    heat = genome.heatmap()
    square = np.pad(heat, ((0, 0), (0, 1)))
    assert heat.shape == (genome.layers, genome.layers - 1)
    assert heat.dtype == np.float64
    for layout in (
        heat,
        square,
        heat.tolist(),
        heat.astype(bool),
        heat.astype(np.float32),
        square.astype(int),
    ):
        assert Genome.from_heatmap(layout, threshold, *by_layer(genome)) == genome


def test_the_heat_map_has_destinations_in_rows_and_sources_in_columns() -> None:
    heat = Genome.from_connections(4, [(4, 1)]).heatmap()
    np.testing.assert_array_equal(heat, [[0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1]])


def test_the_threshold_is_inclusive_and_the_default_connection_always_on() -> None:
    heat = np.zeros((4, 3))
    heat[3, 0], heat[3, 1], heat[2, 0] = 0.5, np.nextafter(0.5, 0), 1.0
    assert Genome.from_heatmap(heat).extra_connections() == ((3, 1), (4, 1))
    assert Genome.from_heatmap(heat).sources(2) == (1,)
    assert Genome.from_heatmap(heat, threshold=1).extra_connections() == ((3, 1),)
    assert Genome.from_heatmap(heat, threshold=0) == Genome.dense(4)


@pytest.mark.parametrize(
    ("heat", "message"),
    [
        (np.zeros((4, 2)), r"shape K x \(K-1\) or K x K, got 4 x 2"),
        (np.zeros((4, 5)), r"shape K x \(K-1\) or K x K, got 4 x 5"),
        (np.zeros((2, 2, 2)), r"got 2 x 2 x 2"),
        (np.zeros(4), r"shape K x \(K-1\) or K x K, got 4"),
        (0.5, r"got a single number"),
        (np.zeros((0, 0)), r"number of layers must be an integer from 1 to 1024, got 0"),
        ([[0.0], [1.0, 0.0]], r"rectangular array of numbers"),
        ([["a"], ["b"]], r"must hold real numbers"),
        (np.zeros((2, 1), dtype=complex), r"must hold real numbers, got an array of complex128"),
    ],
)
def test_a_heat_map_of_the_wrong_form_is_refused(heat: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome.from_heatmap(heat)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.01, 1.01])
def test_an_entry_outside_the_range_is_refused_with_its_place(value: float) -> None:
    heat = Genome.dense(5).heatmap()
    heat[3, 1] = value
    with pytest.raises(
        InputError, match=rf"must lie in \[0, 1\], got {value} at gate 4<-2 \(destination 4, source 2\)"
    ):
        Genome.from_heatmap(heat)


@pytest.mark.parametrize(("shape", "row", "column"), [((5, 4), 0, 0), ((5, 4), 1, 3), ((5, 5), 4, 4)])
def test_a_gate_that_does_not_look_back_is_refused(shape: tuple[int, int], row: int, column: int) -> None:
    heat = np.zeros(shape)
    heat[row, column] = 0.1
    place = rf"got 0.1 at gate {row + 1}<-{column + 1} \(destination {row + 1}, source {column + 1}\)"
    with pytest.raises(
        InputError, match=rf"must be 0 where the source is not before the destination, {place}"
    ):
        Genome.from_heatmap(heat)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, np.nan, True, "0.5", 1j])
def test_an_illegal_threshold_is_refused(threshold: Any) -> None:
    with pytest.raises(InputError, match=r"threshold of a heat map must lie in \[0, 1\]"):
        Genome.from_heatmap(np.zeros((3, 2)), threshold)


# Connections


@given(st.from_type(Genome), st.data())
@settings(deadline=None, max_examples=50)
def test_connections_round_trip_in_any_order(genome: Genome, data: st.DataObject) -> None:
    everything = [(d, s) for d in range(1, genome.layers + 1) for s in genome.sources(d)]
    for pairs in (list(genome.extra_connections()), everything):
        shuffled = data.draw(st.permutations(pairs))
        assert Genome.from_connections(genome.layers, shuffled, *by_layer(genome)) == genome


def test_connections_may_come_as_an_array() -> None:
    pairs: Any = np.array([[4, 1], [3, 1]])
    assert Genome.from_connections(4, pairs).extra_connections() == ((3, 1), (4, 1))


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([(5, 6)], r"gate 5<-6 \(destination 5, source 6\) must be off"),
        ([(5, 5)], r"gate 5<-5 .* must be off"),
        ([(7, 1)], r"Layers must lie in 1\.\.6, got destination 7, source 1 at position 1"),
        ([(3, 1), (4, 0)], r"got destination 4, source 0 at position 2"),
        ([(5, 2), (5, 2)], r"listed once, got gate 5<-2 .* twice"),
        ([(5, True)], r"pair of integers .*, got \(5, True\) at position 1"),
        ([(5, 2.0)], r"pair of integers"),
        ([(5, 2, 1)], r"pair of integers"),
        (["52"], r"pair of integers"),
        ([{5, 2}], r"pair of integers"),
        ([5], r"pair of integers"),
    ],
)
def test_illegal_connections_are_refused(pairs: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome.from_connections(6, pairs)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("neurons", "relu", r"Neurons must be a sequence with one entry a layer, got the text 'relu'"),
        ("side", "on", r"Side connections must be a sequence with one entry a layer, got the text 'on'"),
        ("weights", "coupled", r"Weights must be a sequence with one entry a layer, got the text 'coupled'"),
        ("thresholds", "adaptive", r"Thresholds must be a sequence with one entry a layer, got the text"),
    ],
)
def test_one_name_is_not_a_sequence(field: str, text: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome.from_connections(4, [], **{field: text})
