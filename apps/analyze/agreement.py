"""How far the averages of several runs agree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

from analysis.average import Average
from analysis.overlap import overlap, soft_share
from apps.analyze.runs import AnalyzedRun

FORMAT, VERSION = "lista-genome/agreement", 1


def agreement(runs: Sequence[AnalyzedRun], threshold: float) -> dict[str, Any]:
    """The content of ``agreement.json``: every pair of runs, and what each run's average is like.

    Args:
        runs: at least two.
        threshold: from which share on an average has a connection.
    """
    averages = {run.name: run.average for run in runs}
    return {
        "format": FORMAT,
        "version": VERSION,
        "threshold": threshold,
        "runs": [_run(run, averages[run.name], threshold) for run in runs],
        "pairs": [
            {
                "first": first,
                "second": second,
                **overlap(averages[first], averages[second], threshold).to_dict(),
                "same_neurons": _same_neurons(averages[first], averages[second]),
            }
            for first, second in combinations(averages, 2)
        ],
    }


def _run(run: AnalyzedRun, average: Average, threshold: float) -> dict[str, Any]:
    return {
        "run": run.name,
        "folder": str(run.folder),
        "optimizer": run.searched.settings["optimizer"],
        "seed": run.searched.settings["seed"],
        "top": average.count,
        "connections": average.genome(threshold).connections,
        "soft": soft_share(average),
        "best": run.leaders[0].score,
    }


def _same_neurons(first: Average, second: Average) -> float:
    """Share of the layers in which both averages have the same most used neuron."""
    same = sum(a == b for a, b in zip(first.neurons, second.neurons, strict=True))
    return same / first.layers
