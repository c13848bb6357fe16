"""Regret: curves that never rise, ratios to random search, and tests that hold their level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.regret import best_so_far, negative_hypervolume, regrets
from analysis.regret_figure import draw_regret
from genome import InputError


def test_best_so_far_never_rises_and_waits_for_the_first_finite() -> None:
    assert best_so_far([np.inf, -1.0, 2.0, -3.0]).tolist() == [np.inf, -1.0, -1.0, -3.0]
    assert best_so_far([[3.0, 1.0], [1.0, 2.0]]).tolist() == [[3.0, 1.0], [1.0, 1.0]]


def test_regret_is_relative_to_random_search() -> None:
    rng = np.random.default_rng(0)
    random = rng.uniform(1.0, 2.0, (50, 4))
    curves = {"random": random, "half": random / 2, "same": rng.permuted(random, axis=0), "best": 0 * random}
    found = regrets(curves, "random", 3, rng)
    assert found["random"].relative == 1.0
    assert found["half"].relative == pytest.approx(0.5)
    assert found["half"].low < 0.5 < found["half"].high < 0.6
    assert found["same"].low < 1.0 < found["same"].high
    assert (found["best"].relative, found["best"].high, found["best"].found) == (0.0, 0.0, 1.0)
    assert found["random"].p is None
    p = {name: found[name].p or 0.0 for name in ("half", "same", "best")}
    assert p["best"] <= p["half"] < 1e-10
    assert p["same"] > 0.05
    assert found["half"].mean == pytest.approx(random[:, 2].mean() / 2)


def test_where_random_search_is_perfect_nothing_can_be_won() -> None:
    zeros = np.zeros((5, 2))
    found = regrets({"random": zeros, "other": zeros}, "random", 2, np.random.default_rng(0))
    assert np.isnan(found["other"].relative)
    assert found["other"].p == 1.0


def test_what_cannot_be_compared_is_refused() -> None:
    curves, rng = {"random": np.ones((5, 2))}, np.random.default_rng(0)
    with pytest.raises(InputError, match="control must be one of random, got 'rand'"):
        regrets(curves, "rand", 1, rng)
    with pytest.raises(InputError, match="after 3 evaluations needs two runs of as many, got 5 runs of 2"):
        regrets(curves, "random", 3, rng)
    with pytest.raises(InputError, match="got 1 runs of 2 of random"):
        regrets({"random": np.ones((1, 2))}, "random", 1, rng)


def test_false_alarms_of_the_whole_family_stay_below_the_level() -> None:
    rng, alarms = np.random.default_rng(3), 0
    for _ in range(200):
        curves = {name: rng.exponential(size=(20, 1)) for name in ("random", "a", "b", "c", "d")}
        found = regrets(curves, "random", 1, rng)
        alarms += any((entry.p or 1.0) < 0.05 for entry in found.values())
    assert alarms <= 20  # 10 are allowed for; more than 20 has a probability of 0.2% at the level.


def area(points: list[tuple[float, int]], worst: float, most: int) -> float:
    """The dominated area, cell by cell: unit widths in connections, exact strips in the score."""
    return sum(
        max((worst - score for score, connections in points if connections <= c and score < worst), default=0)
        for c in range(most + 1)
    )


def test_the_hypervolume_is_that_of_the_points_so_far() -> None:
    rng = np.random.default_rng(4)
    scores, connections = rng.uniform(-10.0, 1.0, 30), rng.integers(0, 7, 30)
    scores[5] = np.inf
    found = negative_hypervolume(scores, connections, worst=0.0, most=6)
    for count in range(1, 31):
        points = list(zip(scores[:count].tolist(), connections[:count].tolist(), strict=True))
        assert found[count - 1] == pytest.approx(-area(points, 0.0, 6))
    assert (np.diff(found) <= 0.0).all()


def test_the_picture_is_the_same_file_for_the_same_runs(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    curves = {name: best_so_far(rng.exponential(size=(4, 20))) for name in ("random", "other")}
    curves["other"][:, 10:] = 0.0  # Nothing to draw on a logarithmic axis.
    for name in ("a.png", "b.png"):
        draw_regret(tmp_path / name, curves, unit="dB", title="Table")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    draw_regret(tmp_path / "c.png", {"random": np.zeros((2, 3))}, unit="dB", title="Table")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
