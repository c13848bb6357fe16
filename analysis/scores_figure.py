"""The picture of a table of scores: a dot and a 95% interval for each model of each row."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from analysis import heatmap_parts as parts
from analysis.figure_files import save_figure
from analysis.score_axis import Range, Style, edge_key, explain_below, show_scores, styles, tidy
from analysis.shown import NMSE, Shown
from genome.errors import InputError

Score = tuple[float, float, float]
"""Mean, low and high end of its 95% interval, in dB; a mean of inf where the training diverged."""

_LANE_INCHES = 0.13
_ROW_INCHES = 0.42

_NARROWEST = 0.1
"""Least width of a row in dB, so that equal scores look equal."""


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One row of a table.

    Attributes:
        label: what the row is, such as "[b] SNR = inf".
        values: display name of a model -> its score.
        reported: display name of a model -> the score that the paper reports for it, in dB.
    """

    label: str
    values: Mapping[str, Score]
    reported: Mapping[str, float] = field(default_factory=dict)


def draw_scores(
    path: str | os.PathLike[str], rows: Sequence[ScoreRow], *, title: str, shown: Shown = NMSE
) -> None:
    """Draw the rows of a table from top to bottom, each on an abscissa of its own.

    A row of one problem lies tens of dB from another, while its models differ by tenths: one abscissa for
    all would show the problems, not the models. Models are from top to bottom in order of first occurrence.
    What the paper reports is a hollow marker of the model's shape; where it is so far from what was measured
    that it would squash the row, it is at the near end with its value beside it. A model that diverged is a
    cross at the worse end of its row.

    Args:
        path: of the files that `save_figure` writes.
        rows: of the table.
        title: of the picture; none if it is empty.
        shown: how scores are shown.

    Raises:
        InputError: there is no row, no finite score, or there are more than 8 models.
        OSError: a file cannot be written.
    """
    save_figure(_figure(rows, title, shown), path)


def _figure(rows: Sequence[ScoreRow], title: str, shown: Shown) -> Figure:
    if not rows:
        raise InputError("A picture of scores needs at least one row, got none.")
    looks = styles(name for row in rows for name in (*row.values, *row.reported))
    if not any(_finite(row) for row in rows):
        raise InputError(f"A picture of scores needs a finite score, got none in {len(rows)} rows.")
    row_height = _ROW_INCHES + _LANE_INCHES * len(looks)
    size = (7.2, 0.9 + row_height * len(rows))
    layout = ConstrainedLayoutEngine(h_pad=0.03, hspace=0.0)
    figure = Figure(figsize=size, dpi=parts.PIXELS_PER_INCH, layout=layout)
    if title:
        figure.suptitle(title, fontsize=11)
    for place, row in enumerate(rows):
        axes = figure.add_subplot(len(rows), 1, place + 1)
        extent = _range(row)
        _draw_row(axes, row, looks, extent, shown)
        axes.set_xlim(*extent.limits)
        show_scores(axes.xaxis, shown, "")
    axes.set_xlabel(f"test {shown.name} (dB), {shown.better} is better", fontsize=9)
    explain_below(figure, _keys(rows, looks))
    return figure


def _finite(row: ScoreRow) -> list[float]:
    return [score for score in (*_measured(row), *row.reported.values()) if math.isfinite(score)]


def _measured(row: ScoreRow) -> list[float]:
    return [end for score in row.values.values() for end in score if math.isfinite(end)]


def _range(row: ScoreRow) -> Range:
    """What was measured, and what the paper reports no further from it than it is wide."""
    seen = _measured(row) or _finite(row) or [0.0]
    low, high = min(seen), max(seen)
    width = max(high - low, _NARROWEST)
    reported = [score for score in row.reported.values() if math.isfinite(score)]
    near = [score for score in reported if low - width <= score <= high + width]
    low, high = min([low, *near]), max([high, *near])
    pad = 0.04 * max(high - low, _NARROWEST)
    # Room for a far value's marker and number.
    below = any(score < low for score in reported)
    above = any(score > high for score in reported)
    return Range(low - 3.5 * pad * below, high + pad + 3.5 * pad * above, pad)


def _draw_row(axes: Axes, row: ScoreRow, looks: Mapping[str, Style], extent: Range, shown: Shown) -> None:
    for lane, (name, look) in enumerate(looks.items()):
        if name in row.values:
            _draw_score(axes, row.values[name], lane, look, extent)
        if math.isfinite(row.reported.get(name, math.inf)):
            _draw_reported(axes, row.reported[name], (lane, look), extent, shown)
    axes.set_ylim(len(looks) - 0.3, -0.7)
    axes.set_yticks([(len(looks) - 1) / 2], [row.label])
    # A row that diverged altogether has crosses and no scale.
    axes.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]) if _finite(row) else NullLocator())
    tidy(axes)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="x", labelsize=7, pad=1.5, length=2.5)


def _draw_score(axes: Axes, score: Score, lane: int, look: Style, extent: Range) -> None:
    mean, *ends = score
    if not math.isfinite(mean):
        axes.plot(extent.edge, lane, "x", color=look.colour, markersize=6)
        return
    if all(map(math.isfinite, ends)):
        axes.plot(ends, (lane, lane), "-", color=look.colour, linewidth=1.3)
    axes.plot(mean, lane, look.marker, color=look.colour, markersize=4.5)


def _draw_reported(
    axes: Axes, score: float, lane_and_look: tuple[int, Style], extent: Range, shown: Shown
) -> None:
    lane, look = lane_and_look
    place = min(max(score, extent.low), extent.edge)
    axes.plot(place, lane, look.marker, color=look.colour, markersize=7.5)[0].set_markerfacecolor("none")
    if place != score:
        value = f"{shown.value(score):.1f}".replace("-", "−")
        leftward = shown.value(score) < shown.value(place)
        text, align, aside = (f"← {value}", "left", 7) if leftward else (f"{value} →", "right", -7)
        note = axes.annotate(text, (place, lane), (aside, 0), textcoords="offset points", fontsize=7)
        note.set(horizontalalignment=align, verticalalignment="center_baseline", color="#444444")


def _keys(rows: Sequence[ScoreRow], looks: Mapping[str, Style]) -> list[Line2D]:
    keys = [
        Line2D([], [], color=look.colour, marker=look.marker, linewidth=1.3, markersize=5, label=name)
        for name, look in looks.items()
    ]
    if any(row.reported for row in rows):
        keys.append(edge_key("o", "in the paper"))
        keys[-1].set(markerfacecolor="none", markersize=7.5)
    if any(not math.isfinite(mean) for row in rows for mean, _, _ in row.values.values()):
        keys.append(edge_key("x", "diverged"))
    return keys
