"""Regret curves of runs on a table."""

from __future__ import annotations

import numpy as np

from analysis.regret import Curves, best_so_far, negative_hypervolume
from apps.compare.options import Score
from apps.compare.runs import Run
from evaluation.tabular import Table


def regret_curves(table: Table, runs: list[Run], score: Score) -> dict[str, Curves]:
    """Regret after every evaluation, by strategy.

    A run that exhausted the space before its budget was spent keeps its last regret.

    Returns:
        Label -> (runs, budget), in dB, or in dB times connections for the hypervolume; the order is that of
        the runs.
    """
    curves: dict[str, list[Curves]] = {}
    for run in runs:
        reached = _reached(table, run.asked, score)
        curve = np.pad(reached, (0, run.job.budget - len(reached)), mode="edge")
        curves.setdefault(run.job.strategy.label, []).append(curve)
    whole = _reached(table, np.arange(len(table.scores)), score)[-1]
    return {label: np.array(each) - whole for label, each in curves.items()}


def _reached(table: Table, asked: np.ndarray[tuple[int], np.dtype[np.int64]], score: Score) -> Curves:
    """What a run has reached after every evaluation; lower is better."""
    scores = table.scores[asked]
    if score == "nmse":
        return best_so_far(scores)
    worst = float(table.scores[np.isfinite(table.scores)].max())
    return negative_hypervolume(scores, table.connections[asked], worst, int(table.connections.max()))
