"""What a design space refuses, by name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from genome import NEURONS, WEIGHTS, DesignSpace, Genome, InputError


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
        r"weight of layer 4 must be one of this space's free, got coupled": replace(
            inside, weights=("free", "free", "free", "coupled")
        ),
        r"threshold of layer 1 must be one of this space's learned, got adaptive": replace(
            inside, thresholds=("adaptive",) * 4
        ),
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
        (
            (4, ("soft", "tanh")),
            r"Every neuron of a space must be one of soft, relu, leaky_relu, support, got 'tanh'",
        ),
        ((4, ("soft", "soft")), r"neurons of a space must differ"),
        ((4, NEURONS, 1), r"search_connections of a space must be true or false, got 1"),
        ((4, NEURONS, True, None), r"search_side of a space must be true or false, got None"),
        ((4, NEURONS, True, True, ()), r"weights of a space must be a tuple of names, got \(\)"),
        ((4, NEURONS, True, True, ("free", "tied")), r"Every weight of a space must be one of .* got 'tied'"),
        ((4, NEURONS, True, True, ("free",) * 2), r"weights of a space must differ"),
        (
            (4, NEURONS, True, True, WEIGHTS, None),
            r"thresholds of a space must be a tuple of names, got None",
        ),
        ((4, NEURONS, True, True, WEIGHTS, ("free",)), r"Every threshold of a space must be one of learned"),
    ],
)
def test_an_illegal_space_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        DesignSpace(*arguments)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": "4"}, r"number of layers must be an integer"),
        ({"neurons": "soft"}, r"neurons of a space must be a list, got 'soft'"),
        ({"depth": 4}, r"unknown key 'depth'; known are .*, search_side, weights, thresholds"),
        ({"weights": "free"}, r"weights of a space must be a list, got 'free'"),
        ({"thresholds": None}, r"thresholds of a space must be a list, got None"),
        ({"thresholds": []}, r"thresholds of a space must be a tuple of names, got \(\)"),
    ],
)
def test_an_illegal_dictionary_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DesignSpace.from_dict(DesignSpace(4).to_dict() | change)
