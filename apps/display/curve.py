"""The learning curve of a search in a terminal, drawn with Braille dots."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from apps.display.colours import BASELINE, BEST, QUIET

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the Braille pattern U+2800 + bits for each of its 4 rows and 2 columns of dots."""

_SMALLEST_PLOT = 8
_TICK_WIDTH = 6


@final
@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Best score so far over the evaluations of a search, with the levels of its baselines as dashed lines.

    The axis spans the baselines and the best so far; what was worse than all of them runs along the edge. The
    abscissa spans the whole budget, so that the curve grows to the right.

    Attributes:
        best: best validation score in dB after each evaluation, as it is shown: falling where lower is
            better, rising where higher is; infinite until one completed.
        budget: evaluations planned.
        levels: display name -> validation score in dB of each baseline; one that diverged has no line.
        width: columns to fill.
        height: lines to fill.
    """

    best: Sequence[float]
    budget: int
    levels: Mapping[str, float]
    width: int
    height: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it line by line."""
        levels = {name: level for name, level in self.levels.items() if math.isfinite(level)}
        axis = _Axis.fitted(self.best, tuple(levels.values()), self.height - 1)
        if axis is None:
            yield Text("no network has completed its training yet", QUIET)
            return
        gutter = max((len(name) + 1 for name in levels), default=0)
        columns = max(self.width - _TICK_WIDTH - 1 - gutter, _SMALLEST_PLOT)
        curve, dashes = self._curve(axis, columns), _dashes(axis, columns, levels.values())
        labels, ticks = _labels(axis, levels), axis.ticks()
        for row in range(axis.rows):
            line = Text(no_wrap=True, overflow="crop")
            line.append(f"{ticks.get(row, ''):>{_TICK_WIDTH}}", QUIET)
            line.append("|" if options.ascii_only else "┤" if row in ticks else "│", QUIET)
            for column in range(columns):
                place = row, column
                drawn, line_bits = curve.get(place, 0), dashes.get(place, 0)
                if options.ascii_only:
                    character = "*" if drawn else "-" if line_bits else " "
                else:
                    character = chr(0x2800 + (drawn | line_bits)) if drawn | line_bits else " "
                line.append(character, BEST if drawn else BASELINE)
            yield line.append(f" {labels[row]}" if row in labels else "", BASELINE)
        middle = columns - 1 - len(str(self.budget))
        caption = "evaluations" if middle > 12 else ""
        yield Text(" " * (_TICK_WIDTH + 1) + f"1{caption:^{max(middle, 1)}}{self.budget}", QUIET)

    def _curve(self, axis: _Axis, columns: int) -> dict[tuple[int, int], int]:
        """Cell -> Braille bits of the curve: a step at every evaluation, joined upright."""
        bits: dict[tuple[int, int], int] = {}
        last = 2 * columns - 1
        before: int | None = None
        for x in range(last + 1):
            evaluation = x * (self.budget - 1) // last
            if evaluation >= len(self.best):
                break
            if not math.isfinite(self.best[evaluation]):
                continue
            y = axis.dot(self.best[evaluation])
            first, end = sorted((y if before is None else before, y))
            for joined in range(first, end + 1):
                _set(bits, x, joined)
            before = y
        return bits


@dataclass(frozen=True, slots=True)
class _Axis:
    """An ordinate in dB, of 4 dots a row, the lowest value in the last row."""

    low: float
    high: float
    rows: int

    @classmethod
    def fitted(cls, best: Sequence[float], levels: Sequence[float], rows: int) -> _Axis | None:
        """The axis that shows the levels and the best so far; None where nothing is finite."""
        shown = [value for value in (*levels, *best[-1:]) if math.isfinite(value)]
        if not levels:
            shown += [value for value in best if math.isfinite(value)][:1]
        if not shown:
            return None
        pad = 0.06 * max(max(shown) - min(shown), 1.0)
        return cls(min(shown) - pad, max(shown) + pad, rows)

    def dot(self, value: float) -> int:
        """The dot row of a value, counted from the top; outside values lie on the edges."""
        share = (self.high - value) / (self.high - self.low)
        return min(max(round(share * (4 * self.rows - 1)), 0), 4 * self.rows - 1)

    def ticks(self) -> dict[int, str]:
        """Row -> label: round values (1, 2 or 5 times a power of ten), at least two rows apart."""
        wanted = 2 * (self.high - self.low) / self.rows
        power = 10.0 ** math.floor(math.log10(wanted))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= wanted)
        decimals = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return {self.dot(i * step) // 4: f"{i * step:.{decimals}f}" for i in range(first, last + 1)}


def _dashes(axis: _Axis, columns: int, levels: Iterable[float]) -> dict[tuple[int, int], int]:
    """Cell -> Braille bits of the dashed lines."""
    bits: dict[tuple[int, int], int] = {}
    for level in levels:
        y = axis.dot(level)
        for x in range(2 * columns):
            if x % 4 < 2:
                _set(bits, x, y)
    return bits


def _set(bits: dict[tuple[int, int], int], x: int, y: int) -> None:
    place = y // 4, x // 2
    bits[place] = bits.get(place, 0) | _DOTS[y % 4][x % 2]


def _labels(axis: _Axis, levels: Mapping[str, float]) -> dict[int, str]:
    """Row -> name of a level, highest first; where levels share a row, names move to the nearest free."""
    ranked = sorted(levels, key=lambda name: -levels[name])
    rows: list[int] = []
    for name in ranked:
        row = axis.dot(levels[name]) // 4
        rows.append(max(row, rows[-1] + 1) if rows else row)
    for place in reversed(range(len(rows))):
        rows[place] = min(rows[place], axis.rows - len(rows) + place)
    return dict(zip(rows, ranked, strict=True))
