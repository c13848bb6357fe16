"""The searched connections moved to D-LADMM (paper, section 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from analysis.comparison import mean_by_seed
from analysis.ordering import agreement
from analysis.scores_figure import draw_scores
from analysis.transfer import DENSE, LATTER_HALF, ORIGINAL, RANDOM, TRANSFERRED, Scores, rivals, transfer
from apps.study import reported
from apps.study.content import Json, Piece, cells, score_row, test_scores
from apps.study.reported import DLADMM_DB
from apps.study.study import SEARCH_SEED, Study
from apps.study.verdicts import Better, judge
from builders.cells import create_cell
from builders.injections import Form
from genome import Genome

_PATTERNS: Final = 5
_NAMES: Final = {
    ORIGINAL: reported.DLADMM,
    RANDOM: reported.RANDOM,
    LATTER_HALF: reported.LATTER,
    DENSE: reported.ALL,
    TRANSFERRED: reported.TRANSFERRED,
}
_ROWS: Final = {"b": "no noise", "d": "SNR 20 dB", "j": "limited data"}

Patterns = Mapping[str, Sequence[Genome]]


def dladmm(study: Study) -> Piece:
    """D-LADMM with the searched connections, beside random ones, dense ones and none."""
    piece = Piece("dladmm", "Connections moved to D-LADMM")
    piece.notes.append(
        f"{_PATTERNS} random patterns of the searched network's size stand for Random, seed by seed their "
        f"mean; {study.scale.slow:g} times the protocol's steps."
    )
    for form in study.forms:
        patterns = rivals(study.models(form)[reported.SEARCHED], SEARCH_SEED, _PATTERNS)
        marks, lines = [], list[list[Json]]()
        for row, label in _ROWS.items():
            scores = _scores(study, piece, row, form, patterns)
            means = {_NAMES[name]: mean_by_seed(of) for name, of in scores.items()}
            made = cells(means, DLADMM_DB[row])
            lines.append([f"[{row}] {label}", *(made.get(name) for name in _NAMES.values())])
            marks.append(score_row(label, made, study.pictured(DLADMM_DB[row])))
            judged = judge(means, _wanted(row), f"section 4, D-LADMM, {label}", form)
            piece.findings += judged.findings
            moved = transfer(scores)
            known = {name: value for name, value in DLADMM_DB[row].items() if name in means}
            piece.data.setdefault(form, {})[row] = {
                "agreement": agreement(means, known).to_dict(),
                "tests": judged.to_list(),
                "standing": moved.standing and moved.standing.to_dict(),
                "spreads": {name: each and each.to_dict() for name, each in moved.spreads.items()},
            }
            place = moved.standing
            lines[-1].append(f"{place.beaten} of {place.patterns}" if place else None)
        sizes = {_NAMES[name]: of[0].connections for name, of in patterns.items()}
        head = [
            "row",
            *(f"{name} ({sizes.get(name, 'none')})" for name in _NAMES.values()),
            "random patterns beaten",
        ]
        piece.table(form, f"{piece.title}, {form} form", head, lines)
        draw_scores(study.folder / f"dladmm-{form}", marks, title="")
        piece.figure(f"dladmm-{form}", f"{piece.title}, {form} form: mean and 95% interval")
    return piece


def _scores(study: Study, piece: Piece, row: str, form: Form, patterns: Patterns) -> Scores:
    """Test scores of every network of every model."""
    numbered = {(name, n): genome for name, of in patterns.items() for n, genome in enumerate(of, 1)}
    named = {f"{_NAMES[name]} {n}": genome for (name, n), genome in numbered.items()}
    setting = study.setting(row, form, study.scale.slow, create_cell("dladmm"))
    compared = study.lab.compare(setting, named, study.slow_seeds)
    piece.record_all(row, form, compared)
    scores = test_scores(compared)
    return {
        name: [scores[f"{_NAMES[name]} {n}"] for n in range(1, len(of) + 1)] for name, of in patterns.items()
    }


def _wanted(row: str) -> list[Better]:
    moved, original = reported.TRANSFERRED, reported.DLADMM
    wanted = [
        Better("The moved connections make D-LADMM better.", moved, (original,)),
        Better(
            f"The moved connections are better than the mean of {_PATTERNS} random patterns of their size.",
            moved,
            (reported.RANDOM,),
        ),
    ]
    if row == "j":
        wanted += [
            Better("With limited data dense connections make D-LADMM worse.", original, (reported.ALL,)),
            Better(
                "With limited data the moved connections are better than dense ones into the latter half.",
                moved,
                (reported.LATTER,),
            ),
        ]
    return wanted
