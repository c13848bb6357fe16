"""The picture of quality against time a signal: solvers that learn nothing beside networks."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import heatmap_parts as parts
from analysis.png import save_png
from genome.errors import InputError

_SOLVER_MARKERS: Final = "sPXpdH"
_NETWORK_MARKERS: Final = "o^vD<>*h"


@dataclass(frozen=True, slots=True)
class Mark:
    """One solver or network.

    Attributes:
        name: display name.
        family: what its name begins with, where marks of a family are joined by a line; None alone.
        learned: whether it is a network.
        quality: score and the ends of its interval, in dB.
        single: microseconds a signal, one at a time.
        batch: microseconds a signal in a batch; None where there is none.
    """

    name: str
    family: str | None
    learned: bool
    quality: tuple[float, float, float]
    single: float
    batch: float | None


def draw_quality_against_time(
    path: str | os.PathLike[str],
    marks: Sequence[Mark],
    bounds: Mapping[str, float],
    *,
    quality: str,
    batch: int,
) -> None:
    """Draw quality against microseconds a signal, one signal at a time (left) and in a batch (right).

    Networks are filled, solvers hollow; members of a family are joined and told apart by what follows its
    name. A bound is a dashed line where it lies among the marks, and is named with its value anywhere.

    Args:
        path: PNG file to write; replaced if it exists.
        marks: what was measured.
        bounds: name -> score in dB of what has no time.
        quality: label of the ordinate.
        batch: signals of the batch.

    Raises:
        InputError: there is no mark.
        OSError: the file cannot be written.
    """
    if not marks:
        raise InputError("A picture of quality against time needs at least one solver or network, got none.")
    figure = Figure(figsize=(9.0, 5.0), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    styles = _styles(marks)
    _draw_panel(left, [(mark, mark.single) for mark in marks], styles)
    _draw_panel(right, [(mark, mark.batch) for mark in marks if mark.batch is not None], styles)
    left.set_title("one signal at a time", fontsize=10)
    right.set_title(f"in a batch of {batch}", fontsize=10)
    left.set_ylabel(quality)
    handles = list(styles.values()) + [_bound(name, value, (left, right)) for name, value in bounds.items()]
    figure.legend(handles=handles, frameon=False, fontsize=8, loc="outside right upper")
    save_png(figure, path)


def _styles(marks: Sequence[Mark]) -> dict[str, Line2D]:
    """How a family, or a mark without one, is drawn: solvers and networks each have their own markers."""
    styles: dict[str, Line2D] = {}
    counts = {False: 0, True: 0}
    for mark in sorted(marks, key=lambda mark: not mark.learned):
        key = mark.family or mark.name
        if key in styles:
            continue
        place, markers = counts[mark.learned], _NETWORK_MARKERS if mark.learned else _SOLVER_MARKERS
        counts[mark.learned] += 1
        colour = f"C{len(styles) % 10}"
        styles[key] = Line2D(
            [],
            [],
            color=colour,
            linestyle="-" if mark.family else "",
            linewidth=1.0,
            marker=markers[place % len(markers)],
            markersize=7,
            markerfacecolor=colour if mark.learned else "white",
            label=key,
        )
    return styles


def _draw_panel(axes: Axes, points: Sequence[tuple[Mark, float]], styles: Mapping[str, Line2D]) -> None:
    for key, style in styles.items():
        own = [(time, mark) for mark, time in points if (mark.family or mark.name) == key]
        if not own:
            continue
        times, values = [time for time, _ in own], [mark.quality[0] for _, mark in own]
        ends = [[abs(mark.quality[0] - mark.quality[end]) for _, mark in own] for end in (1, 2)]
        axes.errorbar(times, values, ends, fmt="none", ecolor=style.get_color(), elinewidth=1.0)
        axes.plot(
            times,
            values,
            color=style.get_color(),
            linestyle=style.get_linestyle(),
            linewidth=1.0,
            marker=style.get_marker(),
            markersize=7,
            markerfacecolor=style.get_markerfacecolor(),
        )
        for time, mark in own:
            if mark.family:
                text = mark.name.removeprefix(mark.family).strip()
                axes.annotate(text, (time, mark.quality[0]), (5, 5), textcoords="offset points", fontsize=7)
    axes.set_xscale("log")
    axes.margins(x=0.1, y=0.08)
    axes.set_xlabel("microseconds a signal, one thread")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _bound(name: str, value: float, panels: Sequence[Axes]) -> Line2D:
    """Draw a bound where it does not stretch the axis; gives what the legend says of it."""
    low, high = panels[0].get_ylim()
    if low <= value <= high:
        for axes in panels:
            axes.axhline(value, color="black", linestyle="--", linewidth=1.0)
    return Line2D([], [], color="black", linestyle="--", linewidth=1.0, label=f"{name}: {value:.1f} dB")
