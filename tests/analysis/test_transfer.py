"""A moved connectivity: its rivals, what is compared, and the spread of the random patterns."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.image import imread
from scipy import stats

from analysis.claims import Answer
from analysis.figure_files import save_figure
from analysis.spread import spread
from analysis.transfer import (
    DENSE,
    LATTER_HALF,
    MODELS,
    ORIGINAL,
    RANDOM,
    TRANSFERRED,
    connectivity,
    latter_half,
    rivals,
    transfer,
)
from analysis.transfer_figure import transfer_figure
from genome import Genome, InputError
from genome.patterns import extra_places, random_pattern

# Rivals


def test_the_rivals_of_the_released_pattern_are_the_studys() -> None:
    genome = Genome.released_searched()
    models = rivals(genome, seed=0)
    assert tuple(models) == MODELS
    assert {name: [each.connections for each in of] for name, of in models.items()} == {
        ORIGINAL: [0],
        RANDOM: [42] * 5,
        LATTER_HALF: [77],
        DENSE: [105],
        TRANSFERRED: [42],
    }
    assert models[TRANSFERRED] == (genome,)
    assert {destination for destination, _ in models[LATTER_HALF][0].extra_connections()} == {*range(10, 17)}
    assert models == rivals(genome, seed=0)
    assert not set(models[RANDOM]) & set(rivals(genome, seed=1)[RANDOM])


@given(st.integers(3, 9), st.integers(0, 1000), st.integers(1, 12), st.data())
def test_random_rivals_differ_from_the_pattern_and_from_each_other(
    layers: int, seed: int, count: int, data: st.DataObject
) -> None:
    size = data.draw(st.integers(0, len(extra_places(layers))))
    genome = random_pattern(layers, size, np.random.default_rng(seed))
    found = rivals(genome, seed, count).get(RANDOM, ())
    others = math.comb(len(extra_places(layers)), size) - 1
    assert len({*found, genome}) == len(found) + 1 == min(count, others) + 1
    assert {each.connections for each in found} <= {size}


def test_random_rivals_are_any_other_pattern_alike() -> None:
    genome = Genome.from_connections(4, [(3, 1)])
    drawn = [rivals(genome, seed, 1)[RANDOM][0].extra_connections() for seed in range(400)]
    counts = [drawn.count(each) for each in (((4, 1),), ((4, 2),))]
    assert sum(counts) == 400
    assert stats.binomtest(counts[0], 400).pvalue > 0.001


def test_few_other_patterns_are_all_taken() -> None:
    genome = Genome.lfista(4)
    every = {Genome.from_connections(4, pair) for pair in combinations(extra_places(4), 2)}
    assert {*rivals(genome, 0)[RANDOM]} == every - {genome}


def test_a_rival_that_is_the_network_itself_is_left_out() -> None:
    assert [*rivals(Genome.lista(5), 0)] == [LATTER_HALF, DENSE, TRANSFERRED]
    assert [*rivals(Genome.dense(5), 0)] == [ORIGINAL, LATTER_HALF, TRANSFERRED]
    assert [*rivals(Genome.dense(3), 0)] == [ORIGINAL, TRANSFERRED]


def test_rivals_differ_in_connections_alone() -> None:
    genome = Genome.from_connections(
        4, [(4, 1)], neurons=("relu", "soft", "soft", "support"), side=(True, False, True, True)
    )
    for of in rivals(genome, 3).values():
        assert {(each.neurons, each.side) for each in of} == {(genome.neurons, genome.side)}
    assert connectivity(genome) == Genome.from_connections(4, [(4, 1)])


@pytest.mark.parametrize(("layers", "first", "connections"), [(3, 3, 1), (4, 4, 2), (6, 5, 7), (16, 10, 77)])
def test_the_latter_half(layers: int, first: int, connections: int) -> None:
    assert latter_half(layers) == first
    models = rivals(Genome.from_connections(layers, []), 0)
    assert models[LATTER_HALF][0].connections == connections


def test_what_has_no_pattern_is_refused() -> None:
    with pytest.raises(InputError, match="network of at least 3 layers, got 2"):
        rivals(Genome.lista(2), 0)
    with pytest.raises(InputError, match=r"number of random patterns must be .* from 1 to 1000, got 0"):
        rivals(Genome.lfista(5), 0, random=0)


# Spread


def test_the_spread_is_that_of_the_analysis_of_variance() -> None:
    """A layout worked by hand: rows 1, 3 and columns of steps 0, 1, 5, and no rest."""
    seen = spread([{0: 1.0, 1: 2.0, 2: 6.0}, {0: 3.0, 1: 4.0, 2: 8.0}])
    assert seen is not None
    assert (seen.networks, seen.rest) == pytest.approx((math.sqrt(2.0), 0.0))
    assert seen.seeds == pytest.approx(np.std([0.0, 1.0, 5.0], ddof=1))


def test_the_spread_finds_what_scores_were_drawn_with() -> None:
    rng = np.random.default_rng(0)
    networks, seeds, rest = 0.5, 2.0, 0.2
    scores = (
        rng.normal(-30, networks, (400, 1)) + rng.normal(0, seeds, (1, 400)) + rng.normal(0, rest, (400, 400))
    )
    seen = spread([dict(enumerate(row)) for row in scores.tolist()])
    assert seen is not None
    assert (seen.networks, seen.seeds, seen.rest) == pytest.approx((networks, seeds, rest), rel=0.1)


def test_no_more_spread_than_the_luck_of_training_is_none() -> None:
    # Both means are 0: a variance of the rest alone, whose share of the means is subtracted.
    seen = spread([{0: 1.0, 1: -1.0}, {0: -1.0, 1: 1.0}])
    assert seen is not None
    assert seen.to_dict() == {"networks": 0.0, "seeds": 0.0, "rest": 2.0}


def test_what_diverged_has_no_spread() -> None:
    assert spread([{0: 1.0, 1: math.inf}, {0: 0.0, 1: 0.0}]) is None


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ([], "at least 2 networks and 2 seeds, got 0 and 0"),
        ([{0: 1.0, 1: 1.0}], "at least 2 networks and 2 seeds, got 1 and 2"),
        ([{0: 1.0}, {0: 1.0}], "at least 2 networks and 2 seeds, got 2 and 1"),
        ([{0: 1.0, 1: 1.0}, {0: 1.0, 2: 1.0}], "the same seeds for all networks"),
    ],
)
def test_too_little_for_a_spread_is_refused(networks: list[dict[int, float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        spread(networks)


# Comparison


def scores(shift: float, seeds: int = 6) -> dict[str, list[dict[int, float]]]:
    """Of all models; the transferred one is lower than the random mean by about -shift."""
    rng = np.random.default_rng(4)
    luck = rng.normal(-30.0, 2.0, seeds)

    def network(level: float) -> dict[int, float]:
        return dict(enumerate((luck + level + rng.normal(0.0, 0.02, seeds)).tolist()))

    return {
        ORIGINAL: [network(1.0)],
        RANDOM: [network(level) for level in (-0.2, 0.0, 0.2)],
        DENSE: [network(-0.5)],
        TRANSFERRED: [network(shift)],
    }


@pytest.mark.parametrize(
    ("shift", "answers"),
    [
        (-0.6, ["true", "true", "true"]),
        (0.0, ["true", "not shown", "false"]),
        (2.0, ["false", "false", "false"]),
    ],
)
def test_claims_are_judged_seed_by_seed(shift: float, answers: list[Answer]) -> None:
    found = transfer(scores(shift))
    assert [verdict.answer for verdict in found.verdicts] == answers
    assert [str(verdict.claim) for verdict in found.verdicts] == [
        "transferred is better than original",
        "transferred is better than random",
        "transferred is not worse than dense by more than 0.3 dB",
    ]


def test_random_is_the_mean_of_its_patterns_seed_by_seed() -> None:
    given_scores = scores(-0.6)
    found = transfer(given_scores)
    mean = np.mean([list(row.values()) for row in given_scores[RANDOM]], axis=0)
    own = np.array(list(given_scores[TRANSFERRED][0].values()))
    test = next(test for test in found.to_dict()["differences"] if test["reference"] == RANDOM)
    expected = stats.ttest_rel(own, mean)
    assert test["mean"] == pytest.approx(np.mean(own - mean))
    assert test["p"] == pytest.approx(expected.pvalue)
    low, high = expected.confidence_interval(0.95)
    assert [test["low"], test["high"]] == pytest.approx([low, high])
    for interval, row in zip(found.to_dict()["patterns"][RANDOM], given_scores[RANDOM], strict=True):
        assert interval["mean"] == pytest.approx(np.mean(list(row.values())))
    assert found.models[RANDOM].to_dict()["mean"] == pytest.approx(mean.mean())
    # Levels -0.2, 0 and 0.2 beside seeds of 2 dB and a rest of 0.02 dB.
    seen = found.spreads[RANDOM]
    assert seen is not None
    assert seen.networks == pytest.approx(0.2, abs=0.03)
    assert seen.rest == pytest.approx(0.02, rel=0.5)
    assert seen.seeds > 0.5


@pytest.mark.parametrize(("shift", "beaten", "p"), [(-0.6, 3, 0.25), (-0.1, 2, 0.5), (2.0, 0, 1.0)])
def test_the_standing_among_random_patterns_is_a_rank(shift: float, beaten: int, p: float) -> None:
    # Levels of the random patterns: -0.2, 0 and 0.2.
    assert transfer(scores(shift)).to_dict()["standing"] == {"patterns": 3, "beaten": beaten, "p": p}


def test_a_pattern_like_the_random_ones_stands_high_as_seldom_as_its_rank_says() -> None:
    rng, high = np.random.default_rng(5), 0
    for _ in range(600):
        levels = rng.normal(size=(5, 2)).tolist()
        networks = [dict(enumerate(row)) for row in levels]
        found = transfer({RANDOM: networks[:4], TRANSFERRED: networks[4:]}).standing
        assert found is not None
        high += found.p <= 0.2
    assert stats.binomtest(high, 600, 0.2).pvalue > 0.001


def test_what_diverged_stands_below_everything_or_nowhere() -> None:
    given_scores = scores(0.1)
    given_scores[RANDOM][0][3] = math.inf
    given_scores[RANDOM][1][3] = math.nan
    found = transfer(given_scores).standing
    assert found is not None
    assert (found.patterns, found.beaten) == (3, 3)
    given_scores[TRANSFERRED][0][0] = math.inf
    assert transfer(given_scores).standing is None


def test_the_correction_is_for_all_rivals_together() -> None:
    tests = transfer(scores(0.0)).to_dict()["differences"]
    p_values = [test["p"] for test in tests]
    ranks = np.argsort(p_values)
    raised = np.maximum.accumulate(np.minimum(1.0, np.sort(p_values) * (3, 2, 1)))
    assert [tests[place]["p_holm"] for place in ranks] == pytest.approx(raised.tolist())


def test_a_pattern_that_diverged_takes_the_random_model_with_it() -> None:
    given_scores = scores(-0.6)
    given_scores[RANDOM][1][3] = math.inf
    found = transfer(given_scores)
    assert [verdict.answer for verdict in found.verdicts] == ["true", "diverged", "true"]
    content = found.to_dict()
    assert content["spreads"] == {RANDOM: None}
    assert [row["mean"] is None for row in content["patterns"][RANDOM]] == [False, True, False]
    assert content["models"][RANDOM]["diverged"] == {RANDOM: [3]}


def test_seeds_must_be_the_same_for_all() -> None:
    given_scores = scores(-0.6)
    del given_scores[RANDOM][2][3]
    with pytest.raises(InputError, match="same seeds for all networks"):
        transfer(given_scores)
    with pytest.raises(InputError, match="seed 3 for the"):
        transfer({TRANSFERRED: scores(0.0)[DENSE], ORIGINAL: [{0: 1.0, 1: 1.0, 2: 1.0}]})
    with pytest.raises(InputError, match="Unknown model 'transferred'"):
        transfer({ORIGINAL: [{0: 1.0, 1: 2.0}]} | {DENSE: [{0: 1.0, 1: 2.0}]})


# Figure


def content(*, diverged: bool = False, cells: tuple[str, ...] = ("dladmm",), sign: int = 1) -> dict[str, Any]:
    given_scores = scores(-0.6)
    if diverged:
        given_scores[DENSE][0][2] = math.inf
    found = transfer(given_scores).to_dict()
    return {
        "settings": {"metric": {"name": "NMSE" if sign > 0 else "PSNR", "sign": sign}},
        "models": {name: [{"connections": 3}] for name in given_scores},
        "destinations": [{"cell": cell, **found} for cell in cells],
    }


def dots(axes: Axes) -> list[tuple[float, float]]:
    """The filled and hollow dots of a panel, from left to right."""
    found = [line.get_xydata() for line in axes.lines if line.get_marker() in ("o", "D")]
    return sorted((float(x), float(y)) for ((x, y),) in map(np.asarray, found))


def test_the_picture_shows_every_mean_and_every_difference() -> None:
    shown = content()
    (found,) = shown["destinations"]
    left, right = transfer_figure(shown).axes
    models = [(found["models"][name]["mean"], place) for place, name in enumerate(shown["models"])]
    patterns = [(row["mean"], pytest.approx(1.29)) for row in found["patterns"][RANDOM]]
    assert dots(left) == sorted([*models, *patterns], key=lambda dot: dot[0])
    assert dots(right) == sorted((row["mean"], place) for place, row in enumerate(found["differences"]))
    assert [label.get_text() for label in left.get_yticklabels()][1] == "random (3 extra)"
    assert left.get_ylim()[0] > left.get_ylim()[1], "the first model is on top"


def test_what_diverged_is_told_in_words() -> None:
    for axes in transfer_figure(content(diverged=True)).axes:
        assert [text.get_text() for text in axes.texts] == ["diverged"]


def test_a_metric_that_grows_is_shown_as_it_is() -> None:
    lower, higher = (transfer_figure(content(sign=sign)).axes for sign in (1, -1))
    for first, second in zip(lower, higher, strict=True):
        assert sorted(-x for x, _ in dots(second)) == [x for x, _ in dots(first)]
    assert [axes.get_xlabel() for axes in higher] == [
        "test PSNR (dB), higher is better",
        "transferred minus it (dB), positive is better",
    ]


def test_the_same_content_gives_the_same_files_with_a_row_for_each_cell(tmp_path: Path) -> None:
    for name in "ab":
        save_figure(transfer_figure(content(cells=("dladmm", "$alista"))), tmp_path / name)
    for suffix in (".png", ".pdf"):
        assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    save_figure(transfer_figure(content()), tmp_path / "c")
    height, width = imread(tmp_path / "a.png").shape[:2]
    assert imread(tmp_path / "c.png").shape[:2] < (height, width)
