"""The parts that a heat-map picture is drawn from; `analysis.figures.draw_heatmap` puts them together."""

import math
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from genome.genome import Genome
from genome.neurons import ALL_NEURONS, NEURONS, Neuron

PIXELS_PER_INCH = 150

LARGEST_LABELLED_DEPTH = 16
"""Deepest network whose cells carry their value as text."""

SHARE_COLOURS = (
    "#f0f9fb", "#b8e1f3", "#84c7e9", "#58aadd", "#388cc9", "#296eaf", "#23528e", "#1f3869", "#172243",
)  # fmt: skip
"""Colours of the shares 0, 1/8, .. 1: equal steps of lightness (Oklab 0.975 to 0.26) at nearly one hue, so
that equal differences look equal and the order survives grey printing and colour-vision deficiency."""

CHOSEN_COLOUR = "#d55e00"
NEURON_COLOURS: dict[Neuron, tuple[str, str]] = {
    "soft": ("#ffffff", "black"),
    "relu": ("#c4c4c4", "black"),
    "leaky_relu": ("#636363", "white"),
    "support": ("#0a0a0a", "white"),
}
NEURON_LABELS: dict[Neuron, str] = {
    "soft": "soft",
    "relu": "ReLU",
    "leaky_relu": "leaky",
    "support": "support",
}


