"""The average architecture: shares, ties, thresholds and encodings."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.average import Average, average
from genome.errors import InputError
from genome.genome import Genome
from genome.neurons import ALL_NEURONS, Neuron
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS


@st.composite
def genomes(draw: st.DrawFn, layers: int | None = None) -> Genome:
    depth = draw(st.integers(1, 7)) if layers is None else layers
    pairs = [(d, s) for d in range(3, depth + 1) for s in range(1, d - 1)]
    connections = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    side = [True, *draw(st.lists(st.booleans(), min_size=depth - 1, max_size=depth - 1))]
    neurons = draw(st.lists(st.sampled_from(ALL_NEURONS), min_size=depth, max_size=depth))
    weights = draw(st.lists(st.sampled_from(WEIGHTS), min_size=depth, max_size=depth))
    thresholds = draw(st.lists(st.sampled_from(THRESHOLDS), min_size=depth, max_size=depth))
    return Genome.from_connections(depth, connections, neurons, side, weights, thresholds)


def depth_four(*connections: tuple[int, int], neurons: tuple[Neuron, ...] | None = None) -> Genome:
    return Genome.from_connections(4, connections, neurons)


@given(genomes(), st.floats(0.0, 1.0, exclude_min=True))
def test_average_of_one_genome_is_that_genome(genome: Genome, threshold: float) -> None:
    assert average([genome]).genome(threshold) == genome
    np.testing.assert_array_equal(average([genome]).share, genome.heatmap())


@given(st.data())
def test_shares_are_means_of_heatmaps_and_default_connections_are_one(data: st.DataObject) -> None:
    layers = data.draw(st.integers(1, 6))
    members = data.draw(st.lists(genomes(layers), min_size=1, max_size=6))
    mean = average(members)
    np.testing.assert_allclose(mean.share, np.mean([g.heatmap() for g in members], axis=0), rtol=1e-15)
    assert all(mean.share[d, d - 1] == 1.0 for d in range(1, layers))
    for shares in (mean.neuron_shares, mean.weight_shares, mean.threshold_shares):
        assert [sum(each.values()) for each in shares] == pytest.approx([1.0] * layers)
    assert mean == average(reversed(members))


@given(st.data())
def test_repeating_every_genome_changes_no_share(data: st.DataObject) -> None:
    members = data.draw(st.lists(genomes(5), min_size=1, max_size=4))
    once, thrice = average(members), average(members * 3)
    np.testing.assert_allclose(once.share, thrice.share)
    assert once.genome() == thrice.genome()
    assert thrice.count == 3 * once.count


def test_shares_by_hand() -> None:
    members = [depth_four((3, 1)), depth_four((3, 1), (4, 2)), depth_four((4, 2)), depth_four((3, 1), (4, 1))]
    expected = [[0, 0, 0], [1, 0, 0], [0.75, 1, 0], [0.25, 0.5, 1]]
    mean = average(members)
    assert mean.count == 4
    assert mean.layers == 4
    assert mean.share.tolist() == expected
    assert mean.agreement[3].tolist() == [0.75, 0.5, 1.0]
    assert np.isnan(mean.agreement[0]).all()
    assert np.isnan(mean.agreement[2, 2])
    assert mean.agreement[2, 1] == 1.0


def test_threshold_is_inclusive() -> None:
    mean = average([depth_four((3, 1)), depth_four((4, 2))])
    assert mean.genome(0.5) == depth_four((3, 1), (4, 2))
    assert mean.genome(0.5000001) == depth_four()


def test_threshold_compares_shares_without_rounding() -> None:
    # 0.7 is no binary fraction: 7 of 10 must still reach it.
    mean = average([depth_four((4, 1))] * 7 + [depth_four()] * 3)
    assert mean.genome(0.7) == depth_four((4, 1))


def test_neuron_is_the_most_used_and_ties_follow_the_order_of_neurons() -> None:
    members = [
        depth_four(neurons=("relu", "leaky_relu", "leaky_relu", "relu")),
        depth_four(neurons=("relu", "relu", "leaky_relu", "soft")),
        depth_four(neurons=("soft", "soft", "soft", "leaky_relu")),
        depth_four(neurons=("relu", "relu", "soft", "leaky_relu")),
    ]
    assert average(members).neurons == ("relu", "relu", "soft", "leaky_relu")
    assert average(members).neuron_shares[0] == {
        "soft": 0.25,
        "relu": 0.75,
        "leaky_relu": 0.0,
        "support": 0.0,
    }
    assert average(members).genome().neurons == ("relu", "relu", "soft", "leaky_relu")


def test_weights_and_thresholds_are_the_most_used_and_ties_follow_the_order_of_names() -> None:
    members = [
        replace(Genome.lista(3), weights=("analytic", "coupled", "free"), thresholds=("adaptive",) * 3),
        replace(Genome.lista(3), weights=("coupled", "analytic", "free"), thresholds=("learned",) * 3),
        replace(Genome.lista(3), weights=("analytic", "coupled", "free")),
        replace(Genome.lista(3), weights=("free", "analytic", "coupled"), thresholds=("adaptive",) * 3),
    ]
    mean = average(members)
    assert mean.weight_shares[0] == {"free": 0.25, "coupled": 0.25, "analytic": 0.5}
    assert mean.threshold_shares[1] == {"learned": 0.5, "adaptive": 0.5}
    assert mean.weights == mean.genome().weights == ("analytic", "coupled", "free")
    assert mean.thresholds == mean.genome(1.0).thresholds == ("learned",) * 3


def test_side_connections_follow_the_threshold() -> None:
    members = [
        Genome.from_connections(3, (), side=side) for side in [(True, True, False), (True, False, False)]
    ]
    mean = average(members)
    assert mean.side_shares == (1.0, 0.5, 0.0)
    assert mean.genome(0.5).side == (True, True, False)
    assert mean.genome(0.6).side == (True, False, False)


def test_released_architectures_average_to_their_common_connections() -> None:
    members = [Genome.released_lfista(), Genome.released_dense(), Genome.released_searched()]
    common = average(members).genome(1.0)
    shared = set(Genome.released_lfista().extra_connections()) & set(
        Genome.released_searched().extra_connections()
    )
    assert set(common.extra_connections()) == shared
    assert average(members).genome(0.1) == Genome.released_dense()


@given(st.data())
def test_csv_reads_back_as_the_same_heat_map(data: st.DataObject) -> None:
    layers = data.draw(st.integers(2, 6))
    mean = average(data.draw(st.lists(genomes(layers), min_size=1, max_size=7)))
    text = mean.heatmap_csv()
    lines = text.splitlines()
    assert lines[0] == ",".join(["destination", *(f"x({s})" for s in range(1, layers))])
    assert [line.split(",")[0] for line in lines[1:]] == [str(d) for d in range(1, layers + 1)]
    columns = range(1, layers)
    read = np.loadtxt(io.StringIO(text), delimiter=",", skiprows=1, usecols=columns, ndmin=2)
    np.testing.assert_array_equal(read, mean.share)
    assert Genome.from_heatmap(read).gates == mean.genome().gates


def test_dict_holds_the_ragged_triangle() -> None:
    data: dict[str, Any] = average([depth_four((3, 1)), depth_four()]).to_dict()
    assert data["share"] == [[], [1.0], [0.5, 1.0], [0.0, 0.0, 1.0]]
    assert data["layers"] == 4
    assert data["count"] == 2
    assert data["neuron_shares"] == [{"soft": 1.0, "relu": 0.0, "leaky_relu": 0.0}] * 4
    assert data["side_shares"] == [1.0] * 4


def test_dict_names_what_the_study_has_not_only_where_it_is_used() -> None:
    plain = average([depth_four()]).to_dict()
    assert list(plain) == ["layers", "count", "share", "neuron_shares", "side_shares"]
    support, coupled = depth_four(neurons=("support",) * 4), replace(depth_four(), weights=("coupled",) * 4)
    data: dict[str, Any] = average([depth_four(), support, coupled, coupled]).to_dict()
    assert data["neuron_shares"] == [{"soft": 0.75, "relu": 0.0, "leaky_relu": 0.0, "support": 0.25}] * 4
    assert data["weight_shares"] == [{"free": 0.5, "coupled": 0.5, "analytic": 0.0}] * 4
    assert data["threshold_shares"] == [{"learned": 1.0, "adaptive": 0.0}] * 4
    adaptive = average([replace(depth_four(), thresholds=("adaptive",) * 4)]).to_dict()
    assert adaptive["threshold_shares"] == [{"learned": 0.0, "adaptive": 1.0}] * 4


def test_average_is_frozen_data() -> None:
    mean = average([Genome.lista(3)])
    expected = Average(
        count=1,
        connection_counts=((), (1,), (0, 1)),
        neuron_counts=((1, 0, 0, 0),) * 3,
        side_counts=(1, 1, 1),
        weight_counts=((1, 0, 0),) * 3,
        threshold_counts=((1, 0),) * 3,
    )
    assert mean == expected
    assert len({mean, average([Genome.lista(3)])}) == 1


def test_refuses_no_genomes() -> None:
    with pytest.raises(InputError, match="at least one genome, got none"):
        average([])


def test_refuses_mixed_depths() -> None:
    with pytest.raises(InputError, match="one depth, got 4 layers at position 1 and 3 at position 0"):
        average([Genome.lista(3), Genome.lista(4)])


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_refuses_a_threshold_outside_the_unit_interval(threshold: float) -> None:
    with pytest.raises(InputError, match=r"threshold .* must lie in \[0, 1\]"):
        average([Genome.lista(3)]).genome(threshold)
