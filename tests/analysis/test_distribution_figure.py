"""The pictures of sampled architectures: what lies where, what is clipped, and what is counted."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from numpy.typing import NDArray

from analysis import distribution_figure, reconnection_figure
from analysis.distribution_figure import Panel, draw_distribution
from analysis.median_line import median_line
from analysis.reconnection_figure import Arrow, draw_reconnection
from analysis.score_axis import fit, styles
from analysis.shown import NMSE, Shown
from genome.errors import InputError

INF = math.inf


def marked(axes: Axes, marker: str) -> NDArray[np.float64]:
    """All points (n, 2) that are drawn with a marker, sorted."""
    drawn = [np.asarray(line.get_xydata()) for line in axes.lines if line.get_marker() == marker]
    return np.array(sorted(map(tuple, np.concatenate(drawn)))) if drawn else np.empty((0, 2))


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


GOOD = [(count, -40.0 - 0.1 * count) for count in range(1, 41)]
BAD = [(7, 25.0), (9, 30.0)]
LOST = [(11, INF), (12, math.nan), (13, INF)]


@pytest.mark.parametrize("shown", [NMSE, Shown("PSNR", -1)])
def test_points_lie_where_they_are_and_what_is_beyond_the_axis_at_its_worse_edge(shown: Shown) -> None:
    panel = Panel("[b]", {"NA": GOOD + BAD, "LWA": LOST}, {"LISTA": (0, -38.0)})
    figure = distribution_figure._figure([panel], "connections", shown)
    axes = figure.axes[0]
    assert np.array_equal(marked(axes, "o"), np.array(GOOD))
    edge = fit([score for _, score in GOOD + BAD], [-38.0]).edge
    assert -38.0 < edge < 0.0
    caret = "^" if shown is NMSE else "v"
    assert np.allclose(marked(axes, caret), [(count, edge) for count, _ in BAD])
    assert np.allclose(marked(axes, "x"), [(count, edge) for count, _ in LOST])
    assert [text.get_text() for text in axes.texts] == ["2 worse, 3 diverged"]
    assert axes.yaxis_inverted() == (shown is not NMSE)
    assert axes.get_ylabel() == f"test {shown.name} (dB)"
    assert axes.get_xlabel() == "connections"
    low, high = sorted(axes.get_ylim())
    assert low < -44.0 < edge < high
    assert legend(figure)[-2:] == ["worse than the axis shows", "diverged"]


def test_a_reference_has_its_mark_and_a_level_line() -> None:
    panel = Panel("", {"LWA": GOOD}, {"LISTA": (0, -30.0), "Dense-LISTA": (105, INF)})
    axes = distribution_figure._figure([panel], "", NMSE).axes[0]
    assert marked(axes, "*").tolist() == [[0.0, -30.0]]
    level = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert [np.asarray(line.get_ydata()).tolist() for line in level] == [[-30.0, -30.0]]
    assert marked(axes, "x")[:, 0].tolist() == [105.0]
    assert sorted(axes.get_ylim())[1] > -30.0


def test_each_panel_has_its_own_ordinate_and_the_series_look_alike_in_all() -> None:
    panels = [
        Panel("(a)", {"LWA": GOOD, "MM": GOOD}, {}),
        Panel("(b)", {"MM": [(count, score + 30.0) for count, score in GOOD]}, {}),
    ]
    figure = distribution_figure._figure(panels, "connections", NMSE)
    left, right = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["(a)", "(b)"]
    assert max(left.get_ylim()) < min(right.get_ylim())
    assert len(marked(left, "o")) == len(marked(left, "s")) == len(marked(right, "s")) == 40
    assert len(marked(right, "o")) == 0
    colours = {
        to_hex(line.get_color()) for axes in figure.axes for line in axes.lines if line.get_marker() == "s"
    }
    assert len(colours) == 1
    assert legend(figure) == ["LWA (line: median)", "MM (line: median)"]


def test_the_fence_leaves_out_few_and_keeps_what_must_be_seen() -> None:
    scores = np.random.default_rng(0).normal(-40.0, 1.0, 200)
    extent = fit([*scores, 20.0, INF, math.nan])
    assert extent.low == scores.min()
    assert scores.max() < extent.edge < -30.0
    assert extent.place(20.0) == extent.place(INF) == extent.place(math.nan) == extent.edge
    assert extent.place(-41.0) == -41.0
    assert fit(list(scores), always=[5.0]).edge > 5.0
    one = fit([-7.0])
    assert one.limits[0] < -7.0 < one.edge < one.limits[1]


def test_medians_by_count_and_by_bin() -> None:
    counts = [3, 3, 3, 5, 5, 9, 9, 9, 9]
    scores = [-1.0, -9.0, -2.0, -4.0, -4.0, -8.0, INF, -6.0, -7.0]
    # Count 5 has too few points; of the four at 9, diverged as worst, the third best is the median.
    assert median_line(counts, scores).tolist() == [[3.0, -2.0], [9.0, -6.0]]
    assert np.isnan(median_line([1, 1, 1], [INF, math.nan, -3.0])[0, 1])
    rng = np.random.default_rng(1)
    many = rng.integers(0, 101, 400)
    many[:2] = (0, 100)
    values = rng.normal(size=401)[:400]
    line = median_line(many, values)
    assert len(line) == 10
    third = (many >= 20) & (many < 30)
    assert line[2, 0] == pytest.approx(many[third].mean())
    assert np.quantile(values[third], 0.4) < line[2, 1] < np.quantile(values[third], 0.6)
    assert line[9, 0] == pytest.approx(many[many >= 90].mean())


def test_eight_series_can_be_told_apart_in_more_than_colour() -> None:
    looks = styles("abcdefgha")
    assert len({(look.marker, look.face == "white") for look in looks.values()}) == 8
    assert len({look.colour for look in looks.values()}) == 8
    with pytest.raises(InputError, match="at most 8 series apart, got 9"):
        styles("abcdefghi")


def test_distributions_of_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    with pytest.raises(InputError, match="needs at least one panel, got none"):
        draw_distribution(path, [], abscissa="")
    with pytest.raises(InputError, match=r"needs a finite score, got none among 3 in '\[b\]'"):
        draw_distribution(path, [Panel("[b]", {"LWA": LOST}, {})], abscissa="")
    marks = dict.fromkeys("abcd", (0, -1.0))
    with pytest.raises(InputError, match="at most 3 references, got 4"):
        draw_distribution(path, [Panel("", {}, marks)], abscissa="")
    assert not list(tmp_path.iterdir())


ARROWS: list[Arrow] = [
    ((40, -30.0), (50, -35.0)),
    ((45, -31.0), (50, -36.0)),
    ((60, -34.0), (70, -33.0)),
    ((42, INF), (52, -32.0)),
    ((44, INF), (55, INF)),
]


def test_arrows_go_from_pruned_to_reconnected_and_losses_are_dashed() -> None:
    figure = reconnection_figure._figure(ARROWS, "connections", NMSE)
    axes = figure.axes[0]
    arrows = [patch for patch in axes.patches if isinstance(patch, FancyArrowPatch)]
    edge = fit([score for arrow in ARROWS for _, score in arrow]).edge
    for patch, (start, end) in zip(arrows, ARROWS, strict=True):
        drawn = patch._posA_posB  # type: ignore[attr-defined]
        for place, (count, score) in zip(drawn, (start, end), strict=True):
            assert tuple(place) == (count, score if math.isfinite(score) else edge)
    assert [patch.get_linestyle() for patch in arrows] == ["-", "-", "--", "-", ":"]
    assert len({patch.get_edgecolor() for patch in arrows}) == 3
    assert legend(figure) == ["gain (3)", "loss (1)", "no change (1)", "pruned", "diverged"]
    assert marked(axes, "o").tolist() == [[40.0, -30.0], [45.0, -31.0], [60.0, -34.0]]
    assert marked(axes, "x")[:, 0].tolist() == [42.0, 44.0, 55.0]
    left, right = axes.get_xlim()
    assert left < 40
    assert right > 70


def test_a_network_far_worse_than_the_rest_starts_at_the_edge() -> None:
    arrows = [((count, -30.0 - count), (count + 5, -32.0 - count)) for count in range(20)]
    axes = reconnection_figure._figure([*arrows, ((3, 60.0), (8, -40.0))], "", NMSE).axes[0]
    assert marked(axes, "^")[:, 0].tolist() == [3.0]
    assert max(axes.get_ylim()) < 0.0


def test_reconnections_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs at least one arrow, got none"):
        draw_reconnection(tmp_path / "picture", [], abscissa="")
    with pytest.raises(InputError, match="needs a finite score, got none among 2"):
        draw_reconnection(tmp_path / "picture", [ARROWS[-1]], abscissa="")
    assert not list(tmp_path.iterdir())
