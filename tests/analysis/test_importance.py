"""Effects of connections: against SciPy's tests, against known truths, and on networks that were trained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, linregress, spearmanr, ttest_ind

from analysis.dependence import Dependence, dependence
from analysis.dependence_figure import Scored, draw_dependence
from analysis.importance import Effect, effects_alone, effects_beside_others
from analysis.importance_figure import draw_importance
from analysis.shown import Shown
from genome import DesignSpace, Genome, InputError
from genome.patterns import extra_places


def drawn(count: int, layers: int = 5, seed: int = 0, **space: tuple[str, ...]) -> list[Genome]:
    rng = np.random.default_rng(seed)
    sampler = DesignSpace(layers, **{"neurons": ("soft",), **space})  # type: ignore[arg-type]
    return [sampler.sample(rng) for _ in range(count)]


def gate(genomes: list[Genome], connection: tuple[int, int]) -> NDArray[np.bool_]:
    destination, source = connection
    return np.array([genome.gates[destination - 1][source - 1] for genome in genomes])


def test_effects_alone_are_welchs_t_tests() -> None:
    genomes = drawn(40)
    scores = np.random.default_rng(1).normal(size=40) - 3.0 * gate(genomes, (5, 2))
    found = effects_alone(genomes, scores)
    assert [each.connection for each in found] == list(extra_places(5))
    for each in found:
        having = gate(genomes, each.connection)
        test = ttest_ind(scores[having], scores[~having], equal_var=False)
        interval = test.confidence_interval(0.95)
        assert (each.on, each.off) == (having.sum(), 40 - having.sum())
        assert each.mean == pytest.approx(scores[having].mean() - scores[~having].mean())
        assert (each.low, each.high) == pytest.approx((interval.low, interval.high))
        assert each.p == pytest.approx(test.pvalue)
    (strongest,) = (each for each in found if each.p_holm < 0.05)
    assert strongest.connection == (5, 2)
    assert strongest.low < -3.0 < strongest.high


def test_p_values_are_corrected_for_all_connections() -> None:
    genomes = drawn(60, layers=6)
    for effects in (effects_alone, effects_beside_others):
        found = effects(genomes, np.random.default_rng(2).normal(size=60))
        smallest = min(found, key=lambda each: each.p)
        assert smallest.p_holm == pytest.approx(min(1.0, 10 * smallest.p))
        # Benjamini and Hochberg's correction is never stricter than Holm's.
        weaker = false_discovery_control([each.p for each in found])
        assert all(each.p_holm >= p - 1e-12 for each, p in zip(found, weaker, strict=True))


def test_what_comes_together_is_told_apart_only_beside_the_others() -> None:
    """4<1 does nothing, but comes mostly with 5<3, which makes all the difference."""
    rng = np.random.default_rng(3)
    cause = rng.random(300) < 0.5
    follower = np.where(rng.random(300) < 0.9, cause, ~cause)
    genomes = [
        Genome.from_connections(5, [(5, 3)] * bool(a) + [(4, 1)] * bool(b))
        for a, b in zip(cause, follower, strict=True)
    ]
    scores = -2.0 * cause + 0.1 * rng.normal(size=300)
    alone, beside = (
        {each.connection: each for each in effects(genomes, scores)}
        for effects in (effects_alone, effects_beside_others)
    )
    assert alone.keys() == beside.keys() == {(4, 1), (5, 3)}
    assert alone[4, 1].high < -1.0
    assert abs(beside[4, 1].mean) < 0.1
    assert beside[5, 3].low < -2.0 < beside[5, 3].high


def test_an_effect_beside_nothing_is_the_slope_of_a_line() -> None:
    genomes = [Genome.from_connections(3, [(3, 1)] * (member % 3 == 0)) for member in range(21)]
    scores = np.random.default_rng(4).normal(size=21)
    (found,) = effects_beside_others(genomes, scores)
    line = linregress(gate(genomes, (3, 1)).astype(float), scores)
    assert (found.mean, found.p) == pytest.approx((line.slope, line.pvalue))


def test_intervals_cover_the_truth_as_often_as_they_say() -> None:
    truth = np.linspace(-1.0, 1.0, 6)
    covered = []
    for seed in range(150):
        genomes = drawn(30, seed=seed, neurons=("soft", "relu"))
        gates = np.array([gate(genomes, place) for place in extra_places(5)])
        relu = np.array([genome.neurons.count("relu") for genome in genomes])
        scores = truth @ gates + 0.7 * relu + np.random.default_rng(seed).normal(size=30)
        found = effects_beside_others(genomes, scores)
        covered += [each.low < value < each.high for each, value in zip(found, truth, strict=True)]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


def test_a_term_that_is_not_determined_is_left_out() -> None:
    """3<1 and 4<1 only come together; 5<1 is free."""
    patterns = [[], [(3, 1), (4, 1)], [(5, 1)], [(3, 1), (4, 1), (5, 1)]]
    genomes = [Genome.from_connections(5, pairs) for pairs in patterns] * 3
    scores = np.random.default_rng(5).normal(size=12)
    assert [each.connection for each in effects_beside_others(genomes, scores)] == [(5, 1)]
    assert [each.connection for each in effects_alone(genomes, scores)] == [(3, 1), (4, 1), (5, 1)]


def test_what_cannot_be_measured_is_left_out() -> None:
    once = [Genome.dense(4), *[Genome.lista(4)] * 5]
    assert effects_alone(once, [-1.0, -2.0, -3.0, -4.0, -5.0, -6.0]) == []
    genomes = drawn(12, layers=4)
    assert effects_alone(genomes, [-1.0] * 12) == effects_beside_others(genomes, [-1.0] * 12) == []
    assert effects_alone([Genome.lista(2)] * 3, [1.0, 2.0, 3.0]) == []
    assert effects_beside_others([Genome.lista(2)] * 3, [1.0, 2.0, 3.0]) == []


@pytest.mark.parametrize("analyze", [effects_alone, effects_beside_others, dependence])
def test_scores_that_are_none_are_refused(analyze: object) -> None:
    assert callable(analyze)
    genomes = drawn(8)
    with pytest.raises(InputError, match="needs one for each genome, got 7 for 8 genomes"):
        analyze(genomes, [-1.0] * 7)
    with pytest.raises(InputError, match="needs one for each genome, got 0 for 0 genomes"):
        analyze([], [])
    with pytest.raises(InputError, match="Scores to be analyzed must be finite, got inf"):
        analyze(genomes, [-1.0] * 7 + [float("inf")])
    with pytest.raises(InputError, match="must have one depth, got 5 and 6"):
        analyze([*genomes, Genome.lista(6)], [-1.0] * 9)


def test_effects_beside_others_need_more_networks_than_terms() -> None:
    genomes = drawn(7)
    with pytest.raises(InputError, match="more networks than the 7 choices that vary among them, got 7"):
        effects_beside_others(genomes, np.arange(7.0))
    assert effects_beside_others(drawn(8), np.random.default_rng(0).normal(size=8))


def test_dependence_averages_by_number_of_connections() -> None:
    genomes = drawn(90, layers=6)
    counts = np.array([genome.connections for genome in genomes])
    scores = 0.1 * (counts - 6.0) ** 2 + 0.01 * np.random.default_rng(6).normal(size=90)
    found = dependence(genomes, scores, bins=4)
    assert sum(each.networks for each in found.bins) == 90
    for before, after in zip(found.bins, found.bins[1:], strict=False):
        assert before.fewest <= before.most < after.fewest
    for each in found.bins:
        own = scores[(counts >= each.fewest) & (counts <= each.most)]
        assert each.networks == len(own) >= 2
        assert each.score.mean == pytest.approx(own.mean())
        assert each.score.low < each.score.mean < each.score.high
    reference = spearmanr(counts, scores)
    assert (found.trend.spearman, found.trend.p) == pytest.approx((reference.statistic, reference.pvalue))
    assert found.trend.quadratic == pytest.approx((3.6, -1.2, 0.1), abs=0.03)
    values = found.trend.at([6.0, 8.0])
    assert values is not None
    assert values.tolist() == pytest.approx([0.0, 0.4], abs=0.03)


def test_dependence_needs_numbers_and_scores_that_differ() -> None:
    some = [Genome.lista(4), Genome.lfista(4), Genome.dense(4)]
    found = dependence(some, [-1.0, -2.0, -3.0])
    assert found.trend.spearman == pytest.approx(-1.0)
    assert (found.trend.quadratic, found.trend.at([1.0])) == (None, None)
    for genomes, scores in (
        (some[:2], [-1.0, -2.0]),
        ([Genome.lista(4)] * 3, [-1.0, -2.0, -3.0]),
        (some, [-1.0] * 3),
    ):
        with pytest.raises(InputError, match="needs three networks that differ in it and in their scores"):
            dependence(genomes, scores)


@pytest.mark.parametrize("shown", [Shown(), Shown("PSNR", -1)])
def test_pictures_are_written_as_png_and_pdf(tmp_path: Path, shown: Shown) -> None:
    genomes = drawn(30)
    scores = np.random.default_rng(7).normal(size=30)
    counts = np.array([genome.connections for genome in genomes])
    draw_importance(tmp_path / "map", effects_alone(genomes, scores), 5, title="a map", shown=shown)
    draw_importance(tmp_path / "none", [], 1, title="nothing", shown=shown)
    series = {"random": Scored(counts, scores, dependence(genomes, scores))}
    draw_dependence(tmp_path / "number", series, title="a number", shown=shown)
    for name in ("map", "none", "number"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="at least one set of networks, got none"):
        draw_dependence(tmp_path / "empty", {}, title="", shown=shown)


def test_what_is_better_is_blue_whatever_the_sign_of_the_metric(tmp_path: Path) -> None:
    helps = Effect(3, 1, on=5, off=5, mean=-1.0, low=-1.5, high=-0.5, p=0.01, p_holm=0.01)
    harms = replace(helps, mean=1.0, low=0.5, high=1.5)
    excess = []
    for each in (helps, harms):
        for shown in (Shown(), Shown("PSNR", -1)):
            draw_importance(tmp_path / "map", [each], 3, title="a map", shown=shown)
            red, _, blue, _ = np.moveaxis(imread(tmp_path / "map.png"), -1, 0)
            excess.append(int(np.sum(blue > red + 0.3)) - int(np.sum(red > blue + 0.3)))
    # The colour bar and the legend have as much of one as of the other; the cell has one alone.
    assert min(excess[:2]) > 1000
    assert max(excess[2:]) < -1000


def test_a_dependence_is_json_data() -> None:
    genomes = drawn(20)
    found = dependence(genomes, np.random.default_rng(8).normal(size=20))
    assert isinstance(found, Dependence)
    data = found.to_dict()
    assert data["trend"] == found.trend.to_dict()
    assert set(found.bins[0].to_dict()) == {"fewest", "most", "networks", "mean", "low", "high"}
