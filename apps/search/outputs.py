"""The files of a finished search, each written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.figures import draw_heatmap, draw_learning_curve
from analysis.html import render_report
from analysis.pareto_figure import draw_pareto
from analysis.shown import Shown
from apps.display.report import write_svg
from apps.search.control import scores
from apps.search.pareto import front_goals
from apps.search.result import Outcome
from builders.files import save_network
from builders.network import UnrolledNetwork
from genome import Evaluation, save_genome
from genome.files import write_atomic


def write_outputs(folder: Path, result: Mapping[str, Any], found: Outcome, chosen: UnrolledNetwork) -> None:
    """Write pictures, reports, genomes and the trained chosen network, ``result.json`` last.

    Args:
        folder: the run directory.
        result: content of ``result.json``.
        found: what it was made of.
        chosen: the chosen network, trained in the search's own setting.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    average = found.what.average
    save_genome(folder / "average.json", average.genome())
    save_genome(folder / "chosen.json", chosen.genome)
    save_network(folder / "chosen.safetensors", chosen, result["settings"])
    write_atomic(folder / "heatmap.csv", average.heatmap_csv())
    pictures = [folder / name for name in ("heatmap.png", "learning_curve.png", "pareto.png")]
    heatmap, curve, pareto = pictures
    draw_heatmap(
        heatmap,
        average.share,
        title=f"Share of the best {average.count} networks that use a connection",
        chosen=chosen.genome,
        neurons=average.neurons,
    )
    _draw_curve(curve, found, Shown.of(result))
    _draw_pareto(pareto, result, found)
    page = render_report(result, *(picture.read_bytes() for picture in pictures))
    write_atomic(folder / "report.html", page)
    write_svg(result, folder / "report.svg")
    write_atomic(folder / "result.json", json.dumps(result, indent=1, allow_nan=False) + "\n")


def _draw_curve(path: Path, found: Outcome, shown: Shown) -> None:
    control = found.control
    random = control.random_scores if control and control.best else None
    dropped = [each.censored for each in found.evaluations]
    draw_learning_curve(path, scores(found.evaluations), random, dropped, shown)


def _draw_pareto(path: Path, result: Mapping[str, Any], found: Outcome) -> None:
    """Scores against the second goal of the front, which is a cost."""
    _, cost = front_goals(found.goals)[:2]

    def place(evaluation: Evaluation) -> tuple[float, float]:
        return cost(evaluation), evaluation.score

    draw_pareto(
        path,
        [place(each) for each in found.evaluations if not each.censored],
        [(entry[cost.name], entry["valid_nmse_db"]) for entry in result["pareto"]["entries"]],
        {name: place(each) for name, each in found.levels.items()},
        cost=cost.name.replace("_", "-"),
        shown=Shown.of(result),
    )
