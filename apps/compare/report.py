"""The report of a comparison, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from apps.compare.agreement import WHOLE
from apps.display.colours import QUIET
from apps.display.text import printable


def report(content: Mapping[str, Any]) -> RenderableType:
    """Show what ``compare.json`` holds.

    Raises:
        KeyError: something that the report shows is missing.
    """
    score = "validation NMSE" if content["score"] == "nmse" else "hypervolume of NMSE and connections"
    return Group(
        Text("Comparison of optimizers", "bold"),
        Text(
            printable(
                f"table {content['table']} ({content['genomes']:,} networks), {score}: {content['seeds']} "
                f"seeds, {content['budget']} evaluations in batches of {content['batch']}"
            )
        ),
        Text(),
        Text("Regret, relative to random search [95% interval]", "bold"),
        _regrets(content["strategies"]),
        Text(
            "0: the best of the table; 1: no better than random search. p: Mann-Whitney, one-sided, lower "
            "final regret than random search's, Holm-corrected." + _starred(content["strategies"]),
            QUIET,
        ),
        Text(),
        Text(f"Averages of the best {content['agreement']['top']} networks", "bold"),
        _agreement(content["agreement"]),
        Text(
            "overlap: connections that both averages have, of those that either has; with itself: the same "
            "optimizer with another seed.",
            QUIET,
        ),
    )


def _regrets(strategies: Mapping[str, Any]) -> Table:
    marks = [row["evaluations"] for row in next(iter(strategies.values()))["regret"]]
    table = _table("optimizer\nafter")
    for head in (*(f"\n{mark}" for mark in marks), "\n[95%]", "\np", "found\nbest", "ms a\ngenome"):
        table.add_column(head, justify="right", no_wrap=True)
    for label, entry in sorted(strategies.items(), key=lambda item: item[1]["regret"][-1]["mean"]):
        last = entry["regret"][-1]
        table.add_row(
            Text(printable(f"{label} *" if len(entry["goals"]) > 1 else label)),
            *(_decimals(row["relative"]) for row in entry["regret"]),
            f"[{_decimals(last['low'])}, {_decimals(last['high'])}]",
            "" if last["p"] is None else f"{last['p']:.0e}",
            f"{last['found']:.0%}",
            f"{entry['milliseconds_a_genome']:.2f}",
        )
    return table


def _starred(strategies: Mapping[str, Any]) -> str:
    several = any(len(entry["goals"]) > 1 for entry in strategies.values())
    return " *: minimizes both; the others minimize NMSE alone." if several else ""


def _table(first: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column(first, min_width=12, overflow="fold")
    return table


def _decimals(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _agreement(content: Mapping[str, Any]) -> Table:
    labels = [label for label in content["soft"] if label != WHOLE]
    overlaps = {}
    for pair in content["pairs"]:
        overlaps[pair["first"], pair["second"]] = overlaps[pair["second"], pair["first"]] = pair["jaccard"]
    table = _table("overlap with")
    for label in (*labels, WHOLE):
        table.add_column(Text(printable(label)), justify="right")
    for label in labels:
        table.add_row(
            Text(printable(label)), *(f"{overlaps[label, other]:.2f}" for other in (*labels, WHOLE))
        )
    table.add_section()
    for name, key, form in (("soft thresholds", "soft", ".0%"), ("connections", "connections", ".1f")):
        table.add_row(name, *(format(content[key][label], form) for label in (*labels, WHOLE)))
    return table
