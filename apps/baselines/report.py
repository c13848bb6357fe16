"""The table of a measurement, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from apps.display.colours import BASELINE, QUIET
from apps.display.text import flat, printable

REFERENCE: Final = "LISTA"
"""What times are compared with."""


def report(content: Mapping[str, Any]) -> RenderableType:
    """Show what ``baselines.json`` holds.

    Raises:
        KeyError: something that the report shows is missing.
    """
    samples, problem = content["samples"], flat(content["settings"]["problem"])
    return Group(
        Text("Quality against time", "bold"),
        Text(
            printable(
                f"{content['m']} x {content['n']}, {content['source']}: {samples['test']:,} test samples, "
                f"solvers tuned on {samples['tuning']:,} validation samples"
            )
        ),
        Text(printable("problem: " + ", ".join(f"{key} {value}" for key, value in problem)), QUIET),
        Text(),
        _table(content),
        Text(_notes(content), QUIET),
    )


def _table(content: Mapping[str, Any]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column("\n", min_width=17, overflow="fold")
    heads = (
        f"{content['metric']}\ndB",
        "\n[95%]",
        "single\nµs",
        f"\n/ {REFERENCE}",
        "batch\nµs",
        f"\n/ {REFERENCE}",
    )
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    reference = next((row["microseconds"] for row in content["rows"] if row["name"] == REFERENCE), None) or {}
    for kind in ("network", "solver"):
        for row in content["rows"]:
            if row["kind"] == kind:
                style = BASELINE if kind == "network" else ""
                table.add_row(*_cells(row, reference), style=style)
        table.add_section()
    for name, quality in content["bounds"].items():
        table.add_row(f"{name} (a bound)", *_quality(quality))
    return table


def _cells(row: Mapping[str, Any], reference: Mapping[str, float | None]) -> list[str | Text]:
    cells: list[str | Text] = [Text(printable(row["name"])), *_quality(row["quality_db"])]
    microseconds = row["microseconds"] or {}
    for way in ("single", "batch"):
        value, its = microseconds.get(way), reference.get(way)
        cells += [_number(value), _number(value / its if value and its else None)]
    return cells


def _number(value: float | None) -> str:
    """Three digits and more."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _quality(quality: Mapping[str, float] | None) -> tuple[str, str]:
    if quality is None:
        return "diverged", ""
    return f"{quality['value']:.2f}", f"[{quality['low']:.1f}, {quality['high']:.1f}]"


def _tuned(content: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{row['name']}, {row['tuned'].replace('_', '-')} {row['parameters'][row['tuned']]:.3g}"
        f"{'*' if row['at_edge'] else ''}"
        for row in content["rows"]
        if "tuned" in row
    )


def _notes(content: Mapping[str, Any]) -> str:
    notes = (
        f"µs: microseconds a signal, one at a time and in a batch of {content['timing']['batch']}; medians "
        "over rounds, side by side on one thread of the CPU; what depends on the dictionary alone is done "
        "before. [95%]: bootstrap over test samples; it does not tell how another training "
        "would end."
    )
    tuned = _tuned(content)
    if tuned:
        notes += f"\nTuned: {tuned}."
    if "*" in tuned:
        notes += " *: the smallest value that was tried."
    return notes
