"""The picture of scores against the length of training: one panel a model, one line a form of training."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from analysis import heatmap_parts as parts
from analysis.figure_files import save_figure
from analysis.score_axis import Line, Range, Style, edge_key, explain_below, show_scores, styles, tidy
from analysis.shown import NMSE, Shown
from genome.errors import InputError

Length = tuple[float, float, float, float]
"""Length of training as a multiple of the protocol's; mean, low and high end of the 95% interval, in dB."""

_LINES: Final[tuple[Line, ...]] = ("-", "--", "-.", ":")

_ASIDE = 0.05
"""Distance of one line's points from the next one's, in doublings: intervals must not hide each other."""


@dataclass(frozen=True, slots=True)
class LengthPanel:
    """One model at several lengths of training.

    Attributes:
        title: of the panel, the model's display name.
        lines: display name of a form of training -> its scores, in any order; a mean of inf where training
            diverged.
    """

    title: str
    lines: Mapping[str, Sequence[Length]]


def draw_lengths(path: str | os.PathLike[str], panels: Sequence[LengthPanel], *, shown: Shown = NMSE) -> None:
    """Draw scores against the length of training, panels side by side with one ordinate.

    The abscissa is logarithmic to base 2. What diverged is a cross at the worse edge, without a line to it.

    Args:
        path: of the files that `save_figure` writes.
        panels: from left to right.
        shown: how scores are shown.

    Raises:
        InputError: there is no panel, no finite score, a length that is not finite and positive, or more than
            8 lines.
        OSError: a file cannot be written.
    """
    save_figure(_figure(panels, shown), path)


def _figure(panels: Sequence[LengthPanel], shown: Shown) -> Figure:
    if not panels:
        raise InputError("A picture of training lengths needs at least one panel, got none.")
    looks = styles(name for panel in panels for name in panel.lines)
    extent = _range(panels)
    size = (max(2.35 * len(panels), 4.0) + 0.6, 3.8)
    figure = Figure(figsize=size, dpi=parts.PIXELS_PER_INCH, layout="constrained")
    several = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(several, panels, strict=True):
        _draw_panel(axes, panel, looks, extent)
    several[0].set_ylim(*extent.limits)
    show_scores(several[0].yaxis, shown, f"test {shown.name} (dB)")
    explain_below(figure, _keys(panels, looks))
    return figure


def _range(panels: Sequence[LengthPanel]) -> Range:
    rows = [row for panel in panels for line in panel.lines.values() for row in line]
    for factor, *_ in rows:
        if not 0.0 < factor < math.inf:
            raise InputError(f"A length of training must be finite and positive, got {factor:g}.")
    finite = [score for _, *scores in rows for score in scores if math.isfinite(score)]
    if not finite:
        raise InputError(f"A picture of training lengths needs a finite score, got none among {len(rows)}.")
    low, high = min(finite), max(finite)
    pad = 0.05 * max(high - low, 0.1)
    return Range(low, high + pad, pad)


def _draw_panel(axes: Axes, panel: LengthPanel, looks: Mapping[str, Style], extent: Range) -> None:
    factors = sorted({factor for line in panel.lines.values() for factor, *_ in line})
    for place, (name, look) in enumerate(looks.items()):
        if not panel.lines.get(name):
            continue
        rows = np.array(sorted(panel.lines[name]), dtype=np.float64)
        rows[:, 0] *= 2.0 ** (_ASIDE * (place - (len(looks) - 1) / 2))
        _draw_line(axes, rows, look, _LINES[place % len(_LINES)], extent)
    axes.set_xscale("log", base=2)
    axes.set_xticks(factors, [f"{factor:g}" for factor in factors])
    axes.minorticks_off()
    axes.margins(x=0.08)
    axes.set_xlabel("training length (times)", fontsize=9)
    axes.set_title(panel.title, fontsize=10)
    tidy(axes)


def _draw_line(axes: Axes, rows: NDArray[np.float64], look: Style, line: Line, extent: Range) -> None:
    """Draw rows (n, 4) of one line."""
    factors, means, lows, highs = np.where(np.isfinite(rows), rows, np.nan).T
    drawn = axes.plot(factors, means, line, marker=look.marker, color=look.colour, linewidth=1.4)[0]
    drawn.set(markerfacecolor=look.face, markersize=4.5)
    axes.vlines(factors, lows, highs, color=look.colour, linewidth=1.1)
    diverged = np.isnan(means)
    if diverged.any():
        edge = np.full(diverged.sum(), extent.edge)
        axes.plot(factors[diverged], edge, "x", color=look.colour, markersize=6)


def _keys(panels: Sequence[LengthPanel], looks: Mapping[str, Style]) -> list[Line2D]:
    keys = []
    for place, (name, look) in enumerate(looks.items()):
        line = _LINES[place % len(_LINES)]
        keys.append(Line2D([], [], color=look.colour, linestyle=line, marker=look.marker, label=name))
        keys[-1].set(markerfacecolor=look.face, markersize=5, linewidth=1.4)
    means = [row[1] for panel in panels for line in panel.lines.values() for row in line]
    if not all(map(math.isfinite, means)):
        keys.append(edge_key("x", "diverged"))
    return keys
