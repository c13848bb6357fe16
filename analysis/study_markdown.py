"""What became of the paper's findings as a table in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.study_piece import Finding, Piece, by_finding


def findings_markdown(pieces: Sequence[Mapping[str, Any]]) -> str:
    """Every finding in a row, with a column for each form that says what became of it, and the numbers.

    Characters that Markdown reads as its own are escaped.

    Args:
        pieces: as JSON data, see `analysis.study_piece.Piece`, in the order shown.

    Returns:
        The lines of the table; empty where no finding was tested.

    Raises:
        InputError: if a piece lacks something or has it in a wrong form.
    """
    findings = by_finding([Piece.read(piece) for piece in pieces])
    if not findings:
        return ""
    forms = list(dict.fromkeys(each.form for tested in findings.values() for each in tested))
    lines = [_line(["Finding", "Source", *map(_escaped, forms)]), _line(["---"] * (2 + len(forms)))]
    for (paper, source), tested in findings.items():
        lines.append(_line([_escaped(paper), _escaped(source), *(_answers(tested, form) for form in forms)]))
    return "\n".join(lines) + "\n"


def _answers(tested: Sequence[Finding], form: str) -> str:
    parts = [f"{each.answer} ({_escaped(each.sentence)})" for each in tested if each.form == form]
    return "; ".join(parts) or "-"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    escaped = "".join(f"\\{character}" if character in "\\`*_|<" else character for character in text)
    return " ".join(escaped.split())
