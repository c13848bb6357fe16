"""Whether optimizers find the same architecture: overlap of the averages of what each found best."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import Any

import numpy as np

from analysis.average import Average
from analysis.overlap import overlap, soft_share, top_average
from apps.compare.runs import Run
from evaluation.tabular import Table

WHOLE = "whole table"
"""Label of the best networks that there are."""


def agreement(table: Table, runs: list[Run], top: int) -> dict[str, Any]:
    """Compare the average of the best ``top`` networks of every run, as JSON data.

    Strategies are compared run by run; a strategy with itself, each run with the
    next; with the best of the whole table, every run.

    Raises:
        InputError: a run has fewer finite networks.
    """
    genomes = list(table.space.enumerate())

    def best(places: Any) -> Average:
        return top_average([genomes[place] for place in places], table.scores[places], top)

    averages: dict[str, list[Average]] = {}
    for run in runs:
        averages.setdefault(run.job.strategy.label, []).append(best(run.asked))
    whole = [best(np.arange(len(genomes)))] * max(len(each) for each in averages.values())
    everything: Mapping[str, list[Average]] = {**averages, WHOLE: whole}
    return {
        "top": top,
        "pairs": [
            {"first": a, "second": b, **_mean_overlap(everything[a], everything[b])}
            for a, b in combinations(everything, 2)
        ]
        + [{"first": a, "second": a, **_mean_overlap(each[:-1], each[1:])} for a, each in averages.items()],
        "soft": {label: float(np.mean([soft_share(a) for a in each])) for label, each in everything.items()},
        "connections": {
            label: float(np.mean([a.genome().connections for a in each]))
            for label, each in everything.items()
        },
    }


def _mean_overlap(first: list[Average], second: list[Average]) -> dict[str, float]:
    found = [overlap(a, b).to_dict() for a, b in zip(first, second, strict=True)]
    return {key: float(np.mean([one[key] for one in found])) for key in found[0]}
