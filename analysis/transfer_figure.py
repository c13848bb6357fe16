"""The picture of a transfer: every model's test score, and the transferred one's difference from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from analysis import heatmap_parts as parts
from analysis.shown import Shown, cell_text
from analysis.transfer import TRANSFERRED

_RIVAL: Final = "#555555"
_HOLLOW: Final[Mapping[str, Any]] = {
    "marker": "o",
    "linestyle": "",
    "markersize": 4.5,
    "markerfacecolor": "white",
    "color": "#777777",
}


def transfer_figure(content: Mapping[str, Any]) -> Figure:
    """Draw dots and whiskers, a row of panels for each cell that the pattern was moved to.

    At the left, a filled dot is a model's mean over seeds with its 95% interval, the transferred one's a
    diamond; hollow dots below a model are the means of the networks that it is the mean of. At the right are
    the differences that the claims are judged by, seed by seed, whose intervals are narrower. What diverged
    is told in words.

    Args:
        content: of ``transfer.json``.
    """
    shown = Shown(**content["settings"]["metric"])
    rows, names = content["destinations"], list(content["models"])
    labels = [f"{name} ({content['models'][name][0]['connections']} extra)" for name in names]
    height = 0.6 + (0.36 * len(names) + 0.8) * len(rows)
    figure = Figure(figsize=(9.0, height), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    panels = figure.subplots(len(rows), 2, squeeze=False, sharey="row")
    for (scores, differences), destination in zip(panels, rows, strict=True):
        scores.set_title(cell_text(destination["cell"]), fontsize=10, loc="left", parse_math=False)
        _draw_scores(scores, names, destination, shown)
        _draw_differences(differences, names, destination, shown)
        scores.set_yticks(range(len(names)), labels, fontsize=9)
        scores.set_ylim(len(names) - 0.4, -0.6)
        _label(scores, f"test {shown.name} (dB), {shown.better} is better")
        _label(differences, f"transferred minus it (dB), {shown.gain.lower()} is better")
    figure.legend(handles=_legend(), frameon=False, fontsize=8, loc="outside lower center", ncols=3)
    return figure


def _draw_scores(axes: Axes, names: list[str], destination: Mapping[str, Any], shown: Shown) -> None:
    for place, name in enumerate(names):
        for network in destination["patterns"].get(name, ()):
            if network["mean"] is not None:
                axes.plot(shown.value(network["mean"]), place + 0.29, **_HOLLOW)
        _whisker(axes, place, destination["models"][name], shown, own=name == TRANSFERRED)


def _draw_differences(axes: Axes, names: list[str], destination: Mapping[str, Any], shown: Shown) -> None:
    axes.axvline(0.0, color="black", linewidth=0.9, zorder=0)
    for test in destination["differences"]:
        _whisker(axes, names.index(test["reference"]), test, shown, own=False)


def _whisker(axes: Axes, place: int, interval: Mapping[str, Any], shown: Shown, *, own: bool) -> None:
    if interval["mean"] is None:
        fractions = ("axes fraction", "data")
        axes.annotate("diverged", (0.5, place), xycoords=fractions, ha="center", va="center", fontsize=8)
        return
    mean, low, high = shown.interval(interval)
    axes.errorbar(
        [mean],
        [place],
        xerr=[[mean - low], [high - mean]],
        elinewidth=1.6,
        capsize=3.5,
        linestyle="",
        **_filled(own=own),
    )


def _filled(*, own: bool) -> dict[str, Any]:
    return {
        "marker": "D" if own else "o",
        "color": parts.CHOSEN_COLOUR if own else _RIVAL,
        "markersize": 6.5,
        "markeredgecolor": "black",
        "markeredgewidth": 0.6,
    }


def _label(axes: Axes, text: str) -> None:
    axes.set_xlabel(text, fontsize=9)
    axes.margins(x=0.08)
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], label="mean over seeds, 95% interval", linestyle="", **_filled(own=False)),
        Line2D([], [], label="the transferred pattern's", linestyle="", **_filled(own=True)),
        Line2D([], [], label="mean of one random pattern", **_HOLLOW),
    ]
