"""What a connection does, for the terminal: the part of the report on one sample of networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from analysis.importance_figure import SIGNIFICANT
from analysis.shown import Shown
from apps.analyze.parts import connection
from apps.display.cut_table import CutTable
from apps.display.text import counts

_STRONGEST: Final = 8


def sample_report(name: str, sample: Mapping[str, Any], shown: Shown) -> list[RenderableType]:
    """Show effects and dependence.

    Args:
        name: of the sample.
        sample: its entry in ``analysis.json``.
        shown: how scores are shown.
    """
    left_out = f", {sample['left_out']} diverged or dropped left out" if sample["left_out"] else ""
    parts: list[RenderableType] = [
        Text(f"What a connection does, over {sample['networks']} {name}{left_out}", "bold")
    ]
    if sample["alone"]:
        parts.append(_effects(sample, shown))
        parts += [Text(line) for line in _significant(sample)]
    else:
        parts.append(Text("no connection is on in two networks and off in two others"))
    if sample["beside_others"] is None:
        parts.append(Text(sample["not_beside_others"]))
    if sample["dependence"] is None:
        return [*parts, Text(sample["no_dependence"])]
    return [*parts, Text(), *_dependence(sample["dependence"], shown)]


def _effects(sample: Mapping[str, Any], shown: Shown) -> CutTable:
    table = CutTable("connection", "with", "alone, dB [95%]", "p", "beside others [95%]", "p")
    others = {connection(each): each for each in sample["beside_others"] or ()}
    for effect in sorted(sample["alone"], key=lambda each: (each["p"], -abs(each["mean"])))[:_STRONGEST]:
        name = connection(effect)
        beside = others.get(name)
        table.add_row(
            name,
            f"{effect['on']}/{effect['on'] + effect['off']}",
            _interval(effect, shown),
            _p(effect["p_holm"]),
            _interval(beside, shown) if beside else "-",
            _p(beside["p_holm"]) if beside else "-",
        )
    return table


def _significant(sample: Mapping[str, Any]) -> Iterator[str]:
    for kind, words in (("alone", "alone"), ("beside_others", "beside the others")):
        effects = sample[kind]
        if effects:
            sure = [effect for effect in effects if effect["p_holm"] < SIGNIFICANT]
            signs = counts("better" if effect["mean"] < 0 else "worse" for effect in sure)
            told = f" ({signs})" if sure else ""
            yield f"{words}: {len(effects)} measured, {len(sure)} with p < {SIGNIFICANT}{told}"


def _dependence(found: Mapping[str, Any], shown: Shown) -> list[RenderableType]:
    table = CutTable("extra connections", "networks", f"{shown.name}, dB [95%]")
    for row in found["bins"]:
        place = str(row["fewest"]) if row["fewest"] == row["most"] else f"{row['fewest']}-{row['most']}"
        table.add_row(place, str(row["networks"]), _interval(row, shown, sign=""))
    trend = found["trend"]
    correlation = shown.sign * trend["spearman"]
    line = f"rank correlation of {shown.name} and connections {correlation:+.2f}, p {_p(trend['p'])}"
    return [table, Text(line)]


def _interval(row: Mapping[str, float], shown: Shown, sign: str = "+") -> str:
    mean, low, high = shown.interval(row)
    return f"{mean:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]"


def _p(value: float) -> str:
    return f"{value:.2g}" if value >= 0.001 else f"{value:.0e}"
