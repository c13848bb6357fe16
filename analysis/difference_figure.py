"""The picture of how two average architectures differ: the paper's Figure 9."""

import os

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from analysis import heatmap_parts as parts
from analysis.figure_files import save_figure
from genome.errors import InputError

SMALLEST_LIMIT = 0.05
"""The colours span at least minus to plus this share, so that a few genomes do not look like many."""

DIFFERENCE_COLOURS = ("#6b2b00", "#d98032", "#f6d2ae", "#f7f7f7", "#c4dcee", "#5a9fd0", "#0b4478")
"""Colours from the most negative to the most positive difference: orange to blue, equally dark at equal
magnitude, so that grey shows the magnitude and the printed sign the direction."""


def draw_difference(path: str | os.PathLike[str], difference: ArrayLike, *, title: str) -> None:
    """Draw the difference of two heat maps, in the layout of `analysis.figures.heatmap_figure`.

    The colours are symmetric about zero and reach the largest magnitude, or 0.05 where that is smaller. Up to
    16 layers the cells carry their values with signs.

    Args:
        path: of the files that `save_figure` writes.
        difference: (K, K-1) entries in [-1, 1], such as the share of each connection among the best 30
            genomes minus that among the best 50; zero where the source is not before the destination.
        title: title of the picture, which says what is subtracted from what.

    Raises:
        InputError: for another shape, or an entry outside [-1, 1] or where no connection can be.
        OSError: a file cannot be written.
    """
    save_figure(_figure(difference, title), path)


def _figure(difference: ArrayLike, title: str) -> Figure:
    values = _checked(difference)
    layers = len(values)
    limit = max(float(np.abs(values).max(initial=0.0)), SMALLEST_LIMIT)
    colours = LinearSegmentedColormap.from_list("difference", DIFFERENCE_COLOURS)
    figure, axes, bar = parts.lay_out(layers, title, with_strip=False)
    parts.draw_cells(axes, values, parts.Scale(colours, -limit, limit, 0.8 * limit, _text))
    parts.label_layers(axes, layers)
    parts.explain(figure, layers, None)
    parts.fill_bar(figure, axes, bar, "difference")
    bar.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    bar.yaxis.set_major_formatter(lambda value, _: _text(value))
    return figure


def _text(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−") if value else "0"


def _checked(difference: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(difference, dtype=np.float64)
    if values.ndim != 2 or values.shape[0] < 1 or values.shape[1] != values.shape[0] - 1:
        shape = " x ".join(map(str, values.shape)) or "a single number"
        raise InputError(f"A difference of heat maps must have the shape K x (K-1), got {shape}.")
    _refuse_first(values, ~(np.abs(values) <= 1.0), "must lie in [-1, 1]")
    above = np.triu(np.ones(values.shape, dtype=bool)) & (values != 0.0)
    _refuse_first(values, above, "must be 0 where the source is not before the destination")
    return values


def _refuse_first(values: NDArray[np.float64], wrong: NDArray[np.bool_], rule: str) -> None:
    if wrong.any():
        row, column = np.argwhere(wrong)[0].tolist()
        place = f"destination {row + 1}, source {column + 1}"
        raise InputError(f"A difference of heat maps {rule}, got {values[row, column]:g} at {place}.")
