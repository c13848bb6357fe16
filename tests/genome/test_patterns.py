"""Connectivity patterns: sizes, chance, dense parts, and the same pattern at another depth."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import comb, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

from genome import Genome, InputError
from genome.neurons import NEURONS
from genome.patterns import (
    dense_into,
    extra_places,
    random_pattern,
    resampled,
    spread_patterns,
    with_last_layer,
)
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS

depths = st.integers(3, 20)
seeds = st.integers(0, 2**32 - 1)


def most(layers: int) -> int:
    return (layers - 1) * (layers - 2) // 2


@st.composite
def networks(draw: st.DrawFn, least: int = 3) -> Genome:
    """Networks of any pattern and any layers."""
    layers = draw(st.integers(least, 20))
    rng = np.random.default_rng(draw(seeds))
    share = rng.random()
    return Genome.from_connections(
        layers,
        [place for place in extra_places(layers) if rng.random() < share],
        neurons=rng.choice(NEURONS, layers).tolist(),
        side=[True, *(rng.random(layers - 1) < 0.5).tolist()],
        weights=rng.choice(WEIGHTS, layers).tolist(),
        thresholds=rng.choice(THRESHOLDS, layers).tolist(),
    )


# Where extra connections can be


@given(st.integers(1, 20))
def test_the_places_are_all_that_a_dense_network_has(layers: int) -> None:
    assert extra_places(layers) == Genome.dense(layers).extra_connections()
    assert len(extra_places(layers)) == most(layers)


def test_the_places_of_five_layers() -> None:
    assert extra_places(5) == ((3, 1), (4, 1), (4, 2), (5, 1), (5, 2), (5, 3))


# Random patterns


@given(st.data(), st.integers(1, 16), seeds)
def test_a_random_pattern_has_exactly_its_size(data: st.DataObject, layers: int, seed: int) -> None:
    size = data.draw(st.integers(0, most(layers)))
    pattern = random_pattern(layers, size, np.random.default_rng(seed))
    assert (pattern.layers, pattern.connections) == (layers, size)
    assert pattern == Genome.from_connections(layers, pattern.extra_connections())
    assert pattern == random_pattern(layers, size, np.random.default_rng(seed))


def test_every_pattern_of_a_size_is_equally_likely() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(random_pattern(5, 2, rng).extra_connections() for _ in range(3000))
    assert len(drawn) == comb(6, 2)
    assert chisquare(list(drawn.values())).pvalue > 0.001
    other = [0.5, *[1.0] * 14]
    assert chisquare(list(drawn.values()), 3000 * np.array(other) / sum(other)).pvalue < 0.001


def test_random_patterns_of_the_study_cover_every_place() -> None:
    rng = np.random.default_rng(1)
    heat = np.mean([random_pattern(16, 42, rng).heatmap() for _ in range(400)], axis=0)
    shares = [heat[destination - 1, source - 1] for destination, source in extra_places(16)]
    # 105 shares of 400 draws with chance 0.4 each: standard deviation 0.0245.
    assert np.mean(shares) == pytest.approx(0.4)
    assert np.std(shares) == pytest.approx(0.0245, rel=0.3)


@pytest.mark.parametrize(("layers", "size", "highest"), [(4, 4, 3), (4, -1, 3), (2, 1, 0), (5, 2.0, 6)])
def test_a_size_that_there_is_not_is_refused(layers: int, size: int, highest: int) -> None:
    message = f"extra connections of {layers} layers must be an integer from 0 to {highest}, got {size}"
    with pytest.raises(InputError, match=message):
        random_pattern(layers, size, np.random.default_rng(0))


@pytest.mark.parametrize("layers", [0, 1025, 4.0])
def test_an_illegal_depth_is_refused(layers: int) -> None:
    rng, genome = np.random.default_rng(0), Genome.dense(4)
    for refused in (
        lambda: extra_places(layers),
        lambda: random_pattern(layers, 0, rng),
        lambda: spread_patterns(layers, 2, rng),
        lambda: dense_into(layers, 1),
        lambda: resampled(genome, layers),
    ):
        with pytest.raises(
            InputError, match=f"number of layers must be an integer from 1 to .*, got {layers}"
        ):
            refused()


# Sizes that are spread evenly


@given(depths, st.integers(2, 60), seeds)
def test_the_sizes_are_spread_evenly(layers: int, count: int, seed: int) -> None:
    sizes = [each.connections for each in spread_patterns(layers, count, np.random.default_rng(seed))]
    assert len(sizes) == count
    assert (sizes[0], sizes[-1]) == (1, most(layers))
    step = (most(layers) - 1) / (count - 1)
    assert {after - before for before, after in pairwise(sizes)} <= {floor(step), floor(step) + 1}


def test_one_network_of_a_spread_has_one_connection() -> None:
    (only,) = spread_patterns(6, 1, np.random.default_rng(0))
    assert only.connections == 1


def test_networks_of_a_spread_are_drawn_anew() -> None:
    rng = np.random.default_rng(0)
    assert spread_patterns(8, 9, rng) != spread_patterns(8, 9, rng)


@pytest.mark.parametrize(
    ("layers", "count", "message"),
    [
        (8, 0, "number of random networks must be an integer from 1 to 1000000, got 0"),
        (2, 3, "extra connections need at least 3 layers, got 2"),
    ],
)
def test_a_spread_of_nothing_is_refused(layers: int, count: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        spread_patterns(layers, count, np.random.default_rng(0))


# Dense parts


def test_the_studys_dense_networks_have_77_and_105_connections() -> None:
    assert dense_into(16, 10).connections == 77
    assert dense_into(16, 1).connections == 105
    assert dense_into(16, 1) == Genome.dense(16)
    assert dense_into(16, 16).connections == 14


@given(st.data(), st.integers(1, 20))
def test_dense_layers_have_everything_and_the_others_nothing(data: st.DataObject, layers: int) -> None:
    first = data.draw(st.integers(1, layers))
    genome = dense_into(layers, first)
    for destination in range(2, layers + 1):
        all_of_it, nothing = tuple(range(1, destination)), (destination - 1,)
        assert genome.sources(destination) == (all_of_it if destination >= first else nothing)


@pytest.mark.parametrize("first", [0, 7])
def test_a_dense_part_needs_a_layer_that_is_there(first: int) -> None:
    with pytest.raises(InputError, match=f"first densely connected layer must be .* 1 to 6, got {first}"):
        dense_into(6, first)


# The last layer of another


@given(st.data(), networks())
def test_the_last_layer_of_another_stands_beside_its_own(data: st.DataObject, base: Genome) -> None:
    size = data.draw(st.integers(0, most(base.layers)))
    pattern = random_pattern(base.layers, size, np.random.default_rng(data.draw(seeds)))
    both = with_last_layer(base, pattern)
    assert both.prefix(base.layers - 1) == base.prefix(base.layers - 1)
    last = base.layers
    assert set(both.sources(last)) == {*base.sources(last), *pattern.sources(last)}
    assert (both.neurons, both.side) == (base.neurons, base.side)
    assert (both.weights, both.thresholds) == (base.weights, base.thresholds)


def test_another_depth_has_no_last_layer_for_it() -> None:
    with pytest.raises(InputError, match="network of the same depth, got 5 layers for 4"):
        with_last_layer(Genome.lista(4), Genome.dense(5))


# The same pattern at another depth


@given(networks(least=1))
def test_at_its_own_depth_a_pattern_is_itself(genome: Genome) -> None:
    assert resampled(genome, genome.layers) == genome


@given(depths, st.integers(1, 40))
def test_chains_and_dense_networks_stay_so_at_every_depth(layers: int, other: int) -> None:
    assert resampled(Genome.lista(layers), other) == Genome.lista(other)
    assert resampled(Genome.dense(layers), other) == Genome.dense(other)


@given(st.data(), depths)
def test_a_shallower_lfista_is_lfista(data: st.DataObject, layers: int) -> None:
    other = data.draw(st.integers(1, layers))
    assert resampled(Genome.lfista(layers), other) == Genome.lfista(other)


@given(networks(), st.integers(3, 40))
def test_every_layer_is_that_of_the_same_relative_depth(genome: Genome, other: int) -> None:
    """By exact fractions: the nearest layer, halves up, and of its sources the nearest again."""
    moved = resampled(genome, other)
    for d in range(1, other + 1):
        # floor(x + 1/2) of x = (d - 1)(K - 1) / (K' - 1)
        like = 1 + (2 * (d - 1) * (genome.layers - 1) + other - 1) // (2 * (other - 1))
        assert moved.neurons[d - 1] == genome.neurons[like - 1]
        assert moved.side[d - 1] == genome.side[like - 1]
        assert moved.weights[d - 1] == genome.weights[like - 1]
        assert moved.thresholds[d - 1] == genome.thresholds[like - 1]
        if d >= 3:
            theirs = genome.gates[max(3, like) - 1][:-1]
            assert moved.gates[d - 1][d - 3] == theirs[-1], "the latest extra source is like the latest"
            if d > 3:
                assert moved.gates[d - 1][0] == theirs[0], "the first source is like the first"
                count = sum(moved.gates[d - 1][:-1])
                assert (count == 0) or any(theirs)
                assert (count == d - 2) or not all(theirs)


def test_a_pattern_of_five_layers_at_nine_and_at_four() -> None:
    """Worked by hand: 9 layers are like 1, 2, 2, 3, 3, 4, 4, 5, 5; 4 are like 1, 2, 4, 5."""
    genome = Genome.from_connections(5, [(4, 2), (5, 1), (5, 2)])
    assert resampled(genome, 4).extra_connections() == ((3, 1), (4, 1))
    assert {d: resampled(genome, 9).sources(d)[:-1] for d in range(3, 10)} == {
        3: (),
        4: (),
        5: (),
        6: (3, 4),
        7: (3, 4, 5),
        8: (1, 2, 3, 4),
        9: (1, 2, 3, 4, 5),
    }


def test_patterns_keep_their_share_of_connections_on_average_but_not_each() -> None:
    rng = np.random.default_rng(2)
    shares = {other: list[float]() for other in (6, 8, 24)}
    for _ in range(300):
        pattern = random_pattern(12, 22, rng)
        for other, found in shares.items():
            found.append(resampled(pattern, other).connections / most(other))
    for found in shares.values():
        assert np.mean(found) == pytest.approx(22 / most(12), abs=4 * np.std(found) / 300**0.5)
        assert np.ptp(found) > 0.05


@pytest.mark.parametrize("layers", [1, 2])
def test_a_network_without_a_pattern_cannot_have_one_at_another_depth(layers: int) -> None:
    with pytest.raises(InputError, match=f"at least 3 layers to be moved to 5, got {layers}"):
        resampled(Genome.lista(layers), 5)
    assert resampled(Genome.lista(layers), 2) == Genome.lista(2)
