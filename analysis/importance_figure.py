"""The picture of what each connection does to the score."""

import os
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import MaxNLocator

from analysis import heatmap_parts as parts
from analysis.difference_figure import DIFFERENCE_COLOURS
from analysis.figure_files import save_figure
from analysis.importance import Effect
from analysis.shown import NMSE, Shown

SIGNIFICANT: Final = 0.05
"""Corrected p-value below which a connection is framed."""

SMALLEST_LIMIT: Final = 0.1
"""The colours span at least minus to plus so many dB, so that nothing does not look like much."""


def draw_importance(
    path: str | os.PathLike[str], effects: Sequence[Effect], layers: int, *, title: str, shown: Shown = NMSE
) -> None:
    """Draw a map of effects in dB, in the layout of `analysis.figures.heatmap_figure`.

    Blue is what makes the score better, orange what makes it worse. Up to 16 layers the cells carry their
    values with signs, and a dash where the effect was not measured. Connections with a corrected p-value
    below 0.05 are framed.

    Args:
        path: of the files that `save_figure` writes.
        effects: of connections of networks with K layers.
        layers: depth K.
        title: title of the picture.
        shown: how scores are shown.

    Raises:
        OSError: a file cannot be written.
    """
    values = np.full((layers, layers - 1), np.nan)
    for each in effects:
        values[each.destination - 1, each.source - 1] = shown.value(each.mean)
    limit = max([SMALLEST_LIMIT, *(abs(each.mean) for each in effects)])
    colours = DIFFERENCE_COLOURS[:: -shown.sign]
    scale = parts.Scale(
        LinearSegmentedColormap.from_list("effect", colours), -limit, limit, 0.8 * limit, _text
    )
    figure, axes, bar = parts.lay_out(layers, title, with_strip=False)
    parts.draw_cells(axes, values, scale)
    for each in effects:
        if each.p_holm < SIGNIFICANT:
            _frame(axes, each)
    parts.label_layers(axes, layers)
    parts.fill_bar(figure, axes, bar, "dB")
    bar.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    bar.yaxis.set_major_formatter(lambda value, _: _text(value))
    _explain(figure)
    save_figure(figure, path)


def _text(value: float) -> str:
    if not value:
        return "0"
    return "–" if np.isnan(value) else f"{value:+.2f}".replace("-", "−")


def _frame(axes: Axes, effect: Effect) -> None:
    corner = effect.source - 1.45, effect.destination - 1.45
    axes.add_patch(Rectangle(corner, 0.9, 0.9, fill=False, edgecolor="black", linewidth=1.6))


def _explain(figure: Figure) -> None:
    better, worse = DIFFERENCE_COLOURS[-2], DIFFERENCE_COLOURS[1]
    frame = Patch(facecolor="none", edgecolor="black", linewidth=1.6, label="p < 0.05 (Holm)")
    dot = Line2D([], [], marker="o", linestyle="", color="black", markersize=4, label="default connection")
    keys: list[Artist] = [Patch(color=better, label="better"), Patch(color=worse, label="worse"), frame, dot]
    figure.legend(
        handles=keys,
        loc="lower center",
        ncols=4,
        frameon=False,
        fontsize=8,
        columnspacing=1.2,
        handlelength=1.2,
    )
