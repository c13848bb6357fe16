"""The picture of the score against the number of extra connections."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis import heatmap_parts as parts
from analysis.dependence import Dependence
from analysis.figure_files import save_figure
from analysis.score_axis import Style, fit, show_scores, styles, tidy
from analysis.shown import NMSE, Shown
from genome.errors import InputError


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Networks and how their scores depend on their numbers of connections.

    Attributes:
        connections: extra connections of each network, (G,).
        scores: of each in dB, lower is better, (G,).
        dependence: of the one on the other.
    """

    connections: NDArray[np.int64]
    scores: NDArray[np.float64]
    dependence: Dependence


def draw_dependence(
    path: str | os.PathLike[str], series: Mapping[str, Scored], *, title: str, shown: Shown = NMSE
) -> None:
    """Draw each network as a light point, the bins' means with their 95% intervals, and the parabola.

    The axis leaves out scores far worse than the rest; they are drawn at its worse edge.

    Args:
        path: of the files that `save_figure` writes.
        series: by name, such as the search's networks and random ones.
        title: title of the picture.
        shown: how scores are shown.

    Raises:
        InputError: there is no series.
        OSError: a file cannot be written.
    """
    if not series:
        raise InputError(
            "A picture of the number of connections needs at least one set of networks, got none."
        )
    figure = Figure(figsize=(7.0, 4.6), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11, parse_math=False)
    means = [
        end for each in series.values() for b in each.dependence.bins for end in (b.score.low, b.score.high)
    ]
    extent = fit(np.concatenate([each.scores for each in series.values()]).tolist(), always=means)
    axes.set_ylim(*extent.limits)
    for name, style in styles(series).items():
        _draw(axes, series[name], style, name, extent.edge)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.set_xlabel("extra connections")
    show_scores(axes.yaxis, shown, f"validation {shown.name} (dB)")
    tidy(axes)
    figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=2)
    save_figure(figure, path)


def _draw(axes: Axes, each: Scored, style: Style, name: str, edge: float) -> None:
    axes.plot(
        each.connections,
        np.minimum(each.scores, edge),
        style.marker,
        color=style.colour,
        markerfacecolor=style.face,
        markersize=3.5,
        alpha=0.35,
        linewidth=0,
        label=name,
    )
    bins = each.dependence.bins
    centres = [
        float(each.connections[(each.connections >= b.fewest) & (each.connections <= b.most)].mean())
        for b in bins
    ]
    means = np.array([b.score.mean for b in bins])
    ends = np.array([[b.score.mean - b.score.low, b.score.high - b.score.mean] for b in bins]).T
    axes.errorbar(
        centres,
        means,
        ends,
        fmt=style.marker,
        color=style.colour,
        markerfacecolor=style.face,
        markersize=7,
        capsize=3,
        label="mean and its 95% interval",
    )
    places = np.linspace(each.connections.min(), each.connections.max(), 200)
    curve = each.dependence.trend.at(places)
    if curve is not None:
        axes.plot(places, curve, color=style.colour, linewidth=1.2)
