"""The report of an analysis, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from analysis.shown import Shown
from apps.analyze.content import RANDOM
from apps.analyze.parts import connection
from apps.analyze.sample_report import sample_report
from apps.display.colours import QUIET
from apps.display.cut_table import CutTable
from apps.display.text import printable, ranges

_LISTED: Final = 12


def report(content: Mapping[str, Any]) -> RenderableType:
    """Show what an ``analysis.json`` holds.

    Raises:
        KeyError: something that the report shows is missing.
    """
    shown = Shown.of({"settings": {"metric": content["metric"]}})
    state = "finished" if content["finished"] else "not finished"
    parts: list[RenderableType] = [
        Text(f"Analysis of {printable(content['run'])}", "bold"),
        Text(printable(f"{content['optimizer']}, {content['evaluations']} evaluations, {state}")),
        Text(),
        Text(f"The average of the best {content['top']}", "bold"),
        *map(Text, _average(content)),
        Text(),
        _layers(content),
        *map(Text, _use(content["patterns"]["network"])),
    ]
    if content["connections"]:
        parts += [Text(), _distances(content)]
    for name, sample in content["samples"].items():
        parts += [Text(), *sample_report(name, sample, shown)]
    return Group(*parts, Text(), Text(_notes(content, shown), QUIET))


def agreement_report(content: Mapping[str, Any]) -> RenderableType:
    """Show what an ``agreement.json`` holds."""
    runs = CutTable("run", "optimizer", "seed", "best of", "connections", "soft")
    for run in content["runs"]:
        runs.add_row(
            run["run"],
            run["optimizer"],
            str(run["seed"]),
            str(run["top"]),
            str(run["connections"]),
            f"{run['soft']:.0%}",
        )
    pairs = CutTable("pair of runs", "overlap", "difference", "same neuron")
    for pair in content["pairs"]:
        pairs.add_row(
            f"{pair['first']} and {pair['second']}",
            f"{pair['jaccard']:.2f}",
            f"{pair['difference']:.3f}",
            f"{pair['same_neurons']:.0%}",
        )
    explained = (
        "overlap: connections that both averages have, of those that either has; difference: mean absolute "
        "difference of the shares; same neuron: layers with the same most used neuron."
    )
    return Group(Text("Agreement of the runs", "bold"), runs, Text(), pairs, Text(explained, QUIET))


def _average(content: Mapping[str, Any]) -> Iterator[str]:
    average, agreed, found = content["average"], content["agreement"], content["bootstrap"]
    possible = agreed["possible"]
    yield f"{average['connections']} of {possible} extra connections at threshold {content['threshold']:g}"
    if not possible:
        return
    yield (
        f"{agreed['level']:.0%} of the networks agree on {agreed['off'] + agreed['on']} of {possible}: "
        f"{agreed['off']} ({agreed['off'] / possible:.0%}) off, {agreed['on']} on"
    )
    yield _difference(content)
    settled = found["on"] + found["off"]
    yield (
        f"settled in {found['settled_from']:.0%} of {found['resamples']:,} resamples: {settled} of "
        f"{possible} connections, {found['on']} on, {found['off']} off"
    )
    if found["open"]:
        yield f"not settled: {_listed(found['open'])}"
    first = found["frequent"][0]
    yield (
        f"the resamples have {found['distinct']:,} different averages; the most frequent comes in "
        f"{first['share']:.1%} of them, with {first['connections']} connections"
    )


def _difference(content: Mapping[str, Any]) -> str:
    found = content["difference"]
    text = f"best {content['against']} against best {content['top']}: mean difference {found['mean']:.3f}"
    if found["largest"]:
        largest = found["largest"]
        text += f", largest {largest['difference']:+.2f} at {connection(largest)}"
    crossing = _listed(found["crossing"]) if found["crossing"] else "no connection"
    return f"{text}; {crossing} across the threshold"


def _layers(content: Mapping[str, Any]) -> CutTable:
    by_layer = {name: content["patterns"][name]["by_layer"] for name in ("network", "mean")}
    neurons = content["neurons"]
    table = CutTable("layer", "connections", "of", "share", "mean", "neuron", "used by")
    network = {row["place"]: row for row in by_layer["network"]}
    mean = {row["place"]: row for row in by_layer["mean"]}
    for neuron in neurons:
        layer = neuron["layer"]
        cells = ("", "", "", "")
        if layer in network:
            row = network[layer]
            used, share = f"{row['used']:.0f}", f"{row['share']:.0%}"
            cells = (used, str(row["possible"]), share, f"{mean[layer]['used']:.1f}")
        table.add_row(str(layer), *cells, neuron["neuron"], f"{neuron['share']:.0%}")
    return table


def _use(network: Mapping[str, Any]) -> Iterator[str]:
    last, shares = network["last_layer"], network["share_of_layers"]
    if last is not None:
        without = ranges(network["layers_without"]) or "none"
        yield f"layers from 3 on without an extra connection: {without}"
        yield (
            f"layers that use a third or more of their sources: {shares['third']:.0%}, half or more: "
            f"{shares['half']:.0%}; the last layer uses {last['used']:.0f} of {last['possible']}"
        )


def _distances(content: Mapping[str, Any]) -> CutTable:
    by_distance = {name: content["patterns"][name]["by_distance"] for name in ("network", "mean")}
    table = CutTable("distance", "connections", "of", "share", "mean")
    for row, mean in zip(*by_distance.values(), strict=True):
        table.add_row(
            str(row["place"]),
            f"{row['used']:.0f}",
            str(row["possible"]),
            f"{row['share']:.0%}",
            f"{mean['used']:.1f}",
        )
    return table


def _notes(content: Mapping[str, Any], shown: Shown) -> str:
    stable = (
        "16<3: layer 16 takes x(3). mean: over the best networks, without a threshold. Resamples say how far "
        "the average depends on which networks were the best, not where another search would end."
    )
    effects = (
        f"alone: {shown.name} with the connection minus without it; beside others: its term in a sum of one "
        f"term a choice. {shown.gain}: better. p: t-test, Holm-corrected for all connections measured."
    )
    notes = [stable, effects]
    if any(not sample["random"] for sample in content["samples"].values()):
        better = " Prefer those over random networks." if RANDOM in content["samples"] else ""
        notes.append(
            "A search evaluates what it expects to be good: effects and trends over its own networks say "
            f"what it did, not what a connection causes.{better}"
        )
    return "\n".join(notes)


def _listed(connections: Sequence[Mapping[str, Any]]) -> str:
    more = f" and {len(connections) - _LISTED} more" if len(connections) > _LISTED else ""
    return " ".join(map(connection, connections[:_LISTED])) + more
