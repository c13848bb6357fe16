"""A study's pieces and findings, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.study_cell import Cell
from analysis.study_piece import Answer, Finding, Piece, StudyTable, by_finding
from apps.display.colours import BEST, QUIET
from apps.display.cut_table import CutTable
from apps.display.text import clock, printable

_STYLES: Final[Mapping[Answer, str]] = {
    "holds": "bold green",
    "fails": "bold red",
    "not shown": "bold yellow",
    "diverged": "bold yellow",
}


def piece_report(piece: Mapping[str, Any]) -> RenderableType:
    """Show one piece: its notes, its tables, and what became of the findings that it tests.

    Args:
        piece: as JSON data, see `analysis.study_piece.Piece`.

    Raises:
        InputError: the piece lacks something or has it in a wrong form.
    """
    read = Piece.read(piece)
    parts: list[RenderableType] = [_text(read.title, "bold")]
    parts.append(_text(f"scale {read.scale}, {clock(read.seconds)}", QUIET))
    parts += [_text(note, QUIET) for note in read.notes]
    for table in read.tables:
        parts += [Text(), _text(table.title, "bold"), _cut(table)]
        parts += [_text(note, QUIET) for note in table.notes]
    if any(cell.low for table in read.tables for row in table.rows for cell in row):
        parts.append(Text("±: to the end of the 95% interval; paper: its value (ours minus it).", QUIET))
    if read.findings:
        parts += [Text(), Text("Findings", "bold"), _findings(read.findings)]
    return Group(*parts)


def findings_table(pieces: Sequence[Mapping[str, Any]]) -> Table:
    """What became of all findings of all pieces.

    Args:
        pieces: as JSON data, in the order shown.

    Raises:
        InputError: a piece lacks something or has it in a wrong form.
    """
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    for head in ("finding of the paper", "source", "form", "answer", "numbers"):
        table.add_column(head, no_wrap=head in ("form", "answer"), overflow="fold")
    for (paper, source), tested in by_finding([Piece.read(piece) for piece in pieces]).items():
        for place, each in enumerate(tested):
            named = (_text(paper), _text(source)) if place == 0 else (Text(), Text())
            table.add_row(*named, _text(each.form), _answer(each), _text(each.sentence))
        table.add_section()
    return table


def _findings(findings: Sequence[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in findings:
        words = Text.assemble(
            _text(f"{each.paper} "),
            _text(f"({each.source}, {each.form}): ", QUIET),
            _text(each.sentence),
        )
        table.add_row(_answer(each), words)
    return table


def _cut(table: StudyTable) -> CutTable:
    texts = [place for place in range(len(table.columns)) if table.is_text(place)]
    result = CutTable(*table.columns, texts=texts)
    for row in table.rows:
        result.add_row(*map(_cell, row))
    return result


def _cell(cell: Cell) -> Text:
    text = _text(cell.text or "-", BEST if cell.best else "")
    if cell.half:
        text.append(f" ±{cell.half}")
    if cell.remark:
        text.append(f"\n{cell.remark}", QUIET)
    if cell.reported:
        gap = f" ({cell.gap})" if cell.gap else ""
        text.append(f"\npaper {cell.reported}{gap}", QUIET)
    return text


def _answer(finding: Finding) -> Text:
    return Text(finding.answer, _STYLES[finding.answer])


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style)
