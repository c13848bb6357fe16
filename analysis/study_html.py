"""The report of a study as one HTML page that needs no network, no script and no other file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from analysis.page import render_page
from analysis.study_piece import Answer, Piece, by_finding, tally
from genome.errors import InputError

MARKS: Final[Mapping[Answer, str]] = {
    "holds": "✓",
    "fails": "✗",
    "not shown": "?",
    "diverged": "∞",
}
"""What stands before each answer; the word stands there too."""


def study_page(pieces: Sequence[Mapping[str, Any]], figures: Mapping[str, bytes]) -> str:
    """Render all pieces of a study as a self-contained page.

    What became of the paper's findings comes first, then every piece with its notes, tables, figures and
    settings. All of it is escaped, and a content security policy in the page forbids it to load anything.
    Each figure links to the PDF of its name beside the page.

    Args:
        pieces: as JSON data, see `analysis.study_piece.Piece`, in the order shown.
        figures: the PNG of every figure, by its file without the ending.

    Raises:
        InputError: if there is no piece, one lacks something that the page shows or has it in a wrong form,
            or a figure has no picture.
    """
    if not pieces:
        raise InputError("The report of a study needs at least 1 piece, got 0.")
    read = [Piece.read(piece) for piece in pieces]
    for piece in read:
        for figure in piece.figures:
            if figure.file not in figures:
                raise InputError(f"Every figure of a study must have a picture, got none of {figure.file!r}.")
    return render_page(
        "study.html.j2",
        {},
        pieces=read,
        findings=by_finding(read),
        tally=tally(read),
        figures=figures,
        marks=MARKS,
    )
