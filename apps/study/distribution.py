"""Figures 5 and 6: random networks under every injection, NMSE against number of connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.comparison import interval
from analysis.distribution_figure import Panel, draw_distribution
from apps.study.content import Finding, Json, Piece, mean_cell, test_score
from apps.study.reported import LISTA
from apps.study.study import SEARCH_SEED, Study
from apps.study.verdicts import by_interval, phrase
from builders.injections import Form
from genome import Evaluation
from genome.patterns import spread_patterns

NAIVE: Final[Form] = "naive"
MOMENTUM: Final[Form] = "momentum"
_TITLES: Final = {
    "b": "no noise",
    "c": "SNR 40 dB",
    "d": "SNR 20 dB",
    "e": "not exactly sparse",
    "j": "limited data",
}
_BINS: Final = 4

Networks = Mapping[Form, Sequence[Evaluation]]
"""Injection -> the same random networks, in the same order."""


def figure5(study: Study) -> Piece:
    """Figure 5: naive average, weighted average and momentum at three levels of noise."""
    piece = Piece("figure5", "Figure 5: random networks by injection and noise")
    forms = (*study.forms, MOMENTUM, NAIVE)
    return _distribution(study, piece, ("b", "c", "d"), forms)


def figure6(study: Study) -> Piece:
    """Figure 6: weighted average and momentum on signals that are not sparse, and on little data."""
    piece = Piece("figure6", "Figure 6: random networks by injection, harder settings")
    return _distribution(study, piece, ("e", "j"), (*study.forms, MOMENTUM))


def _distribution(study: Study, piece: Piece, rows: Sequence[str], forms: Sequence[Form]) -> Piece:
    layers, count = study.scale.layers, study.scale.networks
    genomes = spread_patterns(layers, count, np.random.default_rng(SEARCH_SEED))
    piece.notes.append(
        f"The same {count} random networks in every cell, with 1 to {genomes[-1].connections} extra "
        f"connections, evenly spread; {study.scale.look:g} times the protocol's steps. Networks are the "
        "sample, trained with one seed on the same signals; LISTA is the mean of "
        f"{len(study.seeds)} seeds there."
    )
    panels, lines = [], []
    for row in rows:
        networks = {form: study.look(row, form, genomes) for form in forms}
        trained = study.lista(row)
        lista = fmean(test_score(each) for each in trained)
        for evaluation in trained:
            piece.record(row, study.forms[0], LISTA, evaluation)
        for form, evaluations in networks.items():
            for evaluation in evaluations:
                piece.record(row, form, "random", evaluation)
            lines.append(_line(row, form, evaluations, lista))
        panels.append(
            Panel(
                _TITLES[row],
                {form: [(e.connections, test_score(e)) for e in each] for form, each in networks.items()},
                {LISTA: (0, lista)},
            )
        )
        piece.findings += _findings(study, piece.name, row, networks, lista)
    ranges = [f"{low} to {high}" for low, high in _edges(genomes[-1].connections)]
    columns = ["row", "form", "mean - LISTA", "better than LISTA", *ranges]
    piece.table(
        "cells",
        piece.title,
        columns,
        lines,
        "Differences to LISTA in dB: mean over networks with its 95% interval, over all and by number of "
        "connections.",
    )
    draw_distribution(study.folder / piece.name, panels, abscissa="extra connections")
    piece.figure(piece.name, f"{piece.title}; lines follow medians")
    return piece


def _line(row: str, form: str, evaluations: Sequence[Evaluation], lista: float) -> list[object]:
    scores = np.array([test_score(e) for e in evaluations])
    counts = np.array([e.connections for e in evaluations])
    better = int((scores < lista).sum())
    return [
        f"[{row}] {_TITLES[row]}",
        form,
        _mean(scores - lista),
        f"{better} of {len(scores)}",
        *(_mean(scores[(low <= counts) & (counts <= high)] - lista) for low, high in _edges(counts.max())),
    ]


def _mean(values: NDArray[np.float64]) -> Json:
    finite = values[np.isfinite(values)].tolist()
    if len(finite) < len(values):
        return f"{len(values) - len(finite)} of {len(values)} diverged"
    return mean_cell(interval(finite), len(finite)) if len(finite) > 1 else None


def _edges(most: int) -> list[tuple[int, int]]:
    """Equal ranges of numbers of connections, first and last one each."""
    edges = np.linspace(0, most, _BINS + 1).astype(int).tolist()
    return [(low + 1, high) for low, high in pairwise(edges)]


def _findings(study: Study, figure: str, row: str, networks: Networks, lista: float) -> list[Finding]:
    where = f"Figure {figure[-1]}, {_TITLES[row]}"
    found = []
    if NAIVE in networks:
        over = [test_score(e) - lista for e in networks[NAIVE]]
        found.append(
            _finding("The naive average hurts: its networks are worse than LISTA.", where, NAIVE, over, False)
        )
    for form in study.forms:
        if NAIVE in networks:
            paired = _differences(networks[form], networks[NAIVE])
            text = "The weighted average is better than the naive average."
            found.append(_finding(text, where, form, paired, True))
        better = row == "b"
        text = (
            "Without noise momentum is better than the weighted average."
            if better
            else "The weighted average is better than momentum."
        )
        paired = _differences(networks[form], networks[MOMENTUM])
        found.append(_finding(text, where, form, paired, not better))
    return found


def _differences(first: Sequence[Evaluation], second: Sequence[Evaluation]) -> list[float]:
    return [test_score(a) - test_score(b) for a, b in zip(first, second, strict=True)]


def _finding(paper: str, source: str, form: str, differences: Sequence[float], below: bool) -> Finding:
    """Judge by the mean over networks, paired network by network."""
    finite = [value for value in differences if np.isfinite(value)]
    lost = len(differences) - len(finite)
    if lost:
        return Finding(paper, source, form, "diverged", f"{lost} of {len(differences)} networks diverged")
    spread = interval(finite)
    words = phrase(spread, f"{len(finite)} networks")
    return Finding(paper, source, form, by_interval(spread, below=below), words, spread)