def share_colours() -> Colormap:
    """The colour map of the heat maps: light for share 0 to dark for share 1."""
    return LinearSegmentedColormap.from_list("share", SHARE_COLOURS)


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a map are shown.

    Attributes:
        colours: colour map from `low` to `high`.
        low: value of its first colour.
        high: value of its last colour.
        dark: magnitude above which a colour is so dark that what stands on it is white.
        text: a value in a few characters.
    """

    colours: Colormap
    low: float
    high: float
    dark: float
    text: Callable[[float], str]


def share_scale() -> Scale:
    """The scale of shares, 0 to 1."""
    return Scale(share_colours(), 0.0, 1.0, 0.5, _share_text)


def _share_text(share: float) -> str:
    return f"{share:.0f}" if share in (0.0, 1.0) else f"{share:.2f}"


def _columns(layers: int) -> int:
    # A network of one layer has no column; it still gets a (blank) picture.
    return max(layers - 1, 1)


def cell_inches(layers: int) -> float:
    """Side of a cell: deep networks have smaller ones, so that their maps still fit a screen."""
    if layers <= LARGEST_LABELLED_DEPTH:
        return 0.52 if layers <= 8 else 0.44
    return max(0.14, 0.44 * LARGEST_LABELLED_DEPTH / layers)


def _strip_cells(layers: int) -> tuple[float, float]:
    """Left edge and width of the neuron strip, in cells from the left edge of the map."""
    inch = 1.0 / cell_inches(layers)
    return _columns(layers) + 0.15 * inch, 0.5 * inch


def lay_out(layers: int, title: str, *, with_strip: bool) -> tuple[Figure, Axes, Axes]:
    """Make the figure with the axes of the map and of its colour bar.

    All is placed by the inch, so that cells have one size whatever stands around them.
    """
    cell = cell_inches(layers)
    columns = sum(_strip_cells(layers)) if with_strip else _columns(layers)
    left, bottom, top, right = 0.75, 0.95, 0.75, 0.95
    width = max(left + columns * cell + right, 4.6)
    height = bottom + layers * cell + top
    figure = Figure(figsize=(width, height), dpi=PIXELS_PER_INCH)
    axes = add_map(figure, (left, bottom), layers, columns)
    bar_height = min(layers * cell, 3.0)
    bar_left = left + columns * cell + 0.25
    bar_bottom = bottom + (layers * cell - bar_height) / 2
    bar = figure.add_axes((bar_left / width, bar_bottom / height, 0.16 / width, bar_height / height))
    lines = textwrap.fill(title, int(11.0 * (width - left)))
    figure.text(left / width, 1.0 - 0.2 / height, lines, va="top", fontsize=11, parse_math=False)
    return figure, axes, bar


def add_map(figure: Figure, corner: tuple[float, float], layers: int, columns: float) -> Axes:
    """Add the axes of a map of so many rows and columns, its lower left corner (inches) given."""
    width, height = figure.get_size_inches()
    cell = cell_inches(layers)
    left, bottom = corner
    box = (left / width, bottom / height, columns * cell / width, layers * cell / height)
    axes = figure.add_axes(box)
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(layers - 0.5, -0.5)
    axes.set_autoscale_on(False)
    return axes


def draw_cells(axes: Axes, values: NDArray[np.float64], scale: Scale) -> None:
    """Fill the lower triangle with values (K, K-1), as text too, and dots on default connections."""
    layers = len(values)
    cells = np.full((layers, _columns(layers)), np.nan)
    lower = np.tril_indices(layers, k=-1)
    cells[lower] = values[lower]
    extent = (-0.5, _columns(layers) - 0.5, layers - 0.5, -0.5)
    axes.imshow(cells, cmap=scale.colours, vmin=scale.low, vmax=scale.high, extent=extent, aspect="auto")
    labelled = layers <= LARGEST_LABELLED_DEPTH
    for row, column in zip(*(places.tolist() for places in lower), strict=True):
        axes.add_patch(_cell(row, column, edgecolor="#c8c8c8", linewidth=0.6))
        value = float(values[row, column])
        ink = "white" if abs(value) > scale.dark else "black"
        if column == row - 1:
            axes.plot(column, row, "o", color=ink, markersize=4 if labelled else 2)
        elif labelled:
            axes.text(column, row, scale.text(value), ha="center", va="center", fontsize=7.5, color=ink)


def outline(axes: Axes, chosen: Genome) -> None:
    """Frame the extra connections of a genome."""
    width = 2.0 if chosen.layers <= LARGEST_LABELLED_DEPTH else 1.0
    for destination, source in chosen.extra_connections():
        # The light line below keeps the outline visible in grey on every share.
        for colour, line in (("white", 2 * width), (CHOSEN_COLOUR, width)):
            axes.add_patch(_cell(destination - 1, source - 1, inset=0.09, edgecolor=colour, linewidth=line))


def _cell(row: int, column: int, *, inset: float = 0.0, edgecolor: str, linewidth: float) -> Rectangle:
    corner, side = (column - 0.5 + inset, row - 0.5 + inset), 1.0 - 2.0 * inset
    return Rectangle(corner, side, side, fill=False, edgecolor=edgecolor, linewidth=linewidth, clip_on=False)


def draw_neurons(axes: Axes, neurons: Sequence[Neuron]) -> None:
    """Draw the strip at the right with the neuron of every layer."""
    layers = len(neurons)
    left, width = _strip_cells(layers)
    left -= 0.5
    for row, name in enumerate(neurons):
        face, ink = NEURON_COLOURS[name]
        place = Rectangle((left, row - 0.5), width, 1.0, facecolor=face, edgecolor="#888888", linewidth=0.6)
        place.set_clip_on(False)
        axes.add_patch(place)
        if layers <= LARGEST_LABELLED_DEPTH:
            label = NEURON_LABELS[name]
            axes.text(left + width / 2, row, label, ha="center", va="center", fontsize=7.5, color=ink)
    axes.annotate(
        "neuron", (left + width / 2, -0.5), (0, 4), textcoords="offset points", ha="center", fontsize=8
    )


def label_layers(axes: Axes, layers: int) -> None:
    """Name the rows (destinations) and columns (sources)."""
    step = math.ceil(layers / LARGEST_LABELLED_DEPTH)
    columns, rows = range(0, layers - 1, step), range(0, layers, step)
    axes.set_xticks(columns, [f"x({column + 1})" for column in columns], fontsize=7.5)
    axes.set_yticks(rows, [str(row + 1) for row in rows], fontsize=7.5)
    axes.annotate(
        "source",
        ((_columns(layers) - 1) / 2, layers - 0.5),
        (0, -28),
        textcoords="offset points",
        ha="center",
    )
    axes.set_ylabel("destination layer")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def fill_bar(figure: Figure, axes: Axes, bar: Axes, name: str) -> None:
    """Draw the colour bar of a map, with the name of its values above."""
    figure.colorbar(axes.images[0], cax=bar)
    bar.set_title(name, fontsize=8)
    bar.tick_params(labelsize=8)


def explain(
    figure: Figure, layers: int, neurons: Sequence[Neuron] | None, *, outlined: str | None = None
) -> None:
    """Put the legend below the map; ``outlined`` names what is framed in it."""
    keys: list[Artist] = [
        Line2D([], [], marker="o", linestyle="", color="black", markersize=4, label="default connection")
    ]
    if outlined is not None:
        box = Line2D([], [], marker="s", linestyle="", markersize=8, label=outlined)
        box.set(markerfacecolor="none", markeredgecolor=CHOSEN_COLOUR, markeredgewidth=2.0)
        keys.append(box)
    if neurons is not None and layers > LARGEST_LABELLED_DEPTH:
        keys += [
            Patch(facecolor=NEURON_COLOURS[name][0], edgecolor="#888888", label=NEURON_LABELS[name])
            for name in ALL_NEURONS
            if name in NEURONS or name in neurons
        ]
    figure.legend(handles=keys, loc="lower center", ncols=len(keys), frameon=False, fontsize=8)
