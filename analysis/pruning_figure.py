"""The picture of pruning: the validation score against the number of parts that are left."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis import heatmap_parts as layout
from analysis.figure_files import save_figure
from analysis.figures import BEST_COLOUR, POINT_COLOUR, RIVAL_COLOUR, label_scores
from analysis.shown import NMSE, Shown
from genome.errors import InputError

_MARKERS: Final = "sD^ovP*"
_COLUMNS: Final = 2


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A network on the curve.

    Attributes:
        count: of the parts that it has.
        scores: its validation scores in dB, one a seed, all finite.
    """

    count: int
    scores: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean over seeds, dB."""
        return float(np.mean(self.scores))


def draw_pruning(
    path: str | os.PathLike[str],
    curve: Sequence[CurvePoint],
    chosen: Mapping[str, CurvePoint],
    limit: tuple[str, float],
    *,
    parts: str,
    others: Sequence[tuple[int, float]] = (),
    shown: Shown = NMSE,
) -> None:
    """Draw an elimination: a line of means, a band from the best to the worst seed, and the margin.

    Args:
        path: of the files that `save_figure` writes.
        curve: the networks in the order of elimination.
        chosen: display name -> point to be marked; names of one point share a mark.
        limit: what the margin's line is called, and the score in dB that it is at.
        parts: name of what is removed, for the abscissa.
        others: number of parts and mean validation score of networks beside the curve; those worse than the
            axis shows, or diverged (inf), are drawn at its worse edge.
        shown: how scores are shown.

    Raises:
        InputError: the curve is empty, or a score of it is not finite.
        OSError: a file cannot be written.
    """
    if not curve or not all(math.isfinite(score) for point in curve for score in point.scores):
        raise InputError(
            f"A picture of pruning needs networks with finite scores, got {len(curve)} with none or others."
        )
    figure = Figure(figsize=(7.0, 4.8), dpi=layout.PIXELS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    _draw_curve(axes, curve)
    name, height = limit
    axes.axhline(height, color=RIVAL_COLOUR, linestyle="--", linewidth=1.2, label=name)
    _mark(axes, chosen)
    bottom, top = axes.get_ylim()
    if others:
        _draw_others(axes, others, top)
    axes.set_ylim(bottom, top + 0.04 * (top - bottom))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set_xlabel(f"number of {parts}")
    label_scores(axes, shown)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=_COLUMNS)
    save_figure(figure, path)


def _draw_curve(axes: Axes, curve: Sequence[CurvePoint]) -> None:
    counts = [point.count for point in curve]
    axes.fill_between(
        counts,
        [min(point.scores) for point in curve],
        [max(point.scores) for point in curve],
        color=BEST_COLOUR,
        alpha=0.18,
        linewidth=0,
        label="from the best to the worst seed",
    )
    means = [point.mean for point in curve]
    axes.plot(counts, means, color=BEST_COLOUR, linewidth=1.6, marker=".", label="mean over seeds")


def _mark(axes: Axes, chosen: Mapping[str, CurvePoint]) -> None:
    """Mark points, hollow and large, so that the curve shows through; one mark for names of one point."""
    names: dict[CurvePoint, list[str]] = {}
    for name, point in chosen.items():
        names.setdefault(point, []).append(name)
    for place, (point, own) in enumerate(names.items()):
        axes.plot(
            [point.count],
            [point.mean],
            _MARKERS[place % len(_MARKERS)],
            markersize=10,
            markerfacecolor="none",
            markeredgecolor="black",
            markeredgewidth=1.4,
            label=f"{', '.join(own)} ({point.count})",
        )


def _draw_others(axes: Axes, others: Sequence[tuple[int, float]], edge: float) -> None:
    counts, heights = np.array([each[0] for each in others]), np.array([each[1] for each in others])
    inside = heights <= edge
    for where, marker, label in (
        (inside, "o", "another pattern"),
        (~inside, "^", "another pattern, off the axis"),
    ):
        if where.any():
            level = np.minimum(heights[where], edge)
            axes.plot(counts[where], level, marker, color=POINT_COLOUR, markersize=3, zorder=1, label=label)
