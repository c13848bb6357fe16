"""Pictures of a search: the heat map of an average architecture and the learning curve.

Drawn with Matplotlib's Agg canvas through its object interface, so that no global figure or backend state is
read or left behind. A file holds no date and no version: the same input gives the same bytes.
"""

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from analysis import heatmap_parts as parts
from analysis.control import best_of
from analysis.png import save_png
from analysis.regret import best_so_far
from analysis.score_axis import show_scores
from analysis.shown import NMSE, Shown
from genome.errors import InputError
from genome.genome import Genome
from genome.neurons import Neuron

BEST_COLOUR = "#172243"
RIVAL_COLOUR = "#d55e00"
POINT_COLOUR = "#7c7b78"


def draw_heatmap(
    path: str | os.PathLike[str],
    share: ArrayLike,
    *,
    title: str,
    chosen: Genome | None = None,
    neurons: Sequence[Neuron] | None = None,
) -> None:
    """Write the picture that `heatmap_figure` draws.

    Args:
        path: PNG file to write; replaced if it exists.
        share: see `heatmap_figure`, as for all that follows.
        title: title of the picture.
        chosen: a genome whose extra connections are outlined.
        neurons: the neuron of each layer.

    Raises:
        InputError: as `heatmap_figure` does.
        OSError: if the file cannot be written.
    """
    save_png(heatmap_figure(share, title=title, chosen=chosen, neurons=neurons), path)


def heatmap_figure(
    share: ArrayLike,
    *,
    title: str,
    chosen: Genome | None = None,
    outlined: str = "chosen network",
    neurons: Sequence[Neuron] | None = None,
) -> Figure:
    """Draw the share of genomes that use each connection, in the layout of the paper's Figure 2.

    Rows are destination layers 1..K from top to bottom, columns are sources x(1)..x(K-1). Places that no
    connection can have stay blank; default connections carry a dot instead of a number, since they are always
    on. Up to 16 layers the cells carry their values.

    Args:
        share: (K, K-1) entries in [0, 1], as `analysis.average.Average.share`.
        title: title of the picture.
        chosen: a genome of K layers whose extra connections are outlined.
        outlined: what the legend calls it.
        neurons: the neuron of each of the K layers, shown as a strip at the right.

    Raises:
        InputError: for a share that is no heat map (see `Genome.from_heatmap`), and for a genome or neurons
            of another depth.
    """
    values = _checked_share(share)
    layers = len(values)
    if chosen is not None and chosen.layers != layers:
        raise InputError(
            f"The outlined genome must have {layers} layers as the heat map has, got {chosen.layers}."
        )
    if neurons is not None and len(neurons) != layers:
        raise InputError(
            f"The neuron strip must have {layers} entries as the heat map has rows, got {len(neurons)}."
        )
    figure, axes, bar = parts.lay_out(layers, title, with_strip=neurons is not None)
    parts.draw_cells(axes, values, parts.share_scale())
    if chosen is not None:
        parts.outline(axes, chosen)
    if neurons is not None:
        parts.draw_neurons(axes, neurons)
    parts.label_layers(axes, layers)
    parts.explain(figure, layers, neurons, outlined=None if chosen is None else outlined)
    parts.fill_bar(figure, axes, bar, "share")
    return figure


