"""The best network of a running search beside its baselines, as lines for the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final

from rich.table import Table
from rich.text import Text

from analysis.shown import Shown
from apps.display.colours import BASELINE, BEST, QUIET
from apps.display.state import State
from apps.display.text import available, choice_counts, decibels, difference, gates
from genome import Evaluation

STANDING_WIDTH: Final = 34
"""Columns that the table needs."""


def standing(state: State) -> Table:
    """Validation score of the best so far and of every baseline, and what the best is ahead of each."""
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    best, shown = state.best, state.shown
    heads = ("validation", f"{shown.name} dB", "best minus it")
    table.add_row(*(Text(head, QUIET) for head in heads))
    reached = decibels(shown.value(best.score)) if best else "-"
    table.add_row(Text("best so far", BEST), Text(reached, BEST), "")
    for name, evaluation in state.baselines.items():
        level = decibels(shown.value(evaluation.score))
        table.add_row(Text(name, BASELINE), level, _ahead(best, evaluation, shown))
    return table


def best_lines(state: State) -> Iterator[Text]:
    """What the best so far is made of, and what became of the other evaluations."""
    if state.best is not None:
        genome = state.best.genome
        for label, value in (
            ("connections", f"{genome.connections} of {available(genome.layers)}"),
            ("gates", gates(genome)),
            ("neurons", choice_counts(genome.to_dict())),
        ):
            yield _line(Text.assemble((f"{label:<11} ", QUIET), value))
    yield _line(Text(f"{state.diverged} diverged, {state.reused} reused from the archive", QUIET))
    if state.dropped:
        yield _line(Text(state.dropped, QUIET))
    if state.stages:
        yield _line(Text(state.stages, QUIET))


def levels(baselines: Mapping[str, Evaluation], shown: Shown) -> dict[str, float]:
    """Display name -> validation score in dB, as it is shown."""
    return {name: shown.value(evaluation.score) for name, evaluation in baselines.items()}


def _ahead(best: Evaluation | None, baseline: Evaluation, shown: Shown) -> str:
    if best is None or not math.isfinite(baseline.score):
        return ""
    return difference(shown.value(best.score - baseline.score))


def _line(text: Text) -> Text:
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
