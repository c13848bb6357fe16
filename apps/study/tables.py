"""Tables 1 and 2: LISTA, LFISTA, Dense-LISTA and a searched network on every problem of the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from analysis.ordering import TIE_DB, agreement, order, reported_order
from analysis.scores_figure import draw_scores
from apps.study.content import Json, Piece, cells, score_row, test_scores
from apps.study.reported import DENSE, LFISTA, LISTA, MODELS, NMSE_DB, SEARCHED
from apps.study.study import Study
from apps.study.verdicts import Better, judge

TABLE_1: Final[Mapping[str, str]] = {
    "b": "no noise",
    "c": "SNR 40 dB",
    "d": "SNR 20 dB",
    "e": "not exactly sparse",
    "f": "no noise, tested at SNR 40 dB",
    "g": "no noise, tested at SNR 20 dB",
    "h": "no noise, tested with salt and pepper",
    "i": "tested with a perturbed dictionary",
    "j": "limited data",
    "k": "very limited data",
}
TABLE_2: Final[Mapping[str, str]] = {
    "512x1024": "larger dictionary",
    "ill_conditioned": "ill-conditioned dictionary",
}


def table1(study: Study) -> Piece:
    """Table 1 of the paper."""
    return _table(study, Piece("table1", "Table 1: test NMSE on synthetic problems"), TABLE_1)


def table2(study: Study) -> Piece:
    """Table 2 of the paper."""
    return _table(study, Piece("table2", "Table 2: other dictionaries"), TABLE_2)


def _table(study: Study, piece: Piece, labels: Mapping[str, str]) -> Piece:
    rows = [row for row in labels if row in study.chosen_rows]
    piece.notes += _notes(study, rows)
    for form in study.forms:
        models = study.models(form)
        lines, marks = list[list[Json]](), []
        for row in rows:
            compared = study.compare(row, form, study.scale.steps, models, study.seeds)
            piece.record_all(row, form, compared)
            values = test_scores(compared)
            made = cells(values, NMSE_DB[row])
            paper = {name: values[name] for name in MODELS}
            agrees = agreement(paper, NMSE_DB[row])
            label = f"[{row}] {labels[row]}" if row in TABLE_1 else labels[row]
            lines.append([label, *(made[name] for name in models), order(paper), str(agrees)])
            marks.append(score_row(label, made, study.pictured(NMSE_DB[row])))
            judged = judge(values, _wanted(row), f"{piece.title.partition(':')[0]} {label}", form)
            piece.findings += judged.findings
            data = {"agreement": agrees.to_dict(), "tests": judged.to_list()}
            piece.data.setdefault(form, {})[row] = data
        counts = {name: genome.connections for name, genome in models.items()}
        head = ["row", *(f"{name} ({counts[name]})" for name in models), "order", "pairs of models"]
        piece.table(form, f"{piece.title}, {form} form", head, lines, *_orders(rows, labels))
        draw_scores(study.folder / f"{piece.name}-{form}", marks, title="")
        piece.figure(f"{piece.name}-{form}", f"{piece.title}, {form} form: mean and 95% interval")
        piece.data.setdefault("genomes", {})[form] = {n: g.arch_string() for n, g in models.items()}
    return piece


def _notes(study: Study, rows: Sequence[str]) -> list[str]:
    scale = study.scale
    setting = scale.setting
    notes = [
        (
            f"{setting.clean.m} x {setting.clean.n}, {scale.layers} layers, {setting.train:,} training "
            "signals; numbers in parentheses after a model are its extra connections."
        )
    ]
    if {"j", "k"} & set(rows):
        notes.append(
            f"Limited data are {scale.limited[0]:,} and {scale.limited[1]:,} training signals, "
            f"{scale.limited_valid} to validate on."
        )
    if {"h"} & set(rows):
        amplitude = setting.salt_and_pepper
        notes.append(
            "Salt and pepper hit 1% of the measurements, with the largest magnitude among them."
            if amplitude is None
            else f"Salt and pepper hit 1% of the measurements, with amplitude {amplitude:g}."
        )
    if {"e"} & set(rows):
        notes.append(
            f"Gamma signals have shape {setting.gamma_shape:g} and 0.1 as a {setting.gamma_is}: "
            "with shape 1 they are exponential, that is dense."
        )
    if "512x1024" in rows:
        m, n = scale.larger
        notes.append(f"The larger dictionary is {m} x {n}.")
    if scale.released:
        notes.append("Searched is the network that the authors released.")
    else:
        notes.append(
            f"Searched is the average of the {scale.top} best networks of a search of {scale.budget} in the "
            "setting without noise, one for each form; Released is the authors' network of 16 layers, "
            f"resampled to {scale.layers}."
        )
    return notes


def _orders(rows: Sequence[str], labels: Mapping[str, str]) -> list[str]:
    return [f"Paper, {labels[row]}: {reported_order(NMSE_DB[row])}" for row in rows]


def _wanted(row: str) -> list[Better]:
    """What the paper says of a row; nothing of models that it takes for equal there."""
    paper = NMSE_DB[row]
    apart = [name for name in (LISTA, LFISTA, DENSE) if paper[name] - paper[SEARCHED] > TIE_DB]
    if row == "k":
        apart.remove(LFISTA)  # The text calls the two comparable, for all their 0.1 dB.
    names = " and ".join([", ".join(apart[:-1]), apart[-1]])
    wanted = [Better(f"The searched network is better than {names}.", SEARCHED, tuple(apart))]
    if row == "b":
        wanted += [
            Better("LFISTA is better than LISTA.", LFISTA, (LISTA,)),
            Better("Dense-LISTA is better than LFISTA.", DENSE, (LFISTA,)),
        ]
    if row in {"j", "k"}:
        text = "With limited data LFISTA is better than Dense-LISTA."
        wanted.append(Better(text, LFISTA, (DENSE,)))
    return wanted
