"""The design space: exact size, uniform draws, moves of one choice, encodings."""

from __future__ import annotations

import itertools
import pickle
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from genome import NEURONS, DesignSpace, Genome, InputError

seeds = st.integers(0, 2**32 - 1)


def test_the_paper_space_has_its_exact_size() -> None:
    assert DesignSpace(16).size == 2**105 * 3**16
    assert DesignSpace(16, neurons=("soft",)).size == 2**105
    assert DesignSpace(16, search_connections=False).size == 3**16
    assert DesignSpace(16, search_side=True).size == 2**120 * 3**16


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("neurons", [("soft",), ("relu", "soft")])
@pytest.mark.parametrize(("connections", "side"), list(itertools.product([False, True], repeat=2)))
def test_the_size_is_the_number_of_genomes(layers: int, neurons: Any, connections: bool, side: bool) -> None:
    space = DesignSpace(layers, neurons, connections, side)
    genomes = list(space.enumerate())
    assert len(genomes) == len(set(genomes)) == space.size
    assert all(genome in space for genome in genomes)


def test_enumeration_is_lazy() -> None:
    first = next(DesignSpace(16).enumerate())
    assert first == Genome.lista(16)


@given(st.from_type(DesignSpace), seeds)
@settings(deadline=None, max_examples=50)
def test_moves_stay_in_the_space(space: DesignSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = space.sample(rng), Genome.random(space, rng)
    assert a in space
    assert space.contains(b)
    codes = space.encode(a), space.encode(b), space.encode(space.crossover(a, b, rng))
    assert all(codes[2][name] in (codes[0][name], codes[1][name]) for name in space.choices)
    assert space.crossover(a, a, rng) == a
    if space.size > 1:
        before, after = codes[0], space.encode(space.mutate(a, rng))
        assert sum(before[name] != after[name] for name in space.choices) == 1


@given(st.from_type(DesignSpace), seeds)
@settings(deadline=None, max_examples=50)
def test_encode_and_decode_are_inverse(space: DesignSpace, seed: int) -> None:
    genome = space.sample(np.random.default_rng(seed))
    code = space.encode(genome)
    assert list(code) == list(space.choices)
    assert all(type(code[name]) is type(options[0]) for name, options in space.choices.items())
    assert space.decode(code) == genome
    assert space.decode(dict(reversed(code.items()))) == genome


@given(st.from_type(DesignSpace), seeds)
@settings(deadline=None, max_examples=50)
def test_any_options_decode_and_encode_back(space: DesignSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    code = {name: options[int(rng.integers(len(options)))] for name, options in space.choices.items()}
    assert space.encode(space.decode(code)) == code


def test_choices_have_the_names_of_their_place() -> None:
    choices = DesignSpace(4, ("soft", "relu"), search_side=True).choices
    assert list(choices) == [
        *("gate_3_1", "gate_4_1", "gate_4_2"),
        *("neuron_1", "neuron_2", "neuron_3", "neuron_4"),
        *("side_2", "side_3", "side_4"),
    ]
    assert choices["gate_4_2"] == choices["side_3"] == (0, 1)
    assert choices["neuron_2"] == ("soft", "relu")
    assert len(DesignSpace(16).choices) == 121
    genome = Genome.from_connections(4, [(4, 1)], ("soft", "relu", "soft", "soft"), (True, True, False, True))
    code = DesignSpace(4, search_side=True).encode(genome)
    assert [name for name, option in code.items() if option in (1, "relu")] == [
        *("gate_4_1", "neuron_2", "side_2", "side_4")
    ]


# Draws


def test_samples_are_uniform() -> None:
    space = DesignSpace(3, ("soft", "leaky_relu"), search_side=True)
    rng = np.random.default_rng(1)
    counts = Counter(space.sample(rng) for _ in range(6400))
    assert len(counts) == space.size == 64
    assert chisquare(list(counts.values())).pvalue > 0.001


def test_mutations_are_uniform_over_the_choices() -> None:
    space = DesignSpace(5, search_side=True)
    rng = np.random.default_rng(2)
    genome = space.sample(rng)
    before = space.encode(genome)
    counts: Counter[tuple[str, Any]] = Counter()
    for _ in range(6000):
        after = space.encode(space.mutate(genome, rng))
        counts.update((name, after[name]) for name in before if after[name] != before[name])
    places = Counter[str]()
    for (name, _), count in counts.items():
        places[name] += count
    assert set(places) == set(space.choices)
    assert chisquare(list(places.values())).pvalue > 0.001
    options = [count for (name, _), count in counts.items() if name.startswith("neuron")]
    assert len(options) == 10
    assert chisquare(options).pvalue > 0.001


def test_crossovers_are_uniform() -> None:
    space = DesignSpace(3, ("soft",), search_side=True)
    a = space.decode(dict.fromkeys(space.choices, 0))
    b = space.decode(dict.fromkeys(space.choices, 1))
    rng = np.random.default_rng(3)
    counts = Counter(space.crossover(a, b, rng) for _ in range(1600))
    assert len(counts) == 8
    assert chisquare(list(counts.values())).pvalue > 0.001


@given(st.from_type(DesignSpace), seeds)
@settings(deadline=None, max_examples=20)
def test_draws_depend_on_the_generator_alone(space: DesignSpace, seed: int) -> None:
    one, two = np.random.default_rng(seed), np.random.default_rng(seed)
    np.random.default_rng(0).random()
    assert [space.sample(one) for _ in range(3)] == [space.sample(two) for _ in range(3)]


# Refusals


def test_genomes_outside_the_space_are_named() -> None:
    space = DesignSpace(4, ("soft", "relu"), search_connections=False)
    rng = np.random.default_rng(0)
    inside = Genome.lista(4)
    cases = {
        r"must have 4 layers, got 5": Genome.lista(5),
        r"neuron of layer 2 must be one of this space's soft, relu, got leaky_relu": replace(
            inside, neurons=("soft", "leaky_relu", "soft", "soft")
        ),
        r"no extra connections, got gate 3<-1": Genome.dense(4),
        r"all side connections on, got layer 3 without": replace(inside, side=(True, True, False, True)),
    }
    assert inside in space
    assert "genome" not in space
    for message, genome in cases.items():
        assert genome not in space
        with pytest.raises(InputError, match=message):
            space.mutate(genome, rng)
        with pytest.raises(InputError, match=message):
            space.encode(genome)
        with pytest.raises(InputError, match=message):
            space.crossover(inside, genome, rng)


def test_a_space_of_one_genome_has_no_mutation() -> None:
    space = DesignSpace(2, ("relu",))
    only = space.sample(np.random.default_rng(0))
    assert space.size == 1
    assert space.choices == {}
    assert only.neurons == ("relu", "relu")
    with pytest.raises(InputError, match=r"space of at least 2 genomes, got a space of 1"):
        space.mutate(only, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gate_3_1": 2}, r"choice gate_3_1 must be one of \(0, 1\), got 2"),
        ({"gate_3_1": True}, r"choice gate_3_1 must be one of \(0, 1\), got True"),
        ({"gate_3_1": "1"}, r"choice gate_3_1 must be one of \(0, 1\), got '1'"),
        ({"neuron_2": "tanh"}, r"choice neuron_2 must be one of .*, got 'tanh'"),
        ({"neuron_2": 0}, r"choice neuron_2 must be one of .*, got 0"),
        ({"gate_3_2": 1}, r"unknown key 'gate_3_2'"),
    ],
)
def test_illegal_options_are_refused(change: dict[str, Any], message: str) -> None:
    space = DesignSpace(3)
    code = space.encode(Genome.lista(3))
    with pytest.raises(InputError, match=message):
        space.decode(code | change)


def test_a_missing_choice_is_named() -> None:
    space = DesignSpace(3)
    code = space.encode(Genome.lista(3))
    del code["neuron_3"]
    with pytest.raises(InputError, match=r"must have the key 'neuron_3', which is missing"):
        space.decode(code)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), r"number of layers must be an integer from 1 to 1024, got 0"),
        ((4, ()), r"neurons of a space must be a tuple of names, got \(\)"),
        ((4, ["soft"]), r"neurons of a space must be a tuple of names"),
        ((4, ("soft", "tanh")), r"Every neuron of a space must be one of soft, relu, leaky_relu, got 'tanh'"),
        ((4, ("soft", "soft")), r"neurons of a space must differ"),
        ((4, NEURONS, 1), r"search_connections of a space must be true or false, got 1"),
        ((4, NEURONS, True, None), r"search_side of a space must be true or false, got None"),
    ],
)
def test_an_illegal_space_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DesignSpace(*arguments)


@given(st.from_type(DesignSpace))
@settings(deadline=None, max_examples=50)
def test_a_space_round_trips(space: DesignSpace) -> None:
    assert DesignSpace.from_dict(space.to_dict()) == space
    assert pickle.loads(pickle.dumps(space)) == space


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": "4"}, r"number of layers must be an integer"),
        ({"neurons": "soft"}, r"neurons of a space must be a list, got 'soft'"),
        ({"depth": 4}, r"design space has the unknown key 'depth'"),
    ],
)
def test_an_illegal_dictionary_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DesignSpace.from_dict(DesignSpace(4).to_dict() | change)
