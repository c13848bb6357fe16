"""The picture of the scores of sampled architectures against a count: the paper's Figures 5 to 8."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis import heatmap_parts as parts
from analysis.figure_files import save_figure
from analysis.median_line import median_line
from analysis.score_axis import (
    Line,
    Range,
    Style,
    edge_key,
    edge_marker,
    explain_below,
    fit,
    show_scores,
    styles,
    tidy,
)
from analysis.shown import NMSE, Shown
from genome.errors import InputError

Point = tuple[int, float]
"""A count, such as that of extra connections, and a test score in dB; inf where the training diverged."""

_REFERENCES: Final[tuple[tuple[str, str, Line], ...]] = (
    ("#d40000", "*", "--"),
    ("#000000", "p", ":"),
    ("#6a3d9a", "H", "-."),
)
"""Colour, marker and line of each reference."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One setting of a distribution picture.

    Attributes:
        title: of the panel.
        series: display name -> the points of sampled architectures.
        references: display name -> where a network stands that the others are compared with.
    """

    title: str
    series: Mapping[str, Sequence[Point]]
    references: Mapping[str, Point]


def draw_distribution(
    path: str | os.PathLike[str], panels: Sequence[Panel], *, abscissa: str, shown: Shown = NMSE
) -> None:
    """Draw panels side by side, each with its own ordinate, and one legend below.

    A line follows the median of each series (`analysis.median_line`). An ordinate is fitted by
    `analysis.score_axis.fit` and always shows the references; finite points that are worse than it shows are
    drawn at its worse edge as carets, diverged ones as crosses, and both are counted there. A reference has a
    level line beside its mark.

    Args:
        path: of the files that `save_figure` writes.
        panels: from left to right.
        abscissa: what the counts count.
        shown: how scores are shown.

    Raises:
        InputError: there is no panel, a panel has no finite score, or there are more than 8 series or 3
            references.
        OSError: a file cannot be written.
    """
    save_figure(_figure(panels, abscissa, shown), path)


def _figure(panels: Sequence[Panel], abscissa: str, shown: Shown) -> Figure:
    _check(panels)
    looks = styles(name for panel in panels for name in panel.series)
    marks = _reference_marks(panels)
    size = (max(3.3 * len(panels), 5.0) + 0.4, 4.0)
    figure = Figure(figsize=size, dpi=parts.PIXELS_PER_INCH, layout="constrained")
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        _draw_panel(axes, panel, looks, marks, shown)
        show_scores(axes.yaxis, shown, "" if place else f"test {shown.name} (dB)")
        axes.set_xlabel(abscissa, fontsize=9)
    explain_below(figure, [*_series_keys(panels, looks), *marks.values(), *_edge_keys(panels, shown)])
    return figure


def _check(panels: Sequence[Panel]) -> None:
    if not panels:
        raise InputError("A picture of a distribution needs at least one panel, got none.")
    for panel in panels:
        scores = [*_scores(panel), *(score for _, score in panel.references.values())]
        if not any(map(math.isfinite, scores)):
            raise InputError(
                f"A panel of a distribution needs a finite score, got none among {len(scores)}"
                f" in {panel.title!r}."
            )


def _scores(panel: Panel) -> list[float]:
    return [score for points in panel.series.values() for _, score in points]


def _range(panel: Panel) -> Range:
    return fit(_scores(panel), [score for _, score in panel.references.values()])


def _draw_panel(
    axes: Axes, panel: Panel, looks: Mapping[str, Style], marks: Mapping[str, Line2D], shown: Shown
) -> None:
    extent = _range(panel)
    for name, points in panel.series.items():
        if points:
            _draw_series(axes, np.array(points, dtype=np.float64), looks[name], extent, shown)
    for name, (count, score) in panel.references.items():
        mark = marks[name]
        colour, marker = mark.get_color(), mark.get_marker()
        if math.isfinite(score):
            axes.axhline(score, color=colour, linestyle=mark.get_linestyle(), linewidth=0.9, zorder=2.5)
            star = axes.plot(count, score, marker=marker, color=colour, markersize=13, zorder=4)[0]
            star.set_markeredgecolor("white")
        else:
            axes.plot(count, extent.edge, "x", color=colour, markersize=9, zorder=4)
    axes.set_ylim(*extent.limits)
    axes.margins(x=0.06)
    axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    tidy(axes)
    axes.set_title(panel.title, fontsize=10)
    worse, diverged = _left_out(panel)
    if worse or diverged:
        text = ", ".join(
            f"{number} {what}" for number, what in ((worse, "worse"), (diverged, "diverged")) if number
        )
        place, align = (0.99, extent.edge + 0.7 * extent.pad), "bottom" if shown.sign > 0 else "top"
        beside = axes.get_yaxis_transform()
        axes.text(*place, text, transform=beside, ha="right", va=align, fontsize=7, color="#444444")


def _draw_series(axes: Axes, points: NDArray[np.float64], look: Style, extent: Range, shown: Shown) -> None:
    """Points (n, 2), those beyond the edge at it, and their median line."""
    counts, scores = points.T
    diverged, worse = ~np.isfinite(scores), np.isfinite(scores) & (scores > extent.edge)
    inside = ~diverged & ~worse
    dots = axes.plot(counts[inside], scores[inside], look.marker, color=look.colour, markersize=3.6)[0]
    dots.set(markerfacecolor=look.face, alpha=0.55)
    for where, marker in ((worse, edge_marker(shown)), (diverged, "x")):
        if where.any():
            edge = np.full(where.sum(), extent.edge)
            axes.plot(counts[where], edge, marker, color=look.colour, markersize=5)
    medians = median_line(counts, scores)
    # The light line below keeps the line visible on its own points.
    for colour, width in (("white", 3.4), (look.colour, 1.6)):
        axes.plot(*medians.T, "-", color=colour, linewidth=width, zorder=3)


def _left_out(panel: Panel) -> tuple[int, int]:
    """How many points are worse than the axis shows, and how many diverged."""
    scores, edge = _scores(panel), _range(panel).edge
    diverged = sum(not math.isfinite(score) for score in scores)
    return sum(math.isfinite(score) and score > edge for score in scores), diverged


def _reference_marks(panels: Sequence[Panel]) -> dict[str, Line2D]:
    names = list(dict.fromkeys(name for panel in panels for name in panel.references))
    most = len(_REFERENCES)
    if len(names) > most:
        raise InputError(f"A picture of a distribution can have at most {most} references, got {len(names)}.")
    marks = {}
    for name, (colour, marker, line) in zip(names, _REFERENCES, strict=False):
        marks[name] = Line2D([], [], color=colour, marker=marker, linestyle=line, linewidth=0.9, label=name)
        marks[name].set_markersize(10)
    return marks


def _series_keys(panels: Sequence[Panel], looks: Mapping[str, Style]) -> list[Line2D]:
    keys = []
    for name, look in looks.items():
        all_points = (panel.series.get(name, ()) for panel in panels)
        lined = any(points and len(median_line(*np.transpose(points))) for points in all_points)
        text, line = (f"{name} (line: median)", "-") if lined else (name, "")
        keys.append(Line2D([], [], color=look.colour, marker=look.marker, label=text))
        keys[-1].set(markerfacecolor=look.face, markersize=5, linestyle=line)
    return keys


def _edge_keys(panels: Sequence[Panel], shown: Shown) -> list[Line2D]:
    worse, diverged = (sum(counts) for counts in zip(*map(_left_out, panels), strict=True))
    keys = [edge_key(edge_marker(shown), "worse than the axis shows")] if worse else []
    return keys + ([edge_key("x", "diverged")] if diverged else [])
