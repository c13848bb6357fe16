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

from genome import ALL_NEURONS, THRESHOLDS, WEIGHTS, DesignSpace, Genome

seeds = st.integers(0, 2**32 - 1)


def test_the_paper_space_has_its_exact_size() -> None:
    assert DesignSpace(16).size == 2**105 * 3**16
    assert DesignSpace(16, neurons=("soft",)).size == 2**105
    assert DesignSpace(16, search_connections=False).size == 3**16
    assert DesignSpace(16, search_side=True).size == 2**120 * 3**16


def test_the_injection_and_pruning_spaces_have_their_exact_sizes() -> None:
    assert DesignSpace(16, ("soft",), search_side=True).size == 2**120
    assert DesignSpace(16, ("soft",), search_connections=False, search_side=True).size == 2**15


def test_the_extended_space_has_its_exact_size() -> None:
    extended = DesignSpace(16, ALL_NEURONS, weights=WEIGHTS, thresholds=THRESHOLDS)
    assert extended.size == 2**105 * 4**16 * 3**16 * 2**16
    assert replace(extended, search_side=True, weights=("coupled",)).size == 2**120 * 4**16 * 2**16


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("neurons", [("soft",), ("relu", "soft")])
@pytest.mark.parametrize(("connections", "side"), list(itertools.product([False, True], repeat=2)))
def test_the_size_is_the_number_of_genomes(layers: int, neurons: Any, connections: bool, side: bool) -> None:
    space = DesignSpace(layers, neurons, connections, side)
    genomes = list(space.enumerate())
    assert len(genomes) == len(set(genomes)) == space.size
    assert all(genome in space for genome in genomes)


def test_the_size_is_the_number_of_genomes_with_all_choices() -> None:
    space = DesignSpace(2, ("soft", "support"), search_side=True, weights=WEIGHTS, thresholds=THRESHOLDS)
    genomes = list(space.enumerate())
    assert len(genomes) == len(set(genomes)) == space.size == 4 * 2 * 9 * 4
    assert all(genome in space for genome in genomes)
    assert genomes[1].thresholds == ("learned", "adaptive")


def test_a_single_option_is_fixed_in_all_genomes() -> None:
    space = DesignSpace(4, weights=("coupled",), thresholds=("adaptive",))
    assert space.size == DesignSpace(4).size
    assert list(space.choices) == list(DesignSpace(4).choices)
    rng = np.random.default_rng(4)
    a, b = space.sample(rng), space.sample(rng)
    first = next(space.enumerate())
    for genome in (a, space.mutate(a, rng), space.crossover(a, b, rng), space.decode(space.encode(a)), first):
        assert (genome.weights, genome.thresholds) == (("coupled",) * 4, ("adaptive",) * 4)
    assert Genome.lista(4) not in space


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
    more = DesignSpace(3, ("relu",), False, True, ("free", "analytic"), THRESHOLDS).choices
    assert list(more) == [
        *("side_2", "side_3"),
        *("weight_1", "weight_2", "weight_3"),
        *("threshold_1", "threshold_2", "threshold_3"),
    ]
    assert more["weight_2"] == ("free", "analytic")
    assert more["threshold_3"] == ("learned", "adaptive")
    genome = Genome.from_connections(4, [(4, 1)], ("soft", "relu", "soft", "soft"), (True, True, False, True))
    code = DesignSpace(4, search_side=True).encode(genome)
    assert [name for name, option in code.items() if option in (1, "relu")] == [
        *("gate_4_1", "neuron_2", "side_2", "side_4")
    ]


# Draws


def test_samples_are_uniform() -> None:
    rng = np.random.default_rng(1)
    three = DesignSpace(3, ("soft", "leaky_relu"), search_side=True)
    two = DesignSpace(2, ("support",), weights=WEIGHTS, thresholds=THRESHOLDS, search_side=True)
    for space, size in ((three, 64), (two, 72)):
        counts = Counter(space.sample(rng) for _ in range(100 * size))
        assert len(counts) == space.size == size
        assert chisquare(list(counts.values())).pvalue > 0.001


def test_mutations_are_uniform_over_the_choices() -> None:
    space = DesignSpace(5, search_side=True, weights=WEIGHTS, thresholds=THRESHOLDS)
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
    for kind in ("neuron", "weight"):
        options = [count for (name, _), count in counts.items() if name.startswith(kind)]
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


# As a dictionary


@given(st.from_type(DesignSpace))
@settings(deadline=None, max_examples=50)
def test_a_space_round_trips(space: DesignSpace) -> None:
    assert DesignSpace.from_dict(space.to_dict()) == space
    assert pickle.loads(pickle.dumps(space)) == space


def test_a_dictionary_names_weights_and_thresholds_only_where_they_are_not_the_usual() -> None:
    space = DesignSpace(4, weights=("coupled",), thresholds=THRESHOLDS)
    usual = DesignSpace(4).to_dict()
    assert space.to_dict() == usual | {"weights": ["coupled"], "thresholds": ["learned", "adaptive"]}
    assert replace(space, thresholds=("learned",)).to_dict() == usual | {"weights": ["coupled"]}
    written = usual | {"weights": ["free"], "thresholds": ["learned"]}
    assert DesignSpace.from_dict(written) == DesignSpace(4)
