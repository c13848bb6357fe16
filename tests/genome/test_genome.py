"""A genome: its invariants, its derived values, its identity."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import timeit
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import genome as package
from genome import ALL_NEURONS, THRESHOLDS, WEIGHTS, DesignSpace, Genome, InputError

ROOT = Path(package.__file__).parents[1]

SOFT3: Any = ("soft",) * 3
ON3 = (True,) * 3
ROWS3: Any = ((), (True,), (False, True))


def run(code: str, **environment: str) -> str:
    """Run code in a new interpreter."""
    command = [sys.executable, "-c", code]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ([(), (True,)], r"Gates must be a tuple of tuples"),
        ((), r"number of layers must be an integer from 1 to 1024, got 0"),
        (((), [True], (False, True)), r"gates of destination 2 must be a tuple, got \[True\]"),
        (((), (True,), (True,)), r"Destination 3 must have 2 gates.*got 1"),
        (((), (True,), (False, True, False)), r"Destination 3 must have 2 gates.*got 3"),
        (
            ((), (True,), (False, True, False, True)),
            r"gate 3<-4 \(destination 3, source 4\) must be off",
        ),
        (((True,), (True,), (False, True)), r"gate 1<-1 \(destination 1, source 1\) must be off"),
        (((), (True,), (1, True)), r"gate 3<-1 \(destination 3, source 1\) must be true or false, got 1"),
        (((), (True,), (np.False_, True)), r"gate 3<-1 .* must be true or false, got (np\.)?False_?"),
        (((), (True,), (True, False)), r"gate 3<-2 \(destination 3, source 2\) is the default connection"),
    ],
)
def test_illegal_gates_are_refused_by_name(gates: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome(gates, SOFT3, ON3)


@pytest.mark.parametrize(
    ("neurons", "side", "message"),
    [
        (("soft", "relu"), ON3, r"Neurons must be a tuple with one name for each of 3 layers"),
        (["soft"] * 3, ON3, r"Neurons must be a tuple"),
        (
            ("soft", "tanh", "relu"),
            ON3,
            r"neuron of layer 2 must be one of soft, relu, leaky_relu, support, got 'tanh'",
        ),
        (("soft", "soft", 0), ON3, r"neuron of layer 3 must be one of .*, got 0"),
        (SOFT3, (True, True), r"Side must be a tuple with one bool for each of 3 layers"),
        (SOFT3, (True, 1, True), r"side connection of layer 2 must be true or false, got 1"),
        (SOFT3, (False, True, True), r"side connection of layer 1 must be on"),
    ],
)
def test_illegal_layers_are_refused_by_name(neurons: Any, side: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Genome(ROWS3, neurons, side)


@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        ("weights", ("free",) * 2, r"Weights must be a tuple with one name for each of 3 layers"),
        ("weights", ["free"] * 3, r"Weights must be a tuple with one name for each of 3 layers"),
        ("weights", None, r"Weights must be a tuple with one name for each of 3 layers, got None"),
        (
            "weights",
            ("free", "tied", "free"),
            r"weight of layer 2 must be one of free, coupled, analytic, got",
        ),
        ("weights", ("free", "free", True), r"weight of layer 3 must be one of .*, got True"),
        ("thresholds", ("learned",), r"Thresholds must be a tuple with one name for each of 3 layers"),
        (
            "thresholds",
            ("adaptive", "learned", "free"),
            r"threshold of layer 3 must be one of learned, adaptive",
        ),
    ],
)
def test_illegal_weights_and_thresholds_are_refused_by_name(field: Any, values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(Genome.lista(3), **{field: values})


def test_weights_are_free_and_thresholds_learned_unless_said() -> None:
    usual = Genome(ROWS3, SOFT3, ON3, ("free",) * 3, ("learned",) * 3)
    for genome in (Genome(ROWS3, SOFT3, ON3), Genome.lista(3), Genome(ROWS3, SOFT3, ON3, (), ())):
        assert genome == usual
        assert (genome.weights, genome.thresholds) == (("free",) * 3, ("learned",) * 3)
        assert genome.digest == usual.digest


@pytest.mark.parametrize("layers", [0, -1, 1025, 10**12, True, 3.0, "3", None])
@pytest.mark.parametrize("constructor", [Genome.lista, Genome.lfista, Genome.dense])
def test_an_illegal_depth_is_refused(constructor: Any, layers: Any) -> None:
    with pytest.raises(InputError, match=r"number of layers must be an integer from 1 to 1024"):
        constructor(layers)


@pytest.mark.parametrize("layers", [1, 2, 3, 16, 40])
def test_named_architectures_have_the_connections_they_should(layers: int) -> None:
    assert Genome.lista(layers).extra_connections() == ()
    assert Genome.lfista(layers).extra_connections() == tuple((d, d - 2) for d in range(3, layers + 1))
    dense = Genome.dense(layers)
    assert dense.connections == (layers - 1) * (layers - 2) // 2
    assert all(dense.sources(d) == tuple(range(1, d)) for d in range(1, layers + 1))
    assert set(dense.neurons) == {"soft"}
    assert all(dense.side)


def test_the_deepest_genome_is_legal() -> None:
    genome = Genome.dense(1024)
    assert genome.layers == 1024
    assert genome.connections == 1023 * 1022 // 2


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_derived_values_agree_with_the_gates(genome: Genome) -> None:
    pairs = {(d, s) for d in range(1, genome.layers + 1) for s in genome.sources(d)}
    assert pairs == {
        (d, s) for d in range(1, genome.layers + 1) for s in range(1, d) if genome.gates[d - 1][s - 1]
    }
    extra = genome.extra_connections()
    assert list(extra) == sorted((d, s) for d, s in pairs if s != d - 1)
    assert genome.connections == len(extra)
    assert all(genome.sources(d) == tuple(sorted(genome.sources(d))) for d in range(1, genome.layers + 1))


def test_sources_of_a_layer_that_is_not_there_are_refused() -> None:
    for layer in (0, 5, True):
        with pytest.raises(InputError, match=r"destination layer must be an integer from 1 to 4"):
            Genome.lista(4).sources(layer)


@given(st.from_type(Genome), st.data())
@settings(deadline=None, max_examples=50)
def test_a_prefix_is_a_genome(genome: Genome, data: st.DataObject) -> None:
    j = data.draw(st.integers(1, genome.layers))
    i = data.draw(st.integers(1, j))
    prefix = genome.prefix(j)
    assert prefix.layers == j
    assert prefix.prefix(i) == genome.prefix(i)
    assert genome.prefix(genome.layers) == genome
    assert all(prefix.sources(d) == genome.sources(d) for d in range(1, j + 1))
    assert (prefix.neurons, prefix.side) == (genome.neurons[:j], genome.side[:j])
    assert (prefix.weights, prefix.thresholds) == (genome.weights[:j], genome.thresholds[:j])


@pytest.mark.parametrize("layers", [0, 5, -1, True])
def test_a_prefix_of_no_such_depth_is_refused(layers: int) -> None:
    with pytest.raises(InputError, match=r"depth of a prefix must be an integer from 1 to 4"):
        Genome.lista(4).prefix(layers)


def test_a_genome_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError, match="gates"):
        Genome.lista(3).gates = ROWS3  # type: ignore[misc]


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_copies_are_equal_in_every_way(genome: Genome) -> None:
    for other in (pickle.loads(pickle.dumps(genome)), copy.deepcopy(genome), replace(genome)):
        assert other == genome
        assert hash(other) == hash(genome)
        assert other.digest == genome.digest


def test_digests_differ_over_a_whole_space() -> None:
    space = DesignSpace(4, search_side=True)
    genomes = list(space.enumerate())
    prefixes = {genome.prefix(depth) for genome in genomes for depth in (1, 2, 3)}
    everything = {*genomes, *prefixes}
    assert len({genome.digest for genome in everything}) == len(everything) > space.size


def test_digests_differ_over_a_space_of_all_choices() -> None:
    space = DesignSpace(2, ALL_NEURONS, search_side=True, weights=WEIGHTS, thresholds=THRESHOLDS)
    genomes = list(space.enumerate())
    everything = {*genomes, *(genome.prefix(1) for genome in genomes)}
    assert len({genome.digest for genome in everything}) == len(everything) == space.size + 4 * 3 * 2
    assert len({genome.identity for genome in everything}) == len(everything)


def test_digests_are_pinned() -> None:
    assert Genome.released_searched().digest == "4d93fb0c36d090f2"
    assert Genome.released_lista().digest == "7be793ff8004483e"
    assert replace(Genome.lista(2), neurons=("relu", "soft"), side=(True, False)).digest == "0c273f93c9403318"
    coupled = replace(Genome.lista(2), weights=("coupled", "free"), thresholds=("learned", "adaptive"))
    assert coupled.identity == (
        b"lista-genome/genome/2\n\x00\x02\x01\x01\x01soft,soft\ncoupled,free\nlearned,adaptive"
    )
    assert coupled.digest == "036429fb02403fde"


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_the_digest_is_the_same_in_every_process(hash_seed: str) -> None:
    code = "from genome import Genome; print(Genome.released_searched().digest)"
    assert run(code, PYTHONHASHSEED=hash_seed).strip() == Genome.released_searched().digest


def test_importing_genome_does_not_import_torch() -> None:
    assert run("import genome, sys; print('torch' in sys.modules)").strip() == "False"


@given(st.from_type(Genome))
@settings(deadline=None, max_examples=50)
def test_the_repr_builds_the_genome(genome: Genome) -> None:
    assert eval(repr(genome), {"Genome": Genome}) == genome


def test_a_genome_is_shown_in_one_short_line() -> None:
    genome = replace(Genome.lfista(3), neurons=("soft", "relu", "soft"), side=(True, False, True))
    assert str(genome) == f"{genome.digest} (K=3, 1 extra, 2 soft, 1 relu, 2 side)"
    assert dict(genome.__rich_repr__())["arch_string"] == "0_0_1"
    assert len(str(Genome.released_dense())) < 60
    other = replace(
        genome, weights=("coupled", "free", "coupled"), thresholds=("learned",) * 2 + ("adaptive",)
    )
    assert str(other).endswith("2 side, 2 coupled, 1 adaptive)")
    assert "weights" not in dict(genome.__rich_repr__())
    assert dict(other.__rich_repr__())["weights"] == other.weights
    assert dict(other.__rich_repr__())["thresholds"] == other.thresholds


def test_a_genome_is_made_fast_enough_for_large_archives() -> None:
    genome = Genome.released_searched()
    rng = np.random.default_rng(0)
    space = DesignSpace(16)

    def make() -> str:
        return Genome.random(space, rng).digest + space.mutate(genome, rng).digest

    assert min(timeit.repeat(make, number=50, repeat=10)) / 50 < 200e-6
