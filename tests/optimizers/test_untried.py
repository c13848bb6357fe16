"""Uniform draws without replacement, at a cost that stays bounded."""

from collections import Counter

import numpy as np
import pytest
from scipy import stats

from genome.genome import Genome
from genome.space import DesignSpace
from optimizers.random_search import RandomSearch
from optimizers.testing import TINY, run
from optimizers.untried import Untried

SMALL = DesignSpace(layers=2)
"""9 genomes."""


def test_counts_and_membership() -> None:
    untried = Untried(TINY)
    genome = Genome.lista(3)
    assert genome in untried
    untried.take([genome])
    assert genome not in untried
    assert Genome.lista(4) not in untried
    assert (untried.taken, untried.left) == (1, TINY.size - 1)


def test_counts_of_a_space_too_large_for_len() -> None:
    space = DesignSpace(layers=16)
    untried = Untried(space)
    untried.take([Genome.lista(16)])
    assert untried.left == 2**105 * 3**16 - 1


@pytest.mark.parametrize("taken", [0, 3, 4, 5, 6])
def test_a_draw_is_uniform_over_what_is_left(taken: int) -> None:
    """Both ways of drawing: up to half of the space taken, and beyond."""
    *genomes, excluded = SMALL.enumerate()
    rng = np.random.default_rng(0)
    drawn = Counter[Genome]()
    for _ in range(100 * len(genomes[taken:])):
        untried = Untried(SMALL)
        untried.take(genomes[:taken])
        drawn[untried.draw(rng, besides=[excluded])] += 1
    assert set(drawn) == set(genomes[taken:])
    assert stats.chisquare([drawn[genome] for genome in genomes[taken:]]).pvalue > 1e-3


def test_every_order_of_exhaustion_is_equally_likely() -> None:
    space = DesignSpace(layers=1)
    orders = Counter(tuple(RandomSearch(space, seed).ask(3)) for seed in range(1200))
    assert len(orders) == 6
    assert stats.chisquare(list(orders.values())).pvalue > 1e-3


def test_draws_that_are_not_taken_stay_available() -> None:
    untried = Untried(SMALL)
    genomes = list(SMALL.enumerate())
    untried.take(genomes[:6])
    rng = np.random.default_rng(0)
    for _ in range(20):
        untried.draw(rng)
    assert {untried.draw(rng) for _ in range(60)} == set(genomes[6:])


def test_nothing_left_is_an_error_and_no_endless_loop() -> None:
    untried = Untried(SMALL)
    untried.take(SMALL.enumerate())
    with pytest.raises(IndexError, match="All 9 genomes of the space are taken"):
        untried.draw(np.random.default_rng(0))


def test_exhausting_a_space_samples_and_enumerates_it_a_bounded_number_of_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rejection alone would need size * (ln(size) + 0.58), here 7 * size, samples."""
    space = DesignSpace(layers=4)
    calls = Counter[str]()
    sample, enumerate_all = DesignSpace.sample, DesignSpace.enumerate

    def counted_sample(self: DesignSpace, rng: np.random.Generator) -> Genome:
        calls["sample"] += 1
        return sample(self, rng)

    def counted_enumerate(self: DesignSpace) -> object:
        calls["enumerate"] += 1
        return enumerate_all(self)

    monkeypatch.setattr(DesignSpace, "sample", counted_sample)
    monkeypatch.setattr(DesignSpace, "enumerate", counted_enumerate)
    batches = run(RandomSearch(space, 0), [1] * space.size)
    assert len({genome for batch in batches for genome in batch}) == space.size == 648
    assert calls["sample"] < space.size
    assert calls["enumerate"] == 1
