"""Random search is a control: it learns nothing and favours nothing."""

import numpy as np
from scipy import stats

from genome.space import DesignSpace
from optimizers.random_search import RandomSearch
from optimizers.testing import TINY, evaluate

SPACE = DesignSpace(layers=6)


def test_what_it_is_told_changes_nothing() -> None:
    good, bad = RandomSearch(SPACE, 0), RandomSearch(SPACE, 0)
    for _ in range(5):
        batch = good.ask(9)
        assert bad.ask(9) == batch
        good.tell(evaluate(batch))
        bad.tell(evaluate(batch, diverged=lambda _: True))


def test_batches_cut_one_and_the_same_sequence() -> None:
    whole = RandomSearch(SPACE, 3).ask(30)
    cut = RandomSearch(SPACE, 3)
    sequence = []
    for size in (1, 7, 2, 20):
        sequence += cut.ask(size)
        cut.tell(evaluate(sequence[-size:]))
    assert sequence == whole


def test_every_choice_is_uniform() -> None:
    genomes = RandomSearch(SPACE, 0).ask(3000)
    encoded = [SPACE.encode(genome) for genome in genomes]
    for name, options in SPACE.choices.items():
        counts = [sum(choice[name] == option for choice in encoded) for option in options]
        assert stats.chisquare(counts).pvalue > 1e-4, name


def test_the_order_of_a_whole_space_is_uniform() -> None:
    """Where a genome comes in the exhausting sequence is uniform, across both ways of drawing."""
    genome = next(iter(TINY.enumerate()))
    places = [RandomSearch(TINY, seed).ask(TINY.size).index(genome) for seed in range(300)]
    thirds = np.bincount(np.array(places) * 3 // TINY.size, minlength=3)
    assert stats.chisquare(thirds).pvalue > 1e-3
