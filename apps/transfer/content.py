"""The content of ``transfer.json`` and ``transfer.csv``."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from analysis.shown import Shown, cell_text
from analysis.transfer import MODELS, TRANSFERRED, Patterns, latter_half, transfer
from apps.search.result import versions
from apps.transfer.options import TransferOptions
from apps.transfer.setting import rule
from builders.cells import Cell
from genome import Evaluation, Genome

FORMAT, VERSION = "lista-genome/transfer", 1

_COLUMNS: Final = (
    "cell",
    "model",
    "pattern",
    "digest",
    "connections",
    "seed",
    "test_nmse_db",
    "test_ratio_db",
)

Trained = Mapping[str, Sequence[Mapping[int, Evaluation]]]
"""Model -> for each of its networks, seed -> evaluation."""


def destination(cell: Cell, trained: Trained, shown: Shown) -> dict[str, Any]:
    """What became of the pattern in one cell."""
    scores = {
        name: [{seed: _db(each.test_nmse_db) for seed, each in row.items()} for row in of]
        for name, of in trained.items()
    }
    return {
        "cell": cell.describe(),
        **transfer(scores, shown).to_dict(),
        "test_nmse_db": {
            name: [{str(seed): _strict(value) for seed, value in row.items()} for row in of]
            for name, of in scores.items()
        },
    }


def content(
    options: TransferOptions,
    given: Genome,
    patterns: Patterns,
    destinations: Sequence[Mapping[str, Any]],
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Put everything that a transfer found into one JSON value, but the time it took."""
    (transferred,) = patterns[TRANSFERRED]
    return {
        "format": FORMAT,
        "version": VERSION,
        "genome": {"name": options.genome, **_network(given)},
        "layers": transferred.layers,
        "rule": rule(given, transferred.layers),
        "whole": options.whole,
        "latter_half": latter_half(transferred.layers),
        "models": {name: [_network(each) for each in of] for name, of in patterns.items()},
        "left_out": [name for name in MODELS if name not in patterns],
        "source": options.problem.source,
        "train": options.train,
        "destinations": list(destinations),
        "settings": settings,
        "versions": versions(),
    }


def rows(trained: Mapping[Cell, Trained]) -> str:
    """Every score as CSV, one line for each network and seed; "inf" where a training diverged."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for cell, models in trained.items():
        for name, of in models.items():
            for number, row in enumerate(of, 1):
                table.writerows(
                    (
                        cell_text(cell.describe()),
                        name,
                        number,
                        each.genome.digest,
                        each.connections,
                        seed,
                        each.test_nmse_db,
                        each.test_ratio_db,
                    )
                    for seed, each in row.items()
                )
    return text.getvalue()


def _network(genome: Genome) -> dict[str, Any]:
    return {
        "layers": genome.layers,
        "connections": genome.connections,
        "digest": genome.digest,
        "genome": genome.to_dict(),
    }


def _db(score: float | None) -> float:
    return math.inf if score is None else score


def _strict(score: float) -> float | None:
    """As strict JSON, which has no infinity: None where the training diverged."""
    return score if math.isfinite(score) else None
