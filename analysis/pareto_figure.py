"""The picture of the score against a cost: every network of a search, its front, and the baselines."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from analysis import heatmap_parts as parts
from analysis.figures import BEST_COLOUR, POINT_COLOUR, RIVAL_COLOUR, label_scores
from analysis.png import save_png
from analysis.shown import NMSE, Shown
from genome.errors import InputError

Point = tuple[float, float]
"""Cost, and validation score in dB, of which lower is better."""


def draw_pareto(
    path: str | os.PathLike[str],
    points: Sequence[Point],
    front: Sequence[Point],
    baselines: Mapping[str, Point],
    *,
    cost: str,
    shown: Shown = NMSE,
) -> None:
    """Draw the validation score against a cost.

    The axis is fitted to the front, the baselines and nine tenths of the networks; worse ones are drawn at
    its worse edge. What is not finite is left out.

    Args:
        path: PNG file to write; replaced if it exists.
        points: every network of the search.
        front: those of them that are best in both.
        baselines: display name -> where it is.
        cost: what the abscissa counts.
        shown: how scores are shown.

    Raises:
        InputError: if the front is empty.
        OSError: if the file cannot be written.
    """
    if not front:
        raise InputError("A picture of a Pareto front needs at least one network on it, got none.")
    every = np.array([point for point in points if np.isfinite(point).all()])
    steps = np.array(sorted(front))
    marks = {name: point for name, point in baselines.items() if np.isfinite(point).all()}
    inside = [*steps[:, 1], *(height for _, height in marks.values()), float(np.quantile(every[:, 1], 0.9))]
    pad = 0.06 * max(max(inside) - min(inside), 1.0)
    edge = max(inside) + pad

    figure = Figure(figsize=(7.0, 4.4), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    above = every[:, 1] > edge
    axes.plot(*every[~above].T, "o", color=POINT_COLOUR, markersize=4, label="network of the search")
    if above.any():
        label = "network worse than the axis shows"
        axes.plot(
            every[above, 0], np.full(above.sum(), edge), "^", color=POINT_COLOUR, markersize=4, label=label
        )
    axes.step(*steps.T, "o-", where="post", color=BEST_COLOUR, markersize=5, label="Pareto front")
    if marks:
        axes.plot(*np.array(list(marks.values())).T, "D", color=RIVAL_COLOUR, markersize=6, label="baseline")
    for name, point in marks.items():
        axes.annotate(name, point, (6, 6), textcoords="offset points", fontsize=8, color=RIVAL_COLOUR)
    axes.margins(x=0.12)
    axes.set_ylim(min(inside) - pad, edge + pad)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.ticklabel_format(axis="both", useOffset=False, style="plain")
    axes.set_xlabel(cost)
    label_scores(axes, shown)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=4)
    save_png(figure, path)
