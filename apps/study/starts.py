"""Form, start or length of training: what makes sparse networks beat dense ones, and the sum the mean?

The paper's text sums the inputs of a layer, its code averages them; the two also start differently, as the
plain algorithm and as an average. Four injections tell form and start apart, and each is trained for several
lengths.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from analysis.comparison import Divergence, Interval, Values, interval, mean_by_seed, summarize
from analysis.factorial import BOTH, FIRST, NEITHER, SECOND, Levels, effects
from analysis.lengths_figure import Length, LengthPanel, draw_lengths
from analysis.study_piece import Answer
from apps.study.content import Finding, Json, Piece, cells, mean_cell, test_scores
from apps.study.reported import DENSE, LFISTA, LISTA, SEARCHED
from apps.study.study import SEARCH_SEED, Study
from apps.study.verdicts import ANY, by_interval, phrase, together
from builders.injections import Form
from genome import Genome
from genome.patterns import extra_places, random_pattern

CELLS: Final[Mapping[Form, Levels]] = {
    "sum": NEITHER,
    "mean_from_chain": FIRST,
    "sum_from_mean": SECOND,
    "mean": BOTH,
}
"""Injection -> whether it is a mean, and whether it starts as one."""

SPARSE: Final = "Sparse random"
GAP: Final = "Dense minus sparse"
LEAD_DB: Final = 2.0
"""By which LFISTA in the sum form is said to beat every network in the mean form."""

_PATTERNS: Final = 3
_MODELS: Final = (LISTA, LFISTA, SPARSE, SEARCHED, DENSE)

Scores = Mapping[float, Mapping[Form, Mapping[str, Values]]]
"""Length of training -> injection -> model -> seed -> test score in dB."""


def starts(study: Study) -> Piece:
    """The two-by-two of form and start, at several lengths of training."""
    piece = Piece("starts", "Form, start or length of training")
    piece.notes.append(
        f"Without noise. {SPARSE} is the mean of {_PATTERNS} random patterns with a third of all extra "
        f"connections, seed by seed; {SEARCHED} was searched in the mean form. LISTA has one input a layer, "
        "and is the same network in every form. "
        "With equal starts both forms compute the same; they differ in how far a step of Adam moves the "
        "weight of an input, which the mean divides by the number of inputs."
    )
    named = _models(study)
    each: dict[float, dict[Form, dict[str, Values]]] = {}
    for length in study.scale.lengths:
        each[length] = {}
        for form in CELLS:
            compared = study.compare("b", form, study.scale.steps * length, named, study.seeds)
            piece.record_all(f"b x {length:g}", form, compared)
            each[length][form] = dict(test_scores(compared))
    scores = {
        length: {form: _grouped(values) for form, values in forms.items()} for length, forms in each.items()
    }
    _tables(piece, scores)
    _effects(piece, scores)
    panels = [LengthPanel(name, _lines(scores, name)) for name in _MODELS[1:]]
    draw_lengths(study.folder / "starts", panels)
    piece.figure(
        "starts",
        "Test NMSE against length of training, as a multiple of the protocol's steps",
    )
    for length in scores:
        piece.findings += _findings(scores, each, length)
    piece.findings += _causes(scores)
    return piece


def _models(study: Study) -> dict[str, Genome]:
    layers = study.scale.layers
    rng = np.random.default_rng(SEARCH_SEED + 2)
    size = max(1, round(len(extra_places(layers)) / 3))
    sparse = {f"{SPARSE} {i}": random_pattern(layers, size, rng) for i in range(1, _PATTERNS + 1)}
    lista, lfista, dense = Genome.lista(layers), Genome.lfista(layers), Genome.dense(layers)
    return {LISTA: lista, LFISTA: lfista, **sparse, SEARCHED: study.models("mean")[SEARCHED], DENSE: dense}


def _grouped(values: Mapping[str, Values]) -> dict[str, Values]:
    """The random patterns as one model, their mean seed by seed."""
    mean = mean_by_seed([values[f"{SPARSE} {i}"] for i in range(1, _PATTERNS + 1)])
    return {name: mean if name == SPARSE else values[name] for name in _MODELS}


def _name(form: Form) -> str:
    is_mean, starts_as_mean = CELLS[form]
    return f"{'mean' if is_mean else 'sum'}, from {'average' if starts_as_mean else 'chain'}"


def _lines(scores: Scores, model: str) -> dict[str, list[Length]]:
    return {
        _name(form): [(length, *_ends(summarize(each[form])[model])) for length, each in scores.items()]
        for form in CELLS
    }


def _ends(spread: Interval | Divergence) -> tuple[float, float, float]:
    if isinstance(spread, Divergence):
        return math.inf, math.inf, math.inf
    return spread.mean, spread.low, spread.high


def _tables(piece: Piece, scores: Scores) -> None:
    for length, forms in scores.items():
        rows = []
        for form, values in forms.items():
            made = cells(values, {})
            rows.append([_name(form), *made.values()])
        head = ("form and start", *_MODELS)
        piece.table(f"x{length:g}", f"Test NMSE, {length:g} times the steps", head, rows)


def _effects(piece: Piece, scores: Scores) -> None:
    """What form and start change by themselves and together, and what longer training does."""
    responses = (*_MODELS[1:], GAP)
    rows: list[list[Json]] = []
    for length, forms in scores.items():
        for name in responses:
            values = {levels: _response(forms[form], name) for form, levels in CELLS.items()}
            if not all(math.isfinite(score) for each in values.values() for score in each.values()):
                rows.append([f"x {length:g}", name, *["diverged"] * 3])
                continue
            found = effects(values)
            each = (found.first, found.second, found.interaction)
            rows.append([f"x {length:g}", name, *(mean_cell(effect, len(values[BOTH])) for effect in each)])
    head = ("steps", "model", "mean instead of sum", "average instead of chain", "interaction")
    piece.table("effects", "What form and start change (dB, positive is worse)", head, rows)
    first, last = min(scores), max(scores)
    if first < last:
        longer = [
            [name, *(_difference(scores[last][form], scores[first][form], name) for form in CELLS)]
            for name in responses
        ]
        title = f"What {last / first:g} times as many steps change (dB)"
        piece.table("longer", title, ("model", *map(_name, CELLS)), longer)


def _response(models: Mapping[str, Values], name: str) -> Values:
    if name != GAP:
        return models[name]
    return {seed: models[DENSE][seed] - models[SPARSE][seed] for seed in models[DENSE]}


def _difference(after: Mapping[str, Values], before: Mapping[str, Values], name: str) -> Json:
    last, first = _response(after, name), _response(before, name)
    values = [last[seed] - first[seed] for seed in sorted(first)]
    return mean_cell(interval(values), len(values)) if np.isfinite(values).all() else "diverged"


def _findings(scores: Scores, patterns: Scores, length: float) -> list[Finding]:
    where = f"this study, x {length:g} steps"
    forms = scores[length]
    text = f"The mean of {_PATTERNS} sparse random networks is better than Dense-LISTA."
    found = [_judge(text, where, form, forms[form][SPARSE], [forms[form][DENSE]], 0.0) for form in CELLS]
    text = "The network searched in the mean form is better than Dense-LISTA."
    found += [_judge(text, where, form, forms[form][SEARCHED], [forms[form][DENSE]], 0.0) for form in CELLS]
    rivals = list(patterns[length]["mean"].values())
    text = f"LFISTA in the sum form is better than each network in the mean form by {LEAD_DB:g} dB."
    found.append(_judge(text, where, "sum", forms["sum"][LFISTA], rivals, LEAD_DB))
    return found


def _judge(
    paper: str, source: str, form: Form, subject: Values, rivals: Sequence[Values], lead: float
) -> Finding:
    """Judge that the subject leads every rival by so much; with all of them needed, nothing is corrected."""
    answers, found = list[Answer](), list[Interval]()
    for rival in rivals:
        differences = [subject[seed] - rival[seed] for seed in sorted(subject)]
        if not np.isfinite(differences).all():
            return Finding(paper, source, form, "diverged", "a training diverged")
        each = interval(differences)
        found.append(each)
        answers.append(by_interval(Interval(each.mean + lead, each.low + lead, each.high + lead), below=True))
    nearest = max(found, key=lambda each: each.mean)
    words = phrase(nearest, f"{len(subject)} seeds") + (", of the nearest" if len(rivals) > 1 else "")
    return Finding(paper, source, form, together(answers), words, nearest)


def _causes(scores: Scores) -> list[Finding]:
    """Whether form, start and length each change how much worse dense is than sparse."""
    found = []
    for length, forms in scores.items():
        values = {levels: _response(forms[form], GAP) for form, levels in CELLS.items()}
        if any(not math.isfinite(score) for each in values.values() for score in each.values()):
            continue
        made = effects(values)
        for what, effect in (("form", made.first), ("start", made.second)):
            text = f"The {what} makes dense networks worse than sparse ones."
            answer = by_interval(effect, below=False)
            words = phrase(effect, f"{len(values[BOTH])} seeds")
            where = f"this study, x {length:g} steps"
            found.append(Finding(text, where, ANY, answer, words, effect))
    first, last = min(scores), max(scores)
    for form in CELLS:
        after, before = (_response(scores[length][form], GAP) for length in (last, first))
        differences = [after[seed] - before[seed] for seed in sorted(before)]
        if first < last and np.isfinite(differences).all():
            effect = interval(differences)
            text = "Longer training makes dense networks better beside sparse ones."
            where = f"this study, x {last:g} against x {first:g} steps"
            words = phrase(effect, f"{len(differences)} seeds")
            found.append(Finding(text, where, form, by_interval(effect, below=True), words, effect))
    return found
