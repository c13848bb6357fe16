"""The pictures of tables and of training lengths: what lies where, on which axis."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from analysis import lengths_figure, scores_figure
from analysis.lengths_figure import LengthPanel, draw_lengths
from analysis.scores_figure import ScoreRow, draw_scores
from analysis.shown import NMSE, Shown
from genome.errors import InputError

INF, NAN = math.inf, math.nan

ROWS = [
    ScoreRow(
        "[b]",
        {"LISTA": (-43.0, -43.4, -42.6), "LFISTA": (-47.0, -47.2, -46.8)},
        {"LISTA": -43.3, "Dense": -48.3},
    ),
    ScoreRow("[h]", {"LISTA": (INF, NAN, NAN), "Dense": (-11.0, -11.2, -10.8)}),
]


def points(axes: Axes, marker: str) -> list[tuple[float, float, bool]]:
    """Abscissa, ordinate and whether it is hollow of every point with a marker."""
    lines = [line for line in axes.lines if line.get_marker() == marker]
    found = [(*np.asarray(line.get_xydata())[0].tolist(), line) for line in lines]
    return [(x, y, line.get_markerfacecolor() == "none") for x, y, line in found]


def test_a_row_has_the_means_the_intervals_and_the_papers_values() -> None:
    figure = scores_figure._figure(ROWS, "Table 1", NMSE)
    first, second = figure.axes
    assert points(first, "o") == [(-43.0, 0.0, False), (-43.3, 0.0, True)]
    assert points(first, "s") == [(-47.0, 1.0, False)]
    assert points(first, "D") == [(-48.3, 2.0, True)], "reported only"
    whiskers = [tuple(np.asarray(line.get_xdata())) for line in first.lines if line.get_linestyle() == "-"]
    assert whiskers == [(-43.4, -42.6), (-47.2, -46.8)]
    assert points(second, "D") == [(-11.0, 2.0, False)], "a model keeps its marker and lane in every row"
    assert first.get_yticklabels()[0].get_text() == "[b]"
    assert figure.get_suptitle() == "Table 1"
    assert figure.axes[-1].get_xlabel() == "test NMSE (dB), lower is better"
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["LISTA", "LFISTA", "Dense", "in the paper", "diverged"]


def test_rows_are_top_to_bottom_each_on_its_own_axis_with_the_first_model_above() -> None:
    figure = scores_figure._figure(ROWS, "", NMSE)
    figure.draw_without_rendering()
    first, second = figure.axes
    assert first.get_position().y0 > second.get_position().y1
    assert first.get_xlim()[1] < second.get_xlim()[0]
    assert first.get_ylim()[0] > first.get_ylim()[1]


def test_a_model_that_diverged_is_a_cross_at_the_worse_end_of_its_row() -> None:
    crosses = points(scores_figure._figure(ROWS, "", NMSE).axes[1], "x")
    assert len(crosses) == 1
    assert crosses[0][0] > -10.8
    lost = ScoreRow("[i]", {"LISTA": (INF, NAN, NAN)})
    axes = scores_figure._figure([*ROWS, lost], "", NMSE).axes[2]
    assert len(points(axes, "x")) == 1
    assert len(axes.get_xticks()) == 0


def test_where_higher_is_better_higher_is_to_the_right() -> None:
    rows = [ScoreRow("Set11", {"LISTA": (-34.0, -34.1, -33.9), "Dense": (-36.0, -36.1, -35.9)})]
    figure = scores_figure._figure(rows, "", Shown("PSNR", -1))
    axes = figure.axes[0]
    figure.draw_without_rendering()
    assert axes.xaxis_inverted()
    labels = [text.get_text() for text in axes.get_xticklabels() if text.get_text()]
    assert all(float(label) > 0 for label in labels), labels
    assert axes.get_xlabel() == "test PSNR (dB), higher is better"


@pytest.mark.parametrize(
    ("shown", "sign", "text"),
    [(NMSE, 1.0, "← −48.3"), (Shown("PSNR", -1), 1.0, "48.3 →"), (NMSE, -1.0, "48.3 →")],
)
def test_a_far_value_of_the_paper_stands_beside_its_marker_and_does_not_squash_the_row(
    shown: Shown, sign: float, text: str
) -> None:
    values = {"LISTA": (-20.0, -20.4, -19.6), "Dense": (-22.0, -22.4, -21.6)}
    row = ScoreRow("[b]", values, {"LISTA": -21.0, "Dense": -48.3 * sign})
    axes = scores_figure._figure([row], "", shown).axes[0]
    assert [each.get_text() for each in axes.texts] == [text]
    assert (-21.0, 0.0, True) in points(axes, "o")
    (far,) = [x for x, _, hollow in points(axes, "s") if hollow]
    low, high = sorted(axes.get_xlim())
    assert (low < far < -22.4) if sign > 0 else (-19.6 < far < high)
    assert high - low < 5.0


def test_scores_of_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs at least one row, got none"):
        draw_scores(tmp_path / "picture", [], title="")
    with pytest.raises(InputError, match="needs a finite score, got none in 1 rows"):
        draw_scores(tmp_path / "picture", [ScoreRow("[b]", {"LISTA": (INF, NAN, NAN)})], title="")
    assert not list(tmp_path.iterdir())


PANELS = [
    LengthPanel("LISTA", {"mean": [(2.0, -22.0, -23.0, -21.0), (0.25, -18.0, -18.5, -17.5)]}),
    LengthPanel(
        "Dense-LISTA",
        {"mean": [(0.25, INF, NAN, NAN), (1.0, -30.0, -30.5, -29.0)], "sum": [(1.0, -29.0, -29.5, -28.5)]},
    ),
]


def test_lines_go_by_length_with_their_intervals_on_one_ordinate() -> None:
    figure = lengths_figure._figure(PANELS, NMSE)
    left, right = figure.axes
    assert [axes.get_title() for axes in figure.axes] == ["LISTA", "Dense-LISTA"]
    assert left.get_ylim() == right.get_ylim()
    assert left.get_xscale() == "log"
    line = left.lines[0]
    factors = np.asarray(line.get_xdata())
    assert np.asarray(line.get_ydata()).tolist() == [-18.0, -22.0], "lengths ascending"
    # Lines stand a little aside from each other, all points of one line by one ratio.
    assert factors[1] / factors[0] == pytest.approx(8.0)
    assert abs(math.log2(factors[0] / 0.25)) < 0.1
    bars = next(each for each in left.collections if isinstance(each, LineCollection))
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[-18.5, -17.5], [-23.0, -21.0]]
    assert [text.get_text() for text in left.get_xticklabels()] == ["0.25", "2"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["mean", "sum", "diverged"]


def test_forms_differ_by_line_and_marker_and_what_diverged_is_a_cross() -> None:
    right = lengths_figure._figure(PANELS, NMSE).axes[1]
    crosses = [line for line in right.lines if line.get_marker() == "x"]
    assert len(crosses) == 1
    assert float(np.asarray(crosses[0].get_ydata())[0]) > -17.5
    drawn = [line for line in right.lines if line.get_marker() != "x"]
    assert len({line.get_linestyle() for line in drawn}) == len({line.get_marker() for line in drawn}) == 2
    assert sorted(right.get_ylim())[1] > float(np.asarray(crosses[0].get_ydata())[0])


def test_lengths_of_nothing_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "picture"
    with pytest.raises(InputError, match="needs at least one panel, got none"):
        draw_lengths(path, [])
    with pytest.raises(InputError, match="needs a finite score, got none among 1"):
        draw_lengths(path, [LengthPanel("LISTA", {"mean": [(1.0, INF, NAN, NAN)]})])
    for factor in (0.0, -1.0, INF, NAN):
        with pytest.raises(InputError, match=f"must be finite and positive, got {factor:g}"):
            draw_lengths(path, [LengthPanel("LISTA", {"mean": [(factor, -1.0, -2.0, 0.0)]})])
    assert not list(tmp_path.iterdir())
