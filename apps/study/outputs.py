"""The files of a study: each piece as JSON and CSV, and the reports over all pieces there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.study_html import study_page
from analysis.study_markdown import findings_markdown
from analysis.study_piece import Piece as StudyPiece
from apps.study.cli import PIECES
from apps.study.content import COLUMNS, Piece
from genome import InputError
from genome.files import read_bounded, write_atomic


def write_piece(folder: Path, piece: Piece, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Write a piece as JSON, and its records as CSV; returns what the JSON holds.

    Raises:
        OSError: a file cannot be written.
    """
    content = {**piece.to_dict(), **extra}
    write_atomic(folder / f"{piece.name}.json", json.dumps(content, indent=1, allow_nan=False) + "\n")
    if piece.records:
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(piece.records)
        write_atomic(folder / f"{piece.name}.csv", text.getvalue())
    return content


def write_reports(folder: Path) -> list[dict[str, Any]]:
    """Write the page and the table of findings over every piece of the folder, and return these.

    Raises:
        InputError: a piece's file is not what was written, or its figure is gone.
        OSError: a file cannot be read or written.
    """
    pieces = [_read(folder / f"{name}.json") for name in PIECES if (folder / f"{name}.json").exists()]
    figures = {
        figure.file: _picture(folder / f"{figure.file}.png", piece.name)
        for piece in map(StudyPiece.read, pieces)
        for figure in piece.figures
    }
    write_atomic(folder / "report.html", study_page(pieces, figures))
    write_atomic(folder / "findings.md", findings_markdown(pieces))
    return pieces


def _picture(path: Path, piece: str) -> bytes:
    if not path.is_file():
        raise InputError(f"A piece of a study needs its figures: make {piece} again, got no {path}.")
    return path.read_bytes()


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_bounded(path, "piece of a study"))
    except ValueError as error:
        raise InputError(f"A piece of a study must be readable JSON, got {path}: {error}.") from None
    if not isinstance(content, dict):
        raise InputError(f"A piece of a study must be a JSON object, got {type(content).__name__} in {path}.")
    return content
