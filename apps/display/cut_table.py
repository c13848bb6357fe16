"""A table of numbers that fits on any terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, final

from rich import box
from rich.console import Console, ConsoleOptions, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from apps.display.text import printable

_LONGEST: Final = 24
"""Characters after which heads wrap, and texts too where the table is cut."""

_NARROWEST: Final = 8
"""Characters that numbers leave to the first column."""

_GAP: Final = 2
"""Spaces between the columns."""


@final
class CutTable:
    """A table, cut between columns where it is wider than the terminal; each part names the rows.

    Numbers are whole wherever the terminal has room for one column of them beside the names of the rows;
    elsewhere they wrap. Texts are shown as they are: without markup, and without control characters.

    Args:
        heads: of the columns; the first column names the rows.
        texts: places of the columns that hold texts too, and no numbers.
    """

    def __init__(self, *heads: str | Text, texts: Collection[int] = ()) -> None:
        self._heads = [_shown(head) for head in heads]
        self._texts = {0, *texts}
        self._rows: list[list[Text]] = []

    def add_row(self, *cells: str | Text) -> None:
        """Add a row, a cell for each column.

        Raises:
            ValueError: there are more cells, or fewer.
        """
        row = [_shown(cell) for cell in cells]
        if len(row) != len(self._heads):
            raise ValueError(f"A row must have {len(self._heads)} cells, got {len(row)}.")
        self._rows.append(row)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the parts one below the other."""
        widths = [self._width(place) for place in range(len(self._heads))]
        parts = _parts(widths, options.max_width)
        for number, part in enumerate(parts):
            if number:
                yield Text()
            yield self._drawn(part, widths, options.max_width, cut=len(parts) > 1)

    def _width(self, place: int) -> int:
        head, cells = _width(self._heads[place]), max((_width(row[place]) for row in self._rows), default=0)
        return min(max(head, cells), _LONGEST) if place in self._texts else max(min(head, _LONGEST), cells)

    def _drawn(self, part: Sequence[int], widths: Sequence[int], most: int, *, cut: bool) -> Table:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, _GAP - 1, 0, 0), pad_edge=False, show_edge=False)
        for place in part:
            numbers = place not in self._texts
            justify: JustifyMethod = "right" if numbers else "left"
            table.add_column(
                self._heads[place],
                justify=justify,
                width=min(widths[place], max(most - _GAP - _NARROWEST, 1)) if numbers else None,
                max_width=_LONGEST if cut else None,
                overflow="fold",
            )
        for row in self._rows:
            table.add_row(*(row[place] for place in part))
        return table


def _parts(widths: Sequence[int], most: int) -> list[list[int]]:
    """Places of the columns of each part; the first column is in all of them."""
    parts, used = [[0]], widths[0]
    for place in range(1, len(widths)):
        wanted = _GAP + widths[place]
        if used + wanted > most and len(parts[-1]) > 1:
            parts.append([0])
            used = widths[0]
        parts[-1].append(place)
        used += wanted
    return parts


def _shown(text: str | Text) -> Text:
    return text if isinstance(text, Text) else Text("\n".join(map(printable, text.split("\n"))))


def _width(text: Text) -> int:
    return max((line.cell_len for line in text.split("\n")), default=0)
