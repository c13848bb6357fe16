"""The tables of the report at the end of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from analysis.shown import Shown, baseline_name
from apps.display.colours import BASELINE, BEST
from apps.display.text import choice_counts, decibels, difference, extra_sources
from genome import Genome
from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT


def models_table(result: Mapping[str, Any], shown: Shown) -> Table:
    """Connections, validation and test score of every network compared."""
    table = _models(shown)
    for name in ("average", "chosen", "best"):
        _add_model(table, name, result[name], BEST if name == "chosen" else "", shown)
    for key, model in result["baselines"].items():
        _add_model(table, baseline_name(key, model), model, BASELINE, shown)
    return table


def models_rows(models: Mapping[str, Mapping[str, Any]], shown: Shown) -> Table:
    """The same of other networks, by display name."""
    table = _models(shown)
    for name, model in models.items():
        _add_model(table, name, model, "", shown)
    return table


def control_table(rows: Iterable[Mapping[str, Any]], shown: Shown) -> Table:
    """By budget, the search's best so far beside what random search finds."""
    table = _table("evaluations", "best of the\nsearch (dB)", "best of random\nsearch (dB)")
    for row in rows:
        random = _interval(*map(decibels, shown.interval(row)))
        table.add_row(str(row["evaluations"]), decibels(shown.value(row["search"])), random)
    return table


def costs_table(
    entries: Iterable[Mapping[str, Any]], baselines: Mapping[str, Mapping[str, Any]], shown: Shown
) -> Table:
    """Validation score and what networks cost at inference, by genome and by name."""
    table = _table(
        "genome", f"valid.\n{shown.name} (dB)", "connec-\ntions", "para-\nmeters", "multiply-\nadds"
    )
    named = [(entry["digest"], entry, "") for entry in entries]
    named += [(baseline_name(key, model), model, BASELINE) for key, model in baselines.items()]
    for name, row, style in named:
        numbers = (row[key] for key in ("connections", "parameters", "multiply_adds"))
        costs = ("-" if number is None else str(number) for number in numbers)
        table.add_row(Text(name, style), decibels(shown.value(row["valid_nmse_db"])), *costs)
    return table


def differences_table(differences: Iterable[Mapping[str, Any]], shown: Shown) -> Table:
    """Test score of one network minus another's, seed by seed."""
    table = _table("first - second", f"test {shown.name} (dB)\n[95% interval]", "seeds")
    for row in differences:
        numbers = _interval(*map(difference, shown.interval(row)))
        table.add_row(f"{row['subject']} - {row['reference']}", numbers, str(row["seeds"]))
    return table


def top_table(top: Iterable[Mapping[str, Any]], shown: Shown) -> Table:
    """The best evaluations of the search."""
    table = _table("rank", f"valid.\n{shown.name} (dB)", "connections", "genome", "neurons", words=2)
    for row in top:
        table.add_row(
            str(row["rank"]),
            decibels(shown.value(row["valid_nmse_db"])),
            str(row["connections"]),
            row["digest"],
            choice_counts(row["genome"]),
        )
    return table


def layers_table(genome: Genome) -> Table:
    """What each layer of a network is, and takes beside the output of the layer before."""
    sources, layers = extra_sources(genome), range(1, genome.layers + 1)
    columns: dict[str, Iterable[str]] = {"layer": map(str, layers), "neuron": genome.neurons}
    if set(genome.weights) != {USUAL_WEIGHT}:
        columns["weights"] = genome.weights
    if set(genome.thresholds) != {USUAL_THRESHOLD}:
        columns["threshold"] = genome.thresholds
    columns["extra sources"] = (sources.get(layer, "-") for layer in layers)
    if not all(genome.side):
        columns["measurement"] = ("yes" if side else "no" for side in genome.side)
    table = _table(*columns, words=len(columns) - 1)
    for row in zip(*columns.values(), strict=True):
        table.add_row(*row)
    return table


def _table(*heads: str, words: int = 0) -> Table:
    """A table whose columns hold numbers after the first, and ``words`` at the end; the last one may wrap."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    tallest = max(head.count("\n") for head in heads)
    for place, head in enumerate(heads):
        lowered = "\n" * (tallest - head.count("\n")) + head
        numbers = 0 < place < len(heads) - words
        last = place == len(heads) - 1
        table.add_column(lowered, justify="right" if numbers else "left", no_wrap=not last)
    return table


def _models(shown: Shown) -> Table:
    return _table(
        "network", "connections", f"valid.\n{shown.name} (dB)", f"test {shown.name} (dB)\n[95% interval]"
    )


def _add_model(table: Table, name: str, model: Mapping[str, Any], style: str, shown: Shown) -> None:
    test = model["test_nmse_db"]
    measured = "not measured" if test is None else _interval(*map(decibels, shown.interval(test)))
    valid = decibels(shown.value(model["valid_nmse_db"]))
    table.add_row(Text(name, style), str(model["connections"]), valid, measured)


def _interval(mean: str, low: str, high: str) -> str:
    return mean if mean == "diverged" else f"{mean} [{low}, {high}]"
