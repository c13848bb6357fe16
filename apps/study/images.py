"""Table 3: natural-image compressive sensing."""

from __future__ import annotations

from typing import Final

from analysis.ordering import agreement, order, reported_order
from apps.study.content import Piece, cells, test_scores
from apps.study.lab import Setting
from apps.study.reported import DENSE, LFISTA, LISTA, MODELS, PSNR_DB, SEARCHED
from apps.study.study import Images, Study
from apps.study.verdicts import Better, judge
from evaluation.problems import DictionaryLearning, NaturalImages
from genome import InputError

_TIE_DB: Final = 0.005
"""Table 3 gives two decimals."""

_FINDING: Final = Better(
    "The searched network is better than LISTA, LFISTA and Dense-LISTA.", SEARCHED, (LISTA, LFISTA, DENSE)
)

_LEARNT_FROM: Final = 20_000
"""Patches that the dictionary is learned from, at most."""


def table3(study: Study) -> Piece:
    """Table 3 of the paper, on the images that the study was given."""
    if study.images is None:
        raise InputError("Table 3 needs images to train and to test on, got none.")
    piece = Piece("table3", "Table 3: compressive sensing of natural images, PSNR")
    problem, factor = _problem(study, study.images), study.scale.images[1]
    for form in study.forms:
        models = study.models(form)
        setting = Setting(problem, study.training(form, factor))
        compared = study.lab.compare(setting, models, study.slow_seeds)
        piece.record_all("images", form, compared)
        values = test_scores(compared)
        made = cells(values, PSNR_DB, sign=-1)
        paper = {name: values[name] for name in MODELS}
        agrees = agreement(paper, PSNR_DB, sign=-1, tie_db=_TIE_DB)
        line = [
            "PSNR",
            *(made[name] for name in models),
            order(paper, sign=-1),
            str(agrees),
        ]
        head = ["", *(f"{n} ({g.connections})" for n, g in models.items()), "order", "pairs of models"]
        published = f"Paper: {reported_order(PSNR_DB, sign=-1, tie_db=_TIE_DB)}"
        piece.table(form, f"{piece.title}, {form} form", head, [line], published)
        judged = judge(values, [_FINDING], "Table 3", form, sign=-1)
        piece.findings += judged.findings
        piece.data[form] = {"agreement": agrees.to_dict(), "tests": judged.to_list()}
    patches, steps, atoms = study.scale.images
    piece.notes.append(
        f"{problem.measurements} measurements of patches of {problem.side} x {problem.side}, {atoms} atoms, "
        f"{patches:,} training patches, {steps:g} times the protocol's steps; the dictionary stays fixed, "
        "which the reference code trains in the last layer."
    )
    return piece


def _problem(study: Study, images: Images) -> NaturalImages:
    patches, _, atoms = study.scale.images
    side = 16 if atoms > 256 else 8
    return NaturalImages(
        images.training,
        images.testing,
        DictionaryLearning(atoms=atoms, samples=min(_LEARNT_FROM, 10 * patches)),
        side=side,
        measurements=side * side // 2,
        train=patches,
        valid=max(128, patches // 10),
        cache=study.folder / "dictionaries",
    )
