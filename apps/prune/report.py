"""What a pruning found, for the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from analysis.shown import Shown, cell_text
from apps.display.claims import Claims
from apps.display.colours import BASELINE, BEST, QUIET
from apps.display.cut_table import CutTable
from apps.display.text import decibels, difference, flat, gates, printable
from apps.prune.content import SMALLEST, START
from genome import Genome

_MOST: Final = 16
"""Rows of a long table."""


def report(content: Mapping[str, Any]) -> RenderableType:
    """Show what ``prune.json`` holds.

    Raises:
        KeyError: something that the report shows is missing.
    """
    shown, settings = Shown(**content["metric"]), content["settings"]
    problem = ", ".join(f"{key} {value}" for key, value in flat(settings["problem"]))
    seeds = len(settings["seeds"]["selection"])
    return Group(
        Text(f"Pruning of {content['parts']}", "bold"),
        Text(
            printable(
                f"{content['m']} x {content['n']}, {settings['genome']['layers']} layers of "
                f"{cell_text(settings['cell'])}, form {settings['protocol']['form']}"
            )
        ),
        Text(printable(f"problem: {problem}"), QUIET),
        Text(),
        Text(f"What each is worth: validation {shown.name} without it, minus with it", "bold"),
        _ranking(content, shown),
        Text(_ranking_note(content, shown), QUIET),
        Text(),
        Text("Removed one at a time, the least harmful first", "bold"),
        _curve(content, shown),
        Text(
            f"Every network is trained anew with {seeds} seeds. The best of several is a little too good "
            "on validation; the table below is not.",
            QUIET,
        ),
        Text(),
        Text("On test data and fresh seeds", "bold"),
        _chosen(content, shown),
        *_smallest(content),
        *_patterns(content, shown),
    )


def _ranking(content: Mapping[str, Any], shown: Shown) -> CutTable:
    cheap = content["ranking"][0]["zeroed"] is not None
    heads = ["trained anew\ndB [95%]", *(["set to zero\ndB [95%]"] if cheap else [])]
    table = CutTable(_part(content["columns"]), *heads)
    for row in _thinned(content["ranking"], lambda _: False):
        kinds = ("retrained", "zeroed") if cheap else ("retrained",)
        table.add_row(_part(row["part"]), *(_interval(row[kind], shown, difference) for kind in kinds))
    return table


def _ranking_note(content: Mapping[str, Any], shown: Shown) -> str:
    losing = "Positive" if shown.sign > 0 else "Negative"
    rows, listed = len(content["ranking"]), min(len(content["ranking"]), _MOST)
    note = f"{losing}: it helps. " + (f"{listed} of {rows}; all in ranking.csv. " if listed < rows else "")
    agreement = content["agreement"]
    if agreement:
        return note + (
            f"Rank correlation of the two over {agreement['number']}: Kendall's tau {agreement['tau']:.2f} "
            f"(p {agreement['p']:.1g})."
        )
    if content["ranking"][0]["zeroed"] is None:
        return note + "Nothing to set to zero: they have no coefficients of their own."
    return note


def _curve(content: Mapping[str, Any], shown: Shown) -> CutTable:
    names = _names(content)
    table = CutTable("left", "removed", f"valid.\n{shown.name} (dB)", "minus start\n[95%]", "", texts=[4])
    for point in _thinned(content["curve"], lambda point: point["count"] in names):
        removed = "-" if point["removed"] is None else _part(point["removed"])
        table.add_row(
            str(point["count"]),
            removed,
            decibels(shown.value(point["valid_nmse_db"])),
            "" if point["from_start"] is None else _interval(point["from_start"], shown, difference),
            ", ".join(names.get(point["count"], ())),
        )
    return table


def _chosen(content: Mapping[str, Any], shown: Shown) -> CutTable:
    table = CutTable(
        "network", content["parts"].replace(" ", "\n"), f"test\n{shown.name} (dB) [95%]", "minus start\n[95%]"
    )
    names = _names(content)
    for own in names.values():
        each = content["chosen"][own[0]]
        style = BEST if SMALLEST in own else BASELINE if START in own else ""
        table.add_row(
            Text(", ".join(own), style),
            str(each["count"]),
            _interval(each["test_nmse_db"], shown, decibels),
            "" if each["from_start"] is None else _interval(each["from_start"], shown, difference),
        )
    return table


def _names(content: Mapping[str, Any]) -> dict[int, list[str]]:
    """The display names of the networks chosen, by number of parts."""
    names: dict[int, list[str]] = {}
    for name, each in content["chosen"].items():
        names.setdefault(each["count"], []).append(name)
    return names


def _smallest(content: Mapping[str, Any]) -> list[RenderableType]:
    if len(content["curve"]) == 1:
        return [Text("Nothing was removed: the elimination was to stop at as many as there are.")]
    if not content["claims"]:
        return [Text(f"No smaller network of the curve is within {content['margin_db']:g} dB of the start.")]
    genome = Genome.from_dict(content["chosen"][SMALLEST]["genome"])
    lacking = [layer for layer, side in enumerate(genome.side, 1) if not side]
    without = f"; no side connection in layers {', '.join(map(str, lacking))}" if lacking else ""
    return [
        Text(f"{SMALLEST}: fewest within {content['margin_db']:g} dB of the start on validation data", QUIET),
        Text(f"its extra connections: {gates(genome)}{without}", QUIET),
        Claims(content["claims"]),
    ]


def _patterns(content: Mapping[str, Any], shown: Shown) -> list[RenderableType]:
    patterns = content["patterns"]
    if not patterns or "worse" not in patterns:
        return []
    worse = patterns["worse"]
    return [
        Text(),
        Text("Patterns of side connections", "bold"),
        Text(
            f"{worse['number']} of {worse['total']} networks that lack some "
            f"({worse['share']:.0%}, 95% interval {worse['low']:.0%} to {worse['high']:.0%}) are worse than "
            f"with all of them ({decibels(shown.value(patterns['unpruned_db']))} dB), and gain by "
            "reconnecting."
        ),
    ]


def _part(numbers: Sequence[int | str]) -> str:
    """A part, or the names of its numbers: "16 < 3" where layer 16 takes x(3)."""
    return " < ".join(map(str, numbers))


def _thinned(
    rows: Sequence[Mapping[str, Any]], kept: Callable[[Mapping[str, Any]], bool]
) -> list[Mapping[str, Any]]:
    """Rows evenly apart, the first and the last among them, and those that are to be kept."""
    places = set(np.linspace(0, len(rows) - 1, min(len(rows), _MOST)).round().astype(int).tolist())
    return [row for place, row in enumerate(rows) if place in places or kept(row)]


def _interval(interval: Mapping[str, Any], shown: Shown, text: Callable[[float], str]) -> str:
    mean, low, high = map(text, shown.interval(interval))
    return mean if mean == "diverged" else f"{mean} [{low}, {high}]"
