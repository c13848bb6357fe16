"""A study's pieces and findings, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, final

from rich import box
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from analysis.study_cell import Cell
from analysis.study_piece import Answer, Finding, Piece, StudyTable, by_finding
from apps.display.colours import BEST, QUIET
from apps.display.text import clock, printable

_LONGEST: Final = 24
"""Characters after which a cell wraps."""

_GAP: Final = 2
"""Spaces between the columns of a table."""

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
        parts += [Text(), _text(table.title, "bold"), _CutTable(table)]
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
    table = _simple()
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


@final
class _CutTable:
    """A table, cut between columns where it is wider than the terminal; each part names the rows."""

    def __init__(self, table: StudyTable) -> None:
        self._table = table
        self._heads = [_text(column) for column in table.columns]
        self._rows = [[_cell(cell) for cell in row] for row in table.rows]
        columns = zip(self._heads, *self._rows, strict=True)
        self._widths = [min(max(map(_width, column)), _LONGEST) for column in columns]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, part in enumerate(self._parts(options.max_width)):
            if number:
                yield Text()
            yield self._drawn(part)

    def _parts(self, width: int) -> list[list[int]]:
        """Places of the columns of each part; the first column is in all of them."""
        parts, used = [[0]], self._widths[0]
        for place in range(1, len(self._widths)):
            wanted = _GAP + self._widths[place]
            if used + wanted > width and len(parts[-1]) > 1:
                parts.append([0])
                used = self._widths[0]
            parts[-1].append(place)
            used += wanted
        return parts

    def _drawn(self, part: Sequence[int]) -> Table:
        table = _simple()
        for place in part:
            numbers = place > 0 and not self._table.is_text(place)
            justify: JustifyMethod = "right" if numbers else "left"
            table.add_column(self._heads[place], justify=justify, max_width=_LONGEST, overflow="fold")
        for row in self._rows:
            table.add_row(*(row[place] for place in part))
        return table


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


def _width(text: Text) -> int:
    return max((line.cell_len for line in text.split("\n")), default=0)


def _answer(finding: Finding) -> Text:
    return Text(finding.answer, _STYLES[finding.answer])


def _text(text: str, style: str = "") -> Text:
    return Text(printable(text), style)


def _simple() -> Table:
    return Table(box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), pad_edge=False, show_edge=False)
