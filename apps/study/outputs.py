"""The files of a study: each piece as JSON and CSV, and the reports over all pieces there are."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Mapping
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
    pieces = list(kept_pieces(folder).values())
    figures = {
        figure["file"]: _picture(folder / f"{figure['file']}.png", piece["name"])
        for piece in pieces
        for figure in piece["figures"]
    }
    write_atomic(folder / "report.html", study_page(pieces, figures))
    write_atomic(folder / "findings.md", findings_markdown(pieces))
    return pieces


def kept_pieces(folder: Path, besides: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Every piece that a folder has, by name, in the order of the command line.

    Args:
        folder: of a study.
        besides: names of pieces that are not looked at.

    Raises:
        InputError: a piece's file is not what was written.
    """
    names = (name for name in PIECES if name not in besides)
    return {name: read_piece(folder, name) for name in names if (folder / f"{name}.json").exists()}


def _picture(path: Path, piece: str) -> bytes:
    if not path.is_file():
        raise InputError(f"A piece of a study needs its figures: make {piece} again, got no {path}.")
    return path.read_bytes()


def read_piece(folder: Path, name: str) -> dict[str, Any]:
    """One piece of a folder.

    Raises:
        InputError: its file is not there, or not what was written.
    """
    path = folder / f"{name}.json"
    data = read_bounded(path, "piece of a study")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"A piece of a study must be readable JSON, got {path}: {error}.") from None
    try:
        StudyPiece.read(content)
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')}, in {path}.") from None
    return dict(content)
