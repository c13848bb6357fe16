"""One piece of a study, such as a table of the paper made again, as every report of it reads it.

A piece is JSON data: what differs from the paper, tables, what became of the paper's findings, figures, and
how it was made. A cell of a table is a text, a number, nothing, or a mean over seeds with its 95% interval
and the value that the paper reports. Keys that no report shows are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, get_args

from analysis.study_cell import Cell
from genome.errors import InputError
from genome.strict import items, shown

FORMAT: Final = "lista-genome/study"
VERSION: Final = 1

Answer = Literal["holds", "fails", "not shown", "diverged"]
"""What became of a finding of the paper."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the paper found, and what became of it here.

    Attributes:
        paper: the finding, a sentence.
        source: where the paper has it.
        form: of the measurement, as one finding is tested in several.
        answer: whether it holds.
        sentence: the numbers behind the answer.
    """

    paper: str
    source: str
    form: str
    answer: Answer
    sentence: str

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read it from JSON data.

        Raises:
            InputError: something is missing, or the answer is none of those there are.
        """
        names = ("paper", "source", "form", "answer", "sentence")
        paper, source, form, answer, sentence = (str(each) for each in _values(data, "A finding", names))
        if answer not in get_args(Answer):
            known = ", ".join(get_args(Answer))
            raise InputError(f"The answer of a finding must be one of {known}, got {shown(answer)}.")
        return cls(paper, source, form, data["answer"], sentence)


@dataclass(frozen=True, slots=True)
class StudyTable:
    """A table: the first column names its rows."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read it from JSON data.

        Raises:
            InputError: something is missing, or a row has not one cell for every column.
        """
        title, columns, rows, notes = _values(
            data, "A table of a study", ("title", "columns", "rows", "notes")
        )
        for row in rows:
            if len(row) != len(columns):
                raise InputError(
                    f"A row of the table {shown(title)} must have {len(columns)} cells, got {len(row)}."
                )
        cells = tuple(tuple(map(Cell.read, row)) for row in rows)
        return cls(str(title), _texts(columns, "columns"), cells, _texts(notes, "notes"))

    def is_text(self, column: int) -> bool:
        """Whether a column holds texts and no numbers."""
        cells = [row[column] for row in self.rows]
        return any(cell.text for cell in cells) and not any(cell.numeric for cell in cells)


@dataclass(frozen=True, slots=True)
class StudyFigure:
    """A figure: its file without the ending, and its caption."""

    file: str
    caption: str

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read it from JSON data.

        Raises:
            InputError: something is missing.
        """
        return cls(*map(str, _values(data, "A figure of a study", ("file", "caption"))))


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a study.

    Attributes:
        name: short, of its files.
        title: for readers.
        scale: how large it was made.
        notes: sentences that say what differs from the paper.
        tables: its tables.
        findings: the paper's findings that it tests.
        figures: its figures.
        seconds: how long it took.
        settings: how it was made, nested.
        versions: of the libraries, by name.
    """

    name: str
    title: str
    scale: str
    notes: tuple[str, ...]
    tables: tuple[StudyTable, ...]
    findings: tuple[Finding, ...]
    figures: tuple[StudyFigure, ...]
    seconds: float
    settings: Mapping[str, Any]
    versions: Mapping[str, Any]

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read a piece from JSON data.

        Raises:
            InputError: it has another format or version, something is missing, or a part is illegal.
        """
        written = _values(data, "A piece of a study", ("format", "version"))
        if written != [FORMAT, VERSION]:
            raise InputError(
                f"A piece of a study must have the format {FORMAT!r} in version {VERSION}, got {written}."
            )
        name, title, scale = map(str, _values(data, "A piece of a study", ("name", "title", "scale")))
        lists = ("notes", "tables", "findings", "figures")
        notes, tables, findings, figures = _values(data, "A piece of a study", lists)
        made = ("seconds", "settings", "versions")
        seconds, settings, versions = _values(data, "A piece of a study", made)
        return cls(
            name,
            title,
            scale,
            _texts(notes, "notes"),
            tuple(map(StudyTable.read, items(tables, "The tables of a study"))),
            tuple(map(Finding.read, items(findings, "The findings of a study"))),
            tuple(map(StudyFigure.read, items(figures, "The figures of a study"))),
            _seconds(seconds),
            _mapping(settings, "settings"),
            _mapping(versions, "versions"),
        )


def by_finding(pieces: Sequence[Piece]) -> dict[tuple[str, str], list[Finding]]:
    """All findings of all pieces, those of one sentence and source together, in the order of the pieces."""
    found: dict[tuple[str, str], list[Finding]] = {}
    for piece in pieces:
        for finding in piece.findings:
            found.setdefault((finding.paper, finding.source), []).append(finding)
    return found


def tally(pieces: Sequence[Piece]) -> dict[Answer, int]:
    """How often each answer was given; answers that were not are left out."""
    answers = [finding.answer for piece in pieces for finding in piece.findings]
    return {answer: answers.count(answer) for answer in get_args(Answer) if answer in answers}


def _values(data: Any, what: str, names: tuple[str, ...]) -> list[Any]:
    if not isinstance(data, Mapping):
        raise InputError(f"{what} must be a mapping with the keys {', '.join(names)}, got {shown(data)}.")
    for name in names:
        if name not in data:
            raise InputError(f"{what} must have the key {name!r}, which is missing.")
    return [data[name] for name in names]


def _texts(values: Any, what: str) -> tuple[str, ...]:
    return tuple(map(str, items(values, f"The {what} of a study")))


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < math.inf:
        raise InputError(f"The seconds of a study must be a number, 0 or more, got {shown(value)}.")
    return float(value)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"The {what} of a study must be a mapping, got {shown(value)}.")
    return value
