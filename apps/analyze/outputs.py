"""The files of an analysis of one run, each written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from analysis.dependence import Dependence, dependence
from analysis.dependence_figure import Scored, draw_dependence
from analysis.difference_figure import draw_difference
from analysis.figure_files import save_figure
from analysis.figures import heatmap_figure
from analysis.importance import Effect
from analysis.importance_figure import draw_importance
from analysis.shown import Shown
from apps.analyze.content import RANDOM, SEARCHED
from apps.analyze.runs import AnalyzedRun, Sample
from genome.files import write_atomic

_SHORT: Final = {RANDOM: "random", SEARCHED: "search"}
_SHARES: Final = ("destination", "source", "share", "low", "high", "resamples_on", "state")
_EFFECT: Final = ("on", "off", "mean", "low", "high", "p", "p_holm")


def write_analysis(folder: Path, content: Mapping[str, Any], run: AnalyzedRun) -> list[str]:
    """Write pictures and tables, ``analysis.json`` last; gives the names of the files.

    Args:
        folder: an existing one.
        content: of ``analysis.json``.
        run: what it was made of.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    pictures = ["average", "difference", *_draw_scores(folder, content, run)]
    average = run.average
    save_figure(
        heatmap_figure(
            average.share,
            title=f"Share of the best {average.count} networks that use a connection",
            neurons=average.neurons,
        ),
        folder / "average",
    )
    draw_difference(
        folder / "difference",
        content["difference"]["values"],
        title=f"Average of the best {content['against']} minus that of the best {content['top']}",
    )
    write_atomic(folder / "connections.csv", _table(content))
    write_atomic(folder / "analysis.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    drawn = [f"{name}.{kind}" for name in sorted(pictures) for kind in ("pdf", "png")]
    return ["analysis.json", "connections.csv", *drawn]


def _draw_scores(folder: Path, content: Mapping[str, Any], run: AnalyzedRun) -> list[str]:
    shown = Shown.of({"settings": {"metric": content["metric"]}})
    drawn, series = [], {}
    for sample, (name, entry) in zip(run.samples, content["samples"].items(), strict=True):
        if entry["alone"]:
            file = f"importance_{_SHORT[name]}"
            draw_importance(
                folder / file,
                [Effect(**effect) for effect in entry["alone"]],
                content["layers"],
                title=f"{shown.name} with a connection minus without it, over {len(sample.scores)} {name}",
                shown=shown,
            )
            drawn.append(file)
        if entry["dependence"]:
            series[name] = _scored(sample, dependence(sample.genomes, sample.scores))
    if series:
        draw_dependence(
            folder / "dependence",
            series,
            title="Score against the number of extra connections, with parabolas",
            shown=shown,
        )
        drawn.append("dependence")
    return drawn


def _scored(sample: Sample, found: Dependence) -> Scored:
    counts = np.array([genome.connections for genome in sample.genomes])
    return Scored(counts, np.array(sample.scores), found)


def _table(content: Mapping[str, Any]) -> str:
    """A line a connection: its shares, and its effects, where they were measured."""
    rows = [dict(row) for row in content["connections"]]
    names = [*_SHARES]
    for name, sample in content["samples"].items():
        for kind in ("alone", "beside_others"):
            columns = {f"{_SHORT[name]}_{kind}_{key}": key for key in _EFFECT}
            names += columns
            found = {(each["destination"], each["source"]): each for each in sample[kind] or ()}
            for row in rows:
                effect = found.get((row["destination"], row["source"]), {})
                row |= {column: effect.get(key, "") for column, key in columns.items()}
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
