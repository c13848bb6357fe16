"""Stability of an average: differences by hand, and the bootstrap against binomial probabilities."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from analysis.average import average
from analysis.stability import bootstrap, difference
from genome import DesignSpace, Genome, InputError
from genome.patterns import extra_places


def with_shares(shares: dict[tuple[int, int], int], count: int, layers: int = 4) -> list[Genome]:
    """So many genomes, of which the given numbers have each connection."""
    return [
        Genome.from_connections(layers, [place for place, number in shares.items() if member < number])
        for member in range(count)
    ]


def test_a_difference_has_signs_a_mean_and_a_largest_place() -> None:
    first = average(with_shares({(3, 1): 4, (4, 1): 1}, 4))
    second = average(with_shares({(3, 1): 2, (4, 1): 3, (4, 2): 1}, 4))
    found = difference(first, second)
    expected = np.zeros((4, 3))
    expected[2, 0], expected[3, 0], expected[3, 1] = 0.5, -0.5, -0.25
    assert np.array_equal(found.values, expected)
    assert found.mean == pytest.approx(1.25 / 3)
    assert found.largest == (3, 1)
    assert found.at((4, 1)) == -0.5
    # 4<1 falls from 3/4 to 1/4; 3<1 is on in both, since half is enough.
    assert found.crossing == ((4, 1),)
    assert difference(first, second, threshold=0.6).crossing == ((3, 1), (4, 1))
    assert difference(first, second, threshold=0.0).crossing == ()


def test_an_average_does_not_differ_from_itself_and_differences_are_antisymmetric() -> None:
    rng, space = np.random.default_rng(0), DesignSpace(7)
    a, b = (average(space.sample(rng) for _ in range(11)) for _ in range(2))
    same = difference(a, a)
    assert (same.mean, same.largest, same.crossing) == (0.0, None, ())
    forth, back = difference(a, b), difference(b, a)
    assert np.array_equal(forth.values, -back.values)
    assert (forth.mean, forth.largest, forth.crossing) == (back.mean, back.largest, back.crossing)
    two = average([Genome.lista(2)])
    assert (difference(two, two).mean, difference(two, two).largest) == (0.0, None)


def test_a_connection_is_on_in_as_many_resamples_as_the_binomial_says() -> None:
    numbers = {(3, 1): 12, (4, 1): 8, (4, 2): 19}
    found = bootstrap(with_shares(numbers, 20), 4000, seed=1)
    for (destination, source), number in numbers.items():
        drawn = binom(20, number / 20)
        place = destination - 1, source - 1
        assert found.on[place] == pytest.approx(1 - drawn.cdf(9), abs=0.03)
        assert found.low[place] == pytest.approx(drawn.ppf(0.025) / 20, abs=0.051)
        assert found.high[place] == pytest.approx(drawn.ppf(0.975) / 20, abs=0.051)
    assert [found.state(place) for place in numbers] == ["open", "open", "on"]


def test_what_all_agree_on_is_settled_whatever_is_drawn() -> None:
    genome = Genome.from_connections(5, [(3, 1), (5, 2)], neurons=("relu", "soft", "soft", "soft", "relu"))
    found = bootstrap([genome] * 6, 50)
    assert found.frequent == ((genome, 1.0),)
    assert found.distinct == 1
    assert found.connections("on") == ((3, 1), (5, 2))
    assert found.connections("off") == ((4, 1), (4, 2), (5, 1), (5, 3))
    assert found.connections("open") == ()
    assert np.array_equal(found.low, genome.heatmap())
    assert np.array_equal(found.high, genome.heatmap())


def test_frequencies_of_averages_are_those_of_two_coins() -> None:
    """A pair drawn of two genomes is one of them twice in a quarter each; else half is enough for all."""
    a, b = Genome.from_connections(4, [(3, 1)]), Genome.from_connections(4, [(4, 2)])
    found = bootstrap([a, b], 4000, seed=2)
    shares = dict(found.frequent)
    both = Genome.from_connections(4, [(3, 1), (4, 2)])
    assert shares.keys() == {a, b, both}
    assert [shares[each] for each in (both, a, b)] == pytest.approx([0.5, 0.25, 0.25], abs=0.03)
    assert found.frequent[0][0] == both
    assert sum(shares.values()) == pytest.approx(1.0)
    assert len(bootstrap([a, b], 100, shown=1).frequent) == 1


def test_every_connection_has_one_state_and_the_seed_decides() -> None:
    rng, space = np.random.default_rng(3), DesignSpace(6)
    genomes = [space.sample(rng) for _ in range(9)]
    first, again, other = (bootstrap(genomes, 200, seed=seed) for seed in (0, 0, 1))
    states = [place for state in ("on", "off", "open") for place in first.connections(state)]
    assert sorted(states) == list(extra_places(6))
    assert np.array_equal(first.on, again.on)
    assert first.frequent == again.frequent
    assert not np.array_equal(first.on, other.on)
    share = average(genomes).share
    assert (first.low <= share).all()
    assert (share <= first.high).all()


def test_a_threshold_of_one_needs_every_genome() -> None:
    genomes = with_shares({(3, 1): 9, (4, 1): 10}, 10)
    found = bootstrap(genomes, 2000, threshold=1.0)
    assert found.on[3, 0] == 1.0
    assert found.on[2, 0] == pytest.approx(0.9**10, abs=0.035)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"resamples": 0}, "number of resamples must be an integer from 1 to 100000, got 0"),
        ({"resamples": 10**9}, "number of resamples must be an integer from 1 to 100000, got 1000000000"),
        ({"seed": -1}, "seed of a bootstrap must be an integer from 0 to .*, got -1"),
        ({"threshold": 1.5}, r"threshold of an average must lie in \[0, 1\], got 1.5"),
        ({"threshold": float("nan")}, r"threshold of an average must lie in \[0, 1\], got nan"),
    ],
)
def test_what_a_bootstrap_refuses(options: dict[str, float], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        bootstrap([Genome.lista(4)], **options)  # type: ignore[arg-type]


def test_averages_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="needs at least one genome, got none"):
        bootstrap([])
    with pytest.raises(InputError, match="must have one depth, got 4 and 5"):
        difference(average([Genome.lista(4)]), average([Genome.lista(5)]))
    with pytest.raises(InputError, match=r"must lie in \[0, 1\], got -0.1"):
        difference(average([Genome.lista(4)]), average([Genome.lista(4)]), threshold=-0.1)


def test_the_released_network_is_what_the_study_reports(shared: Path) -> None:
    reported = json.loads((shared / "paper/reported.json").read_text("utf-8"))
    text = reported["released_architectures"]["searched"]
    found = bootstrap([Genome.from_arch_string(text)] * 50, 20)
    assert len(found.connections("on")) == reported["extra_connections"]["searched"]
    assert len(found.connections("off")) == 105 - reported["extra_connections"]["searched"]
