"""Axes of scores: how they are labelled, what part of the scores they show, and how series are told apart."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import ScalarFormatter
from numpy.typing import NDArray

from analysis.shown import Shown
from genome.errors import InputError

Line = Literal["-", "--", "-.", ":"]
"""A kind of line, for where colour cannot be seen."""

_COLOURS: Final = ("#0072b2", "#e69f00", "#000000", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#7c7b78")
"""The palette of Okabe and Ito, which the colour-blind can tell apart; the first three differ in grey too."""

_MARKERS: Final = "osDP>h<d"


@dataclass(frozen=True, slots=True)
class Style:
    """What a series is drawn with: a colour, and a marker for where colour cannot be seen.

    Attributes:
        colour: of marker and line.
        marker: its shape.
        face: what fills it.
    """

    colour: str
    marker: str
    face: str


def styles(names: Iterable[str]) -> dict[str, Style]:
    """A style for each name, in order of first occurrence.

    Raises:
        InputError: there are more names than can be told apart.
    """
    unique = list(dict.fromkeys(names))
    if len(unique) > len(_COLOURS):
        raise InputError(f"A picture can tell at most {len(_COLOURS)} series apart, got {len(unique)}.")
    # The later shapes are hollow, since they are less unlike the earlier ones.
    faces = [colour if place < 4 else "white" for place, colour in enumerate(_COLOURS)]
    return {name: Style(*look) for name, *look in zip(unique, _COLOURS, _MARKERS, faces, strict=False)}


@dataclass(frozen=True, slots=True)
class Range:
    """The part of the scores (dB, lower is better) that an axis shows.

    Attributes:
        low: the best score shown.
        edge: where what is worse than the axis shows is drawn, diverged scores included.
        pad: distance of one mark from another.
    """

    low: float
    edge: float
    pad: float

    @property
    def limits(self) -> tuple[float, float]:
        """Ends of the axis, with room beyond the edge for a line of text."""
        return self.low - self.pad, self.edge + 2.0 * self.pad

    def place(self, score: float) -> float:
        """Where a score is drawn: at the edge if it is worse than that or not finite."""
        return min(score, self.edge) if math.isfinite(score) else self.edge


def fit(scores: Sequence[float], always: Sequence[float] = ()) -> Range:
    """Fit an axis to scores so that a few very bad ones do not squash the rest.

    A score is left to the edge where it is worse than the upper quartile by more than 1.5 interquartile
    ranges (Tukey's fence). What is not finite does not count.

    Args:
        scores: in dB, at least one of them or of `always` finite.
        always: scores that must be inside whatever the rest is.
    """
    finite, kept = _finite(scores), _finite(always)
    if finite.size:
        lower, upper = np.quantile(finite, (0.25, 0.75))
        kept = np.concatenate([kept, finite[finite <= upper + 1.5 * (upper - lower)]])
    low, high = float(kept.min()), float(kept.max())
    pad = 0.05 * max(high - low, 0.1)
    return Range(low, high + pad, pad)


def _finite(scores: Sequence[float]) -> NDArray[np.float64]:
    values = np.asarray(scores, dtype=np.float64).ravel()
    return values[np.isfinite(values)]


def edge_marker(shown: Shown) -> str:
    """The marker of a score that is worse than the ordinate shows: it points there."""
    return "^" if shown.sign > 0 else "v"


def show_scores(axis: Axis, shown: Shown, label: str) -> None:
    """Label an axis of scores that has its limits; where higher is shown as better, its sign is turned.

    Args:
        axis: an abscissa or ordinate of scores, lower being better.
        shown: how scores are shown.
        label: of the axis.
    """
    axis.set_label_text(label)
    negative = shown.sign < 0
    axis.set_inverted(negative)
    axis.set_major_formatter((_Negative if negative else ScalarFormatter)(useOffset=False))


def tidy(axes: Axes) -> None:
    """Give axes a light grid behind the data and no upper and right frame."""
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def edge_key(marker: str, label: str) -> Line2D:
    """What a legend says of a marker that has no colour of its own."""
    return Line2D([], [], linestyle="", color="#444444", marker=marker, markersize=5, label=label)


def explain_below(figure: Figure, keys: Sequence[Artist]) -> None:
    """Put one legend below the axes of a figure, in as many columns as its width has room for."""
    longest = max(len(str(key.get_label())) for key in keys)
    room = int(figure.get_figwidth() / (0.75 + 0.068 * longest))
    columns = min(len(keys), max(room, 1))
    small = {"frameon": False, "fontsize": 8, "handlelength": 3.0}
    figure.legend(handles=keys, loc="outside lower center", ncols=columns, **small)


class _Negative(ScalarFormatter):
    """Labels a place on an axis with its negative."""

    def __call__(self, x: float, pos: int | None = None) -> str:
        return super().__call__(0.0 - x, pos)
