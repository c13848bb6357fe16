"""One picture of a running search, laid out for the size of the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from apps.display.colours import BEST, QUIET
from apps.display.curve import LearningCurve
from apps.display.heatmap import HeatMap
from apps.display.standing import STANDING_WIDTH, best_lines, levels, standing
from apps.display.state import State
from apps.display.text import clock, printable

_GAP: Final = 2
_MAP_CAPTION: Final = "share of the best {count}\nusing a connection"
_LINES_ABOVE: Final = 4
_LOWEST_CURVE: Final = 5
_HIGHEST_CURVE: Final = 20
_WIDEST_CURVE: Final = 100


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """A search at one moment. It fits 80 columns and 24 lines up to 16 layers, and takes more where it can.

    Attributes:
        state: what was told.
        elapsed: seconds so far.
        left: seconds that the rest will take; None where that is not known.
    """

    state: State
    elapsed: float
    left: float | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw title and bars at full width, below them numbers and curve beside the heat map."""
        width, height = options.max_width, options.height or options.size.height
        yield self._title()
        yield self._bars()
        if self.state.plan is not None:
            yield Text()
            yield self._body(width, height - _LINES_ABOVE)

    def _title(self) -> Text:
        plan = self.state.plan
        return Text(printable(plan.title) if plan else "Search", "bold", no_wrap=True, overflow="ellipsis")

    def _bars(self) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True, min_width=13)
        table.add_column(ratio=1)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(no_wrap=True)
        state = self.state
        if state.plan is not None:
            evaluated, budget = state.evaluated, state.plan.budget
            count = f"{int(evaluated)}/{budget}"
            table.add_row("search", _bar(evaluated / budget), count, self._time())
        label = {
            "baselines": "baselines",
            "search": f"generation {state.batch}",
            "control": "random search",
            "comparison": "comparison",
            "finished": "comparison",
        }[state.phase]
        table.add_row(label, _bar(state.done), f"{state.done:.0%}", self._stage())
        return table

    def _time(self) -> str:
        if self.state.phase == "finished":
            return f"done in {clock(self.elapsed)}"
        left = "" if self.left is None else f", {clock(self.left)} left"
        return f"{clock(self.elapsed)} elapsed{left}"

    def _stage(self) -> str:
        progress = self.state.progress
        if self.state.phase == "finished" or progress is None:
            return ""
        return f"stage {progress.stage} of {progress.stages}"

    def _body(self, width: int, height: int) -> RenderableType:
        maps = self._maps()
        room = width - STANDING_WIDTH - _GAP
        fitting = [each for each in maps if each.width <= room and each.height <= height]
        if not fitting:
            return Group(*self._left(width, height, _wish(maps)))
        heat = fitting[0]
        left_width = width - heat.width - _GAP
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(width=left_width)
        grid.add_column(width=heat.width)
        grid.add_row(Group(*self._left(left_width, height, [])), heat)
        return grid

    def _left(self, width: int, height: int, more: Sequence[Text]) -> Iterator[RenderableType]:
        """The numbers, and below them the curve where there is room for it."""
        table, lines = standing(self.state), [*best_lines(self.state), *more]
        yield table
        yield from lines
        room = height - table.row_count - len(lines) - 1
        if self.state.plan is None or room < _LOWEST_CURVE:
            return
        if room > _LOWEST_CURVE:
            yield Text()
            room -= 1
        shown = self.state.shown
        yield Text(f"best validation {shown.name} so far (dB)", QUIET, no_wrap=True)
        yield LearningCurve(
            [shown.value(score) for score in self.state.curve],
            self.state.plan.budget,
            levels(self.state.baselines, shown),
            min(width, _WIDEST_CURVE),
            min(room, _HIGHEST_CURVE),
        )

    def _maps(self) -> list[HeatMap]:
        """The heat map with wide and with narrow cells; none while no network has completed."""
        average = self.state.average
        if average is None:
            return []
        shares = [row[:layer].tolist() for layer, row in enumerate(average.share)]
        return [HeatMap(shares, cell, _MAP_CAPTION.format(count=average.count)) for cell in (2, 1)]


def _wish(maps: Sequence[HeatMap]) -> list[Text]:
    """A line that says how large a terminal would show the smallest, last, of the maps."""
    lines = []
    for heat in maps[-1:]:
        columns, rows = STANDING_WIDTH + _GAP + heat.width, _LINES_ABOVE + heat.height
        lines.append(Text(f"heat map: needs {columns} columns, {rows} lines", QUIET, no_wrap=True))
    return lines


def _bar(share: float) -> ProgressBar:
    return ProgressBar(total=1.0, completed=share, style=QUIET, complete_style=BEST, finished_style=BEST)
