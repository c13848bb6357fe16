"""The files of a finished pruning, each written whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.pruning import Round
from analysis.pruning_figure import CurvePoint, draw_pruning
from analysis.pruning_parts import count
from analysis.shown import Shown
from apps.prune.content import SMALLEST, Outcome
from genome import save_genome
from genome.files import write_atomic

_INTERVAL = ("mean", "low", "high")


def write_outputs(folder: Path, content: Mapping[str, Any], found: Outcome) -> tuple[str, ...]:
    """Write tables, the smallest network within the margin, the picture, and ``prune.json`` last.

    Args:
        folder: the run directory.
        content: of ``prune.json``.
        found: what it was made of.

    Returns:
        The names of the files.

    Raises:
        OSError: the folder cannot be written to, or the disk is full.
    """
    save_genome(folder / "pruned.json", found.chosen[SMALLEST].genome)
    write_atomic(folder / "ranking.csv", ranking_csv(content))
    write_atomic(folder / "curve.csv", curve_csv(content))
    _draw(folder / "curve.png", content, found)
    write_atomic(folder / "prune.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    return "prune.json", "ranking.csv", "curve.csv", "pruned.json", "curve.png", "curve.pdf"


def ranking_csv(content: Mapping[str, Any]) -> str:
    """A line a part, least harmful first: effects in dB and their intervals; empty where there is none."""
    heads = [f"{kind}_{key}" for kind in ("retrained", "zeroed") for key in _INTERVAL]
    rows = [
        [*row["part"], *_numbers(row["retrained"]), *_numbers(row["zeroed"])] for row in content["ranking"]
    ]
    return _csv([[*content["columns"], *heads], *rows])


def curve_csv(content: Mapping[str, Any]) -> str:
    """A line a network: what it has, what was removed last, scores in dB, differences from the start."""
    seeds = list(content["curve"][0]["seeds"])
    heads = [
        "count",
        *(f"removed_{name}" for name in content["columns"]),
        "valid_nmse_db",
        *(f"seed_{seed}" for seed in seeds),
        *(f"from_start_{key}" for key in _INTERVAL),
        "tried",
    ]
    rows = [
        [
            point["count"],
            *(point["removed"] or [None] * len(content["columns"])),
            point["valid_nmse_db"],
            *(point["seeds"][seed] for seed in seeds),
            *_numbers(point["from_start"]),
            point["tried"],
        ]
        for point in content["curve"]
    ]
    return _csv([heads, *rows])


def _numbers(interval: Mapping[str, Any] | None) -> list[float | None]:
    return [None if interval is None else interval[key] for key in _INTERVAL]


def _csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _draw(path: Path, content: Mapping[str, Any], found: Outcome) -> None:
    def point(each: Round) -> CurvePoint:
        return CurvePoint(count(found.parts, each.genome), tuple(each.scores.values()))

    margin = content["margin_db"]
    patterns = content["patterns"]["networks"] if content["patterns"] else ()
    draw_pruning(
        path,
        [point(each) for each in found.curve],
        {name: point(each) for name, each in found.chosen.items()},
        (f"{margin:g} dB worse than the start", found.curve[0].mean + margin),
        parts=found.parts.name,
        others=[(each["count"], _score(each["valid_nmse_db"])) for each in patterns],
        shown=Shown(**content["metric"]),
    )


def _score(value: float | None) -> float:
    return math.inf if value is None else value
