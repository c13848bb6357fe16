"""One study from options to files."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from apps.display.console import AppConsole
from apps.search.comparison import comparison_seeds
from apps.search.result import versions
from apps.search.run_directory import RunDirectory
from apps.study.cli import ALL, PIECES
from apps.study.display import StudyDisplay
from apps.study.lab import Lab
from apps.study.options import StudyOptions
from apps.study.outputs import kept_pieces, read_piece, write_piece, write_reports
from apps.study.pieces import PIECES as MAKERS
from apps.study.scale import Scale, create_scale
from apps.study.study import FORMS, SEARCH_SEED, Images, Study
from apps.study.tables import TABLE_1, TABLE_2
from apps.study.terminal import findings_table, piece_report
from builders.injections import Form
from evaluation.archive import Archive
from evaluation.device import choose_device
from evaluation.problems import ImageSet, paper_rows
from genome import InputError

_TABLES = {"table1": TABLE_1, "table2": TABLE_2}
_IMAGES = "table3"


@dataclass(frozen=True, slots=True)
class _Run:
    """A study about to begin, with everything of it checked."""

    options: StudyOptions
    scale: Scale
    forms: tuple[Form, ...]
    pieces: Sequence[str]
    skipped: Sequence[str]
    images: Images | None
    out: Path


def run_study(options: StudyOptions) -> list[dict[str, Any]]:
    """Make the pieces, print and write them; returns every piece of the run directory.

    Raises:
        InputError: an option that cannot be met; nothing is written then.
        OSError: the files cannot be written.
    """
    run, console = _prepare(options), AppConsole()
    for sentence in run.skipped:
        console.remark(sentence)
    pieces = list[dict[str, Any]]()
    settings = {"study": asdict(run.scale)}
    with (
        RunDirectory(run.out, settings),
        Archive.open(run.out / "archive.sqlite") as archive,
        StudyDisplay(console, len(run.pieces)) as display,
    ):
        kept_pieces(run.out, besides=run.pieces)  # A damaged one is refused before hours of training.
        lab = Lab(archive, run.out, device=options.device, workers=options.workers, tell=display.tell)
        rows = None if options.rows is None else tuple(options.rows)
        study = Study(run.scale, lab, run.forms, rows, options.seeds, run.images)
        for name in run.pieces:
            display.begin(name)
            content = _make(study, name, run)
            pieces = write_reports(run.out)
            console.print(piece_report(content))
    if any(piece["findings"] for piece in pieces):
        console.print(findings_table(pieces))
    console.remark(f"Written to {run.out}: report.html, findings.md, and the files of each piece.")
    return pieces


def _make(study: Study, name: str, run: _Run) -> dict[str, Any]:
    began = time.perf_counter()
    maker, study = MAKERS[name], _joined(study, name, run.out)
    study.lab.begin(maker.networks(study))
    piece = maker.make(study)
    settings = {
        "scale": asdict(run.scale),
        "forms": list(study.forms),
        "rows": sorted(study.chosen_rows) if name in _TABLES else [],
        "seeds": list(study.seeds),
        "device": _device(run.options.device),
        "training_seconds": round(sum(record["seconds"] for record in piece.records), 1),
    }
    extra = {
        "scale": run.scale.name,
        "seconds": time.perf_counter() - began,
        "settings": settings,
        "versions": versions(),
    }
    return write_piece(run.out, piece, extra)


def _joined(study: Study, name: str, folder: Path) -> Study:
    """The study with the rows and forms too that a piece of the folder has already, for the same seeds."""
    try:
        before = read_piece(folder, name)["settings"]
        forms, rows, seeds = before["forms"], before["rows"], before["seeds"]
    except (InputError, LookupError, TypeError):
        return study  # None yet, or a damaged one, which is written anew.
    if seeds != list(study.seeds):
        return study
    joined = tuple(form for form in FORMS if form in {*study.forms, *forms})
    return replace(study, forms=joined, rows=tuple(study.chosen_rows | set(rows)))


def _device(name: str) -> str:
    """What trains, by the name of its model where it has one."""
    device = choose_device(name)
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _prepare(options: StudyOptions) -> _Run:
    """Refuse here what cannot be met, before anything is written."""
    scale = create_scale(options.scale)
    choose_device(options.device)
    for row in options.rows or ():
        if row not in paper_rows():
            known = ", ".join(paper_rows())
            raise InputError(f"The rows of the paper's tables are {known}, got {row!r}.")
    comparison_seeds(options.seeds or scale.seeds, SEARCH_SEED)
    images = _images(options)
    forms = tuple(form for form in FORMS if options.form in (form, "both"))
    pieces, skipped = list[str](), list[str]()
    for name in PIECES:
        if name not in options.pieces and ALL not in options.pieces:
            continue
        objection = _objection(name, options, images)
        if not objection:
            pieces.append(name)
        elif name in options.pieces:
            raise InputError(objection)
        else:
            skipped.append(f"Without {name}: {objection}")
    out = options.out or Path("runs") / f"study-{scale.name}"
    return _Run(options, scale, forms, pieces, skipped, images, out)


def _objection(name: str, options: StudyOptions, images: Images | None) -> str:
    if name == _IMAGES and images is None:
        return "Table 3 needs --training-images and --testing-images, got none."
    rows = _TABLES.get(name, {})
    if rows and options.rows is not None and not rows.keys() & set(options.rows):
        return f"{name} has the rows {', '.join(rows)}, got {', '.join(options.rows)}."
    return ""


def _images(options: StudyOptions) -> Images | None:
    given = options.training_images, options.testing_images
    if given == (None, None):
        return None
    training, testing = given
    if training is None or testing is None:
        raise InputError("Table 3 needs both --training-images and --testing-images, got one of them.")
    return Images(ImageSet.read(training), ImageSet.read(testing))
