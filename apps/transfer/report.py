"""The report of a transfer, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from analysis.shown import Shown, cell_text
from analysis.transfer import LATTER_HALF, RANDOM, TRANSFERRED
from apps.display.claims import Claims
from apps.display.colours import BASELINE, BEST, QUIET
from apps.display.cut_table import CutTable
from apps.display.text import available, decibels, difference, flat, printable

_NOTES: Final = (
    "[95%]: Student t over seeds, of a mean or of the differences seed by seed. p: paired t-test, two-sided, "
    "Holm-corrected for the differences of one cell. The claims were fixed beforehand; each is judged by its "
    "interval alone."
)


def report(content: Mapping[str, Any]) -> RenderableType:
    """Show what ``transfer.json`` holds.

    Raises:
        KeyError: something that the report shows is missing.
    """
    shown = Shown(**content["settings"]["metric"])
    parts: list[RenderableType] = [Text("Transfer of a connectivity", "bold"), *_head(content), Text()]
    for destination in content["destinations"]:
        parts.append(Text(printable(f"In {cell_text(destination['cell'])}"), "bold"))
        parts.append(_table(content, destination, shown))
        parts += [Text(line) for line in _patterns(destination)]
        parts += [Claims(destination["claims"]), Text()]
    return Group(*parts, Text(_NOTES + _left_out(content), QUIET))


def _head(content: Mapping[str, Any]) -> Iterator[Text]:
    given, (moved,) = content["genome"], content["models"][TRANSFERRED]
    layers, settings = moved["layers"], content["settings"]
    size = f"{moved['connections']} of {available(layers)} extra connections"
    what = "with all that its layers are" if content["whole"] else "connections alone"
    yield Text(printable(f"{given['name']}: {size} at {layers} layers, {what}"))
    if content["rule"]:
        yield Text(f"It had {given['connections']} at {given['layers']} layers. {content['rule']}", QUIET)
    dictionary, train = settings["dictionary"], content["train"]
    limit = "" if train is None else f", {train:,} training samples"
    where = f"{dictionary['m']} x {dictionary['n']}, {content['source']}{limit}"
    yield Text(printable(f"{where}: {settings['seeds']} seeds, which set {settings['varies']}"))
    problem = ", ".join(f"{key} {value}" for key, value in flat(settings["problem"]))
    yield Text(printable(f"problem: {problem}"), QUIET)


def _table(content: Mapping[str, Any], destination: Mapping[str, Any], shown: Shown) -> CutTable:
    table = CutTable(
        "network",
        "extra\nconn.",
        f"test {shown.name} (dB)\n[95%]",
        f"{TRANSFERRED}\nminus it (dB) [95%]",
        "p",
    )
    tests = {test["reference"]: test for test in destination["differences"]}
    for name, networks in content["models"].items():
        style = BEST if name == TRANSFERRED else BASELINE
        test = tests.get(name)
        table.add_row(
            Text(_label(name, content), style),
            str(networks[0]["connections"]),
            _interval(destination["models"][name], shown),
            "" if test is None else _interval(test, shown, signed=True),
            "" if test is None else _p(test["p_holm"]),
        )
        for number, pattern in enumerate(destination["patterns"].get(name, ()), 1):
            table.add_row(
                Text(f"  pattern {number}", QUIET), "", Text(_interval(pattern, shown), QUIET), "", ""
            )
    return table


def _label(name: str, content: Mapping[str, Any]) -> str:
    if name == LATTER_HALF:
        return f"{name} ({content['latter_half']}-{content['layers']})"
    count = len(content["models"][name])
    return f"{name}, mean of {count}" if count > 1 else name


def _interval(row: Mapping[str, Any], shown: Shown, *, signed: bool = False) -> str:
    mean, low, high = map(difference if signed else decibels, shown.interval(row))
    return mean if mean == "diverged" else f"{mean} [{low}, {high}]"


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _patterns(destination: Mapping[str, Any]) -> Iterator[str]:
    """Where the transferred pattern stands among the random ones, and what spreads those."""
    standing, spread = destination["standing"], destination["spreads"].get(RANDOM)
    if standing:
        yield (
            f"Among random patterns: {TRANSFERRED} is better than {standing['beaten']} of "
            f"{standing['patterns']}, by means over seeds; a random one would stand as high with probability "
            f"{standing['p']:.2f}."
        )
    if spread:
        yield (
            f"Spread of the random patterns (standard deviation): {spread['networks']:.2f} dB between "
            f"patterns, {spread['seeds']:.2f} dB between seeds, {spread['rest']:.2f} dB the rest."
        )


def _left_out(content: Mapping[str, Any]) -> str:
    names = content["left_out"]
    return f" Left out, for only the transferred network itself is so: {', '.join(names)}." if names else ""
