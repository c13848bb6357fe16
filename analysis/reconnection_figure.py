"""The picture of pruned side connections put back: the paper's Figure 8(b)."""

import math
import os
from collections.abc import Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import MaxNLocator

from analysis import heatmap_parts as parts
from analysis.figure_files import save_figure
from analysis.score_axis import Line, Range, edge_marker, explain_below, fit, show_scores, tidy
from analysis.shown import NMSE, Shown
from genome.errors import InputError

Point = tuple[int, float]
"""Number of connections, and test score in dB; inf where the training diverged."""

Arrow = tuple[Point, Point]
"""A network with pruned side connections, and the same network with all of them."""

_LOOKS: Final[dict[str, tuple[str, Line]]] = {
    "gain": ("#0072b2", "-"),
    "loss": ("#d55e00", "--"),
    "no change": ("#7c7b78", ":"),
}
"""Colour and line of each kind of arrow."""


def draw_reconnection(
    path: str | os.PathLike[str], arrows: Sequence[Arrow], *, abscissa: str, shown: Shown = NMSE
) -> None:
    """Draw an arrow from each pruned network (dot) to the same network reconnected.

    Gains are solid, losses dashed, and the legend counts both. The ordinate is fitted by
    `analysis.score_axis.fit`; ends that are worse than it shows lie at its worse edge as carets, diverged
    ones as crosses.

    Args:
        path: of the files that `save_figure` writes.
        arrows: one a network.
        abscissa: what the numbers of connections count.
        shown: how scores are shown.

    Raises:
        InputError: there is no arrow, or no finite score.
        OSError: a file cannot be written.
    """
    save_figure(_figure(arrows, abscissa, shown), path)


def _figure(arrows: Sequence[Arrow], abscissa: str, shown: Shown) -> Figure:
    scores = [score for arrow in arrows for _, score in arrow]
    if not arrows:
        raise InputError("A picture of reconnection needs at least one arrow, got none.")
    if not any(map(math.isfinite, scores)):
        raise InputError(f"A picture of reconnection needs a finite score, got none among {len(scores)}.")
    extent = fit(scores)
    figure = Figure(figsize=(6.4, 4.4), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    axes = figure.add_subplot()
    for arrow in arrows:
        _draw_arrow(axes, arrow, extent)
    keys = [*_arrow_keys(arrows), *_draw_ends(axes, arrows, extent, shown)]
    axes.set_ylim(*extent.limits)
    counts = [count for arrow in arrows for count, _ in arrow]
    beside = 0.05 * max(max(counts) - min(counts), 1)
    axes.set_xlim(min(counts) - beside, max(counts) + beside)
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlabel(abscissa)
    show_scores(axes.yaxis, shown, f"test {shown.name} (dB)")
    tidy(axes)
    explain_below(figure, keys)
    return figure


def _kind(arrow: Arrow) -> str:
    (_, before), (_, after) = arrow
    # Compared so that two diverged networks (inf or NaN) are alike.
    first, last = (score if math.isfinite(score) else math.inf for score in (before, after))
    if first == last:
        return "no change"
    return "gain" if last < first else "loss"


def _draw_arrow(axes: Axes, arrow: Arrow, extent: Range) -> None:
    colour, line = _LOOKS[_kind(arrow)]
    start, end = ((count, extent.place(score)) for count, score in arrow)
    patch = FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9, shrinkA=2.5, shrinkB=0.0)
    patch.set(linestyle=line, color=colour, linewidth=1.1, alpha=0.8)
    axes.add_patch(patch)


def _draw_ends(axes: Axes, arrows: Sequence[Arrow], extent: Range, shown: Shown) -> list[Line2D]:
    """Draw the starts that the axis shows, and every end that it does not."""
    starts = [start for start, _ in arrows if start[1] <= extent.edge]
    points = [point for arrow in arrows for point in arrow]
    worse = [point for point in points if extent.edge < point[1] < math.inf]
    diverged = [point for point in points if not math.isfinite(point[1])]
    keys = []
    for own, marker, label in (
        (starts, "o", "pruned"),
        (worse, edge_marker(shown), "worse than the axis shows"),
        (diverged, "x", "diverged"),
    ):
        if own:
            counts, heights = [count for count, _ in own], [extent.place(score) for _, score in own]
            keys += axes.plot(counts, heights, marker, color="#444444", markersize=4, label=label)
    return keys


def _arrow_keys(arrows: Sequence[Arrow]) -> list[Line2D]:
    kinds = [_kind(arrow) for arrow in arrows]
    return [
        Line2D([], [], color=colour, linestyle=line, linewidth=1.4, label=f"{kind} ({kinds.count(kind)})")
        for kind, (colour, line) in _LOOKS.items()
        if kind in kinds
    ]
