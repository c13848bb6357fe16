"""What of a landscape is additive, and what is noise."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.landscape import additive_share, seed_ratio
from genome import DesignSpace, InputError

SPACE = DesignSpace(5, neurons=("soft", "relu", "leaky_relu"), search_side=True)


def test_an_additive_landscape_is_explained_whole_and_an_interaction_is_not() -> None:
    rng = np.random.default_rng(0)
    genomes = [SPACE.sample(rng) for _ in range(400)]
    additive = np.array([g.connections + 2.0 * g.neurons.count("relu") - 3.0 * g.side[2] for g in genomes])
    assert additive_share(SPACE, genomes, additive) == pytest.approx(1.0)
    parity = np.array([sum(map(sum, g.gates)) % 2 for g in genomes], dtype=float)
    assert additive_share(SPACE, genomes, parity) < 0.15
    half = additive / additive.std() + parity / parity.std()
    assert additive_share(SPACE, genomes, half) == pytest.approx(0.5, abs=0.1)


def test_too_few_genomes_or_equal_scores_are_refused() -> None:
    rng = np.random.default_rng(0)
    genomes = [SPACE.sample(rng) for _ in range(21)]
    with pytest.raises(InputError, match="more genomes than its 21 terms"):
        additive_share(SPACE, genomes, np.arange(21.0))
    with pytest.raises(InputError, match="scores that differ, got 60 genomes"):
        additive_share(SPACE, (genomes * 3)[:60], np.zeros(60))


def test_the_seed_ratio_is_a_ratio_of_variances() -> None:
    rng = np.random.default_rng(1)
    genomes, seeds = 3.0 * rng.standard_normal((5000, 1)), rng.standard_normal((5000, 3))
    assert seed_ratio(genomes + seeds) == pytest.approx(10.0, rel=0.1)
    shifted = seeds + np.array([0.0, 0.0, 3.0])  # What a seed does to all genomes counts too.
    assert seed_ratio(genomes + shifted) == pytest.approx(2.5, rel=0.1)
