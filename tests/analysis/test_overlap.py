"""Overlap of averages: one for the same, zero for opposites."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.average import average
from analysis.overlap import overlap, soft_share, top_average
from genome import DesignSpace, Genome, InputError


def test_an_average_overlaps_itself_wholly_and_its_opposite_not_at_all() -> None:
    a = Genome.from_connections(5, [(3, 1), (5, 2)])
    b = Genome.from_connections(5, [(4, 1), (4, 2), (5, 1), (5, 3)])
    assert overlap(average([a]), average([a])).to_dict() == {"jaccard": 1.0, "difference": 0.0}
    assert overlap(average([a]), average([b])).to_dict() == {"jaccard": 0.0, "difference": 1.0}
    both = overlap(average([a]), average([Genome.dense(5)]))
    assert both.to_dict() == pytest.approx({"jaccard": 2 / 6, "difference": 4 / 6})


def test_overlap_is_symmetric_and_counts_extra_connections_alone() -> None:
    rng, space = np.random.default_rng(0), DesignSpace(6)
    a, b = (average(space.sample(rng) for _ in range(9)) for _ in range(2))
    assert overlap(a, b) == overlap(b, a)
    expected = np.abs(a.share - b.share).sum() / 10
    assert overlap(a, b).difference == pytest.approx(expected)
    lista = average([Genome.lista(6)])
    assert overlap(lista, lista).jaccard == 1.0
    assert overlap(average([Genome.lista(2)]), average([Genome.lista(2)])).difference == 0.0


def test_averages_of_different_depth_are_refused() -> None:
    with pytest.raises(InputError, match="must have one depth, got 4 and 5"):
        overlap(average([Genome.lista(4)]), average([Genome.lista(5)]))


def test_the_top_is_by_score_and_leaves_out_what_diverged() -> None:
    genomes = [Genome.lista(4), Genome.lfista(4), Genome.dense(4)]
    assert top_average(genomes, [-1.0, -3.0, float("inf")], 1) == average([Genome.lfista(4)])
    assert top_average(genomes, [-1.0, -3.0, float("inf")], 2) == average(genomes[:2])
    with pytest.raises(InputError, match="top 3 needs as many networks, got 2"):
        top_average(genomes, [-1.0, -3.0, float("inf")], 3)


def test_the_share_of_soft_thresholds_counts_every_layer() -> None:
    soft, relu = Genome.lista(4), Genome.from_connections(4, [], neurons=("relu",) * 3 + ("soft",))
    assert soft_share(average([soft, soft])) == 1.0
    assert soft_share(average([soft, relu])) == pytest.approx(5 / 8)