def draw_learning_curve(
    path: str | os.PathLike[str],
    scores: Sequence[float],
    random: Sequence[float] | None = None,
    dropped: Sequence[bool] = (),
    shown: Shown = NMSE,
) -> None:
    """Draw the validation score of every evaluation of a search, in order, and the best so far.

    The axis is fitted to the best so far and to nine tenths of the evaluations: worse ones are drawn at its
    worse edge, and so are those that diverged (not finite), as crosses.

    Args:
        path: PNG file to write; replaced if it exists.
        scores: validation scores in dB (lower is better), in order of evaluation.
        random: scores of a random search to compare with. Drawn is what its best is at every budget up to
            the search's: the mean, and the band from the 5% to the 95% quantile
            (`analysis.control.best_of`).
        dropped: for each evaluation, whether its network was dropped before its last stage, so that it has
            no score (inf); drawn at the worse edge, as a line. By default none was.
        shown: how scores are shown.

    Raises:
        InputError: if no score of a search is finite.
        OSError: if the file cannot be written.
    """
    values = np.asarray(scores, dtype=np.float64)
    best = _best_so_far(values)
    rival = None if random is None else _band(random, len(values))
    curves = np.concatenate([best] if rival is None else [best, *rival.T])
    low = float(np.nanmin(curves))
    high = max(float(np.nanmax(curves)), float(np.quantile(values[np.isfinite(values)], 0.9)))
    pad = 0.06 * max(high - low, 1.0)

    figure = Figure(figsize=(7.0, 4.4), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    axes.set_ylim(low - pad, high + 2 * pad)
    _draw_points(axes, values, np.asarray(dropped or [False] * len(values)), edge=high + pad)
    axes.step(_order(best), best, where="post", color=BEST_COLOUR, linewidth=2.0, label="best so far")
    if rival is not None:
        order, (mean, lower, upper) = _order(rival), rival.T
        label = "best of random search (5%, mean, 95%)"
        axes.plot(order, mean, "--", color=RIVAL_COLOUR, label=label)
        axes.fill_between(order, lower, upper, color=RIVAL_COLOUR, alpha=0.15, linewidth=0)
    axes.set_xlim(0, len(best) + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.set_xlabel("evaluation")
    label_scores(axes, shown)
    axes.grid(axis="y", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(frameon=False, fontsize=8, loc="outside lower center", ncols=3)
    save_png(figure, path)


def label_scores(axes: Axes, shown: Shown) -> None:
    """Label an ordinate of scores; where higher is shown as better, it grows upwards.

    Args:
        axes: with drawn scores, lower being better, and limits.
        shown: how scores are shown.
    """
    show_scores(axes.yaxis, shown, f"validation {shown.name} (dB)")


def _checked_share(share: ArrayLike) -> NDArray[np.float64]:
    layers = Genome.from_heatmap(share).layers
    return np.asarray(share, dtype=np.float64)[:, : layers - 1]


def _best_so_far(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Running minimum; NaN until the first finite score."""
    finite = np.isfinite(scores)
    if not finite.any():
        raise InputError(f"A learning curve needs a finite score, got none among {len(scores)}.")
    best = best_so_far(np.where(finite, scores, np.inf))
    return np.where(np.isfinite(best), best, np.nan)


def _band(scores: Sequence[float], most: int) -> NDArray[np.float64]:
    """Mean and quantiles of the best of 1, 2, .. random networks, ``(budgets, 3)``; NaN if not finite."""
    if not np.isfinite(scores).any():
        raise InputError(f"A learning curve needs a finite score, got none among {len(scores)}.")
    drawn = [best_of(scores, budget) for budget in range(1, min(len(scores), most) + 1)]
    rows = np.array([(each.mean, each.low, each.high) for each in drawn])
    return np.where(np.isfinite(rows), rows, np.nan)


def _order(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.arange(1, len(values) + 1)


def _draw_points(axes: Axes, values: NDArray[np.float64], dropped: NDArray[np.bool_], edge: float) -> None:
    diverged = ~np.isfinite(values) & ~dropped
    above = np.isfinite(values) & (values > edge)
    at_edge = np.full_like(values, edge)
    for where, heights, marker, label in (
        (values <= edge, values, "o", "one evaluation"),
        (above, at_edge, "^", "one evaluation, worse than the axis shows"),
        (diverged, at_edge, "x", "one evaluation, diverged"),
        (dropped, at_edge, "|", "one evaluation, dropped early"),
    ):
        if where.any():
            axes.plot(
                _order(values)[where], heights[where], marker, color=POINT_COLOUR, markersize=4, label=label
            )
