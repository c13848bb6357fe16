"""The files of a finished search, each written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.figures import draw_heatmap, draw_learning_curve
from analysis.html import render_report
from apps.display.report import write_svg
from apps.search.roles import Found
from builders.files import save_network
from builders.network import UnrolledNetwork
from genome import save_genome
from genome.files import write_atomic


def write_outputs(folder: Path, result: Mapping[str, Any], what: Found, chosen: UnrolledNetwork) -> None:
    """Write pictures, reports, genomes and the trained chosen network, ``result.json`` last.

    Args:
        folder: the run directory.
        result: content of ``result.json``.
        what: the selection.
        chosen: the chosen network, trained in the search's own setting.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    average = what.average
    save_genome(folder / "average.json", average.genome())
    save_genome(folder / "chosen.json", chosen.genome)
    save_network(folder / "chosen.safetensors", chosen, result["settings"])
    write_atomic(folder / "heatmap.csv", average.heatmap_csv())
    heatmap, curve = folder / "heatmap.png", folder / "learning_curve.png"
    draw_heatmap(
        heatmap,
        average.share,
        title=f"Share of the best {average.count} networks that use a connection",
        chosen=chosen.genome,
        neurons=average.neurons,
    )
    scores = [float(step["valid_nmse_db"]) for step in result["search"]]
    draw_learning_curve(curve, scores)
    write_atomic(folder / "report.html", render_report(result, heatmap.read_bytes(), curve.read_bytes()))
    write_svg(result, folder / "report.svg")
    write_atomic(folder / "result.json", json.dumps(result, indent=1, allow_nan=False) + "\n")
