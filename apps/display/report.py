"""The report at the end of a search, for the terminal and as a picture of one."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.text import Text

from analysis.shown import Shown, cell_text
from apps.display.claims import Claims
from apps.display.colours import QUIET
from apps.display.heatmap import HeatMap
from apps.display.sections import control_section, pareto_section
from apps.display.svg import SVG_FORMAT
from apps.display.tables import differences_table, layers_table, models_table, top_table
from apps.display.text import available, choice_counts, clock, dropped_after, flat, printable
from genome import Genome
from genome.files import write_atomic

WIDTH: Final = 100
"""Columns of the picture, and most columns of the report on a terminal."""

_TITLE: Final = "Search report"


def report(result: Mapping[str, Any]) -> RenderableType:
    """Show what ``result.json`` holds: what was searched, what was found, and what is claimed of it.

    Args:
        result: content of ``result.json``.

    Raises:
        KeyError: something that the report shows is missing.
        InputError: a genome in it is illegal.
    """
    shown = Shown.of(result)
    costs = f"{shown.name} against cost"
    return Group(
        *_header(result),
        *_section("Best of the search", top_table(result["top"], shown)),
        Columns([_average(result), _chosen(result)], padding=(0, 4)),
        *_section("Networks", models_table(result, shown)),
        *_section("Random search at the same budget", control_section(result, shown)),
        *(_section(costs, pareto_section(result, shown)) if "pareto" in result else ()),
        *_section(
            "Paired differences",
            differences_table(result["differences"], shown),
            f"{shown.gain}: the first is better. No seed took part in the search; between seeds vary "
            f"{result['comparison']['varies']}.",
        ),
        *_section(
            "Claims",
            Claims(result["claims"]),
            "True or false where the whole 95% interval says so; the margins were fixed before the search.",
        ),
    )


def print_report(result: Mapping[str, Any], console: Console) -> None:
    """Print the report, at most 100 columns wide.

    Raises:
        KeyError: as for `report`.
        InputError: as for `report`.
    """
    console.print(report(result), width=min(console.width, WIDTH))


def write_svg(result: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write the report as a picture of a terminal; the same result gives the same bytes.

    Args:
        result: content of ``result.json``.
        path: SVG file to write, whole or not at all; replaced if it exists.

    Raises:
        KeyError: as for `report`.
        InputError: as for `report`.
        OSError: the file cannot be written.
    """
    # All is said here that Rich would otherwise read from the environment.
    console = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        height=WIDTH,
        force_terminal=True,
        force_interactive=False,
        force_jupyter=False,
        color_system="truecolor",
        legacy_windows=False,
        no_color=False,
    )
    print_report(result, console)
    content = json.dumps(result, sort_keys=True).encode()
    name = f"report-{hashlib.blake2b(content, digest_size=4).hexdigest()}"
    write_atomic(path, console.export_svg(title=_TITLE, unique_id=name, code_format=SVG_FORMAT))


def _header(result: Mapping[str, Any]) -> Iterator[RenderableType]:
    facts = {**result["settings"], **result}
    yield Text(_TITLE, "bold")
    yield Text(
        f"{facts['optimizer']}, seed {facts['seed']}: {facts['evaluations']} evaluations "
        f"({facts['diverged']} diverged) in {clock(facts['seconds'])}"
    )
    reuse = facts["reuse"]
    saved = max(0.0, reuse["seconds_asked"] - reuse["seconds_trained"])
    yield Text(
        f"{reuse['stages_trained']} of {reuse['stages_asked']} stages trained, the others shared or kept: "
        f"{clock(saved)} of training time saved",
        QUIET,
    )
    if halving := facts.get("halving"):
        dropped = dropped_after({int(stage): count for stage, count in halving["dropped"].items()})
        saved_stages = f", {halving['stages_saved']} stages fewer than whole networks, each counted alone"
        yield Text(f"halving: {dropped or 'none dropped'}{saved_stages if dropped else ''}", QUIET)
    if facts.get("cell", "lista") != "lista":
        yield Text(printable(f"cell: {cell_text(facts['cell'])}"), QUIET)
    if "problem" in facts:
        values = flat(facts["problem"])
        yield Text(printable("problem: " + ", ".join(f"{key} {value}" for key, value in values)), QUIET)
    yield Text()


def _section(title: str, content: RenderableType, note: str = "") -> Iterator[RenderableType]:
    yield Text(title, "bold")
    yield content
    if note:
        yield Text(note, QUIET)
    yield Text()


def _average(result: Mapping[str, Any]) -> RenderableType:
    heat = result["heatmap"]
    return Group(
        Text("Average architecture", "bold"),
        Text(
            f"share of the best {heat['count']} that use a connection\n(row: destination, column: source)",
            QUIET,
        ),
        HeatMap(heat["share"]),
        Text(f"neurons by majority: {choice_counts(result['average']['genome'])}", QUIET),
        Text(),
    )


def _chosen(result: Mapping[str, Any]) -> RenderableType:
    genome = Genome.from_dict(result["chosen"]["genome"])
    return Group(
        Text("Chosen network", "bold"),
        Text(f"{genome.connections} of {available(genome.layers)} extra connections", QUIET),
        layers_table(genome),
        Text(),
    )
