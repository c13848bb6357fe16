"""The tables of the report at the end of a search."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from apps.display.colours import BASELINE, BEST
from apps.display.text import BASELINE_NAMES, decibels, difference, extra_sources, neuron_counts
from genome import Genome


def models_table(result: Mapping[str, Any]) -> Table:
    """Connections, validation NMSE and test NMSE of every network compared."""
    table = _models()
    for name in ("average", "chosen", "best"):
        _add_model(table, name, result[name], BEST if name == "chosen" else "")
    for key, model in result["baselines"].items():
        _add_model(table, BASELINE_NAMES.get(key, key), model, BASELINE)
    return table


def models_rows(models: Mapping[str, Mapping[str, Any]]) -> Table:
    """The same of other networks, by display name."""
    table = _models()
    for name, model in models.items():
        _add_model(table, name, model, "")
    return table


def control_table(rows: Iterable[Mapping[str, Any]]) -> Table:
    """By budget, the search's best so far beside what random search finds."""
    table = _table("evaluations", "best of the\nsearch (dB)", "best of random\nsearch (dB)")
    for row in rows:
        random = _interval(*(decibels(row[key]) for key in ("mean", "low", "high")))
        table.add_row(str(row["evaluations"]), decibels(row["search"]), random)
    return table


def costs_table(entries: Iterable[Mapping[str, Any]], baselines: Mapping[str, Mapping[str, Any]]) -> Table:
    """Validation NMSE and what networks cost at inference, by genome and by name."""
    table = _table("genome", "valid.\nNMSE (dB)", "connec-\ntions", "para-\nmeters", "multiply-\nadds")
    named = [(entry["digest"], entry, "") for entry in entries]
    named += [(BASELINE_NAMES.get(key, key), model, BASELINE) for key, model in baselines.items()]
    for name, row, style in named:
        costs = (str(row[key]) for key in ("connections", "parameters", "multiply_adds"))
        table.add_row(Text(name, style), decibels(row["valid_nmse_db"]), *costs)
    return table


def differences_table(differences: Iterable[Mapping[str, Any]]) -> Table:
    """Test NMSE of one network minus another's, seed by seed."""
    table = _table("first - second", "test NMSE (dB)\n[95% interval]", "seeds")
    for row in differences:
        numbers = [difference(row[key]) for key in ("mean", "low", "high")]
        table.add_row(f"{row['subject']} - {row['reference']}", _interval(*numbers), str(row["seeds"]))
    return table


def top_table(top: Iterable[Mapping[str, Any]]) -> Table:
    """The best evaluations of the search."""
    table = _table("rank", "valid.\nNMSE (dB)", "connections", "genome", "neurons", words=2)
    for row in top:
        table.add_row(
            str(row["rank"]),
            decibels(row["valid_nmse_db"]),
            str(row["connections"]),
            row["digest"],
            neuron_counts(row["neurons"]),
        )
    return table


def layers_table(genome: Genome) -> Table:
    """What each layer of a network takes beside the output of the layer before."""
    sides = [] if all(genome.side) else ["measurement"]
    table = _table("layer", "neuron", "extra sources", *sides, words=2 + len(sides))
    sources = extra_sources(genome)
    for layer, (neuron, side) in enumerate(zip(genome.neurons, genome.side, strict=True), 1):
        measurement = ["yes" if side else "no"] * len(sides)
        table.add_row(str(layer), neuron, sources.get(layer, "-"), *measurement)
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


def _models() -> Table:
    return _table("network", "connections", "valid.\nNMSE (dB)", "test NMSE (dB)\n[95% interval]")


def _add_model(table: Table, name: str, model: Mapping[str, Any], style: str) -> None:
    test = model["test_nmse_db"]
    measured = "not measured"
    if test is not None:
        measured = _interval(*(decibels(test[key]) for key in ("mean", "low", "high")))
    table.add_row(Text(name, style), str(model["connections"]), decibels(model["valid_nmse_db"]), measured)


def _interval(mean: str, low: str, high: str) -> str:
    return mean if mean == "diverged" else f"{mean} [{low}, {high}]"
