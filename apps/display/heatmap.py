"""The heat map of an average architecture in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

from apps.display.colours import QUIET, legend_shares, shade, share_style, shows_shares


@final
@dataclass(frozen=True, slots=True)
class HeatMap:
    """Share of a set of genomes that use each connection, in the layout of the paper's Figure 2.

    Rows are destination layers 1..K from top to bottom, columns are sources x(1)..x(K-1); places that no
    connection can have stay blank. Where a console has too few colours, shade characters stand for them.

    Source: *A Design Space Study for LISTA and Beyond* (ICLR 2021), Figure 2.

    Attributes:
        shares: row d - 1 has the d - 1 shares, in [0, 1], of destination layer d.
        cell: characters a cell is wide.
        caption: lines above the map.
    """

    shares: Sequence[Sequence[float]]
    cell: int = 2
    caption: str = ""

    @property
    def width(self) -> int:
        """Columns it takes."""
        legend = len(f"0 {' ' * len(legend_shares())} 1")
        drawn = self._margin + max((len(self.shares) - 1) * self.cell, legend)
        return max(drawn, *(len(line) for line in self.caption.splitlines()), 0)

    @property
    def height(self) -> int:
        """Lines it takes: the caption, the legend, the sources, and one for each layer."""
        return len(self.caption.splitlines()) + len(self.shares) + 2

    @property
    def _margin(self) -> int:
        return len(str(len(self.shares))) + 1

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Say that it has one width."""
        return Measurement(self.width, self.width)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it line by line."""
        coloured = shows_shares(console)
        for line in self.caption.splitlines():
            yield self._line(Text(line, QUIET))
        # Above the sources, not below the last layer, where it would look like one more.
        legend = Text.assemble(" " * self._margin, ("0 ", QUIET))
        for share in legend_shares():
            self._append(legend, share, 1, options, coloured=coloured)
        yield self._line(legend.append(" 1", QUIET))
        yield self._line(Text.assemble(" " * self._margin, (self._sources(), QUIET)))
        for layer, row in enumerate(self.shares, 1):
            drawn = Text.assemble((f"{layer:>{self._margin - 1}} ", QUIET))
            for share in row:
                self._append(drawn, share, self.cell, options, coloured=coloured)
            yield self._line(drawn)

    def _sources(self) -> str:
        """Every source's number over its column, or of every second, fifth, .. where they would touch."""
        last = len(self.shares) - 1
        step = next(step for step in (1, 2, 5, 10, 20, 50) if step * self.cell > len(str(last)))
        line = ""
        for source in range(1, last + 1, step):
            line = f"{line:<{source * self.cell - len(str(source))}}{source}"
        return line

    @staticmethod
    def _append(line: Text, share: float, width: int, options: ConsoleOptions, *, coloured: bool) -> None:
        if coloured:
            line.append(" " * width, share_style(share))
        else:
            line.append(shade(share, ascii_only=options.ascii_only) * width)

    @staticmethod
    def _line(line: Text) -> Text:
        line.no_wrap, line.overflow = True, "crop"
        return line
