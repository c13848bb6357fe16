"""The picture of a comparison of search strategies."""

import os
from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from scipy.special import stdtrit

from analysis import heatmap_parts as parts
from analysis.comparison import CONFIDENCE
from analysis.png import save_png
from analysis.regret import Curves


def draw_regret(path: str | os.PathLike[str], curves: Mapping[str, Curves], *, unit: str, title: str) -> None:
    """Draw the mean regret of every strategy after each evaluation, with its 95% Student t interval.

    Both axes are logarithmic, regret down to a thousandth of the largest: what is lower leaves the picture.
    The strategy named first, the control, is drawn in black and dashed.

    Args:
        path: PNG file to write; replaced if it exists.
        curves: regret by strategy, (runs, evaluations), at least two runs each.
        unit: of the regret.
        title: of the picture.

    Raises:
        OSError: if the file cannot be written.
    """
    figure = Figure(figsize=(7.0, 4.8), dpi=parts.PIXELS_PER_INCH, layout="constrained")
    axes = figure.add_subplot(title=title)
    means = np.concatenate([runs.mean(axis=0) for runs in curves.values()])
    highest = max(float(means.max()), float(np.finfo(np.float64).tiny))
    floor = max(float(means.min()) / 1.5, highest / 1000.0)
    for place, (label, runs) in enumerate(curves.items()):
        evaluations, mean = np.arange(1, runs.shape[1] + 1), runs.mean(axis=0)
        quantile = stdtrit(len(runs) - 1, (1.0 + CONFIDENCE) / 2.0)
        half = quantile * runs.std(axis=0, ddof=1) / np.sqrt(len(runs))
        # A logarithm that is masked where it is not finite would tear the band.
        low, high = np.maximum(mean - half, floor / 2), np.maximum(mean + half, floor / 2)
        colour, dashes = (f"C{place - 1}", "-") if place else ("black", "--")
        axes.plot(evaluations, np.maximum(mean, floor / 2), dashes, color=colour, label=label)
        axes.fill_between(evaluations, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(floor, 1.3 * highest)
    axes.set_xlabel("evaluations")
    axes.set_ylabel(f"mean regret ({unit})")
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    save_png(figure, path)
