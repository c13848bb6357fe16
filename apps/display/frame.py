"""One picture of a running search, laid out for the size of the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from apps.display.colours import BEST
from apps.display.curve import LearningCurve
from apps.display.heatmap import HeatMap
from apps.display.standing import STANDING_WIDTH, best_lines, levels, standing
from apps.display.state import State
from apps.display.text import clock, printable

_GAP: Final = 2
_MAP_CAPTION: Final = "share of the best {count}\nusing a connection"
_CURVE_HEIGHTS: Final = (5, 20)
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
        if self.state.plan is None:
            return
        yield Text()
        used = 2 + self._bars().row_count
        yield self._body(width, height - used)

    def _title(self) -> Text:
        plan = self.state.plan
        return Text(printable(plan.title) if plan else "Search", "bold", no_wrap=True, overflow="ellipsis")

    def _bars(self) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(no_wrap=True, min_width=12)
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
        heat = self._heat(width, height)
        if heat is None:
            return Group(*self._left(width, height))
        left_width = width - heat.width - _GAP
        grid = Table.grid(padding=(0, _GAP, 0, 0))
        grid.add_column(width=left_width)
        grid.add_column(width=heat.width)
        grid.add_row(Group(*self._left(left_width, height)), heat)
        return grid

    def _left(self, width: int, height: int) -> Iterator[RenderableType]:
        table, lines = standing(self.state), list(best_lines(self.state))
        yield table
        yield from lines
        lowest, highest = _CURVE_HEIGHTS
        room = height - table.row_count - len(lines) - 1
        plan = self.state.plan
        if plan is None or room < lowest:
            return
        yield Text()
        yield LearningCurve(
            self.state.curve,
            plan.budget,
            levels(self.state.baselines),
            min(width, _WIDEST_CURVE),
            min(room, highest),
        )

    def _heat(self, width: int, height: int) -> HeatMap | None:
        """The heat map, with narrower cells where there is little room; None where there is too little."""
        average = self.state.average
        if average is None:
            return None
        shares = [row[:layer].tolist() for layer, row in enumerate(average.share)]
        caption = _MAP_CAPTION.format(count=average.count)
        maps = (HeatMap(shares, cell, caption) for cell in (2, 1))
        room = width - STANDING_WIDTH - _GAP
        return next((each for each in maps if each.width <= room and each.height <= height), None)


def _bar(share: float) -> ProgressBar:
    return ProgressBar(total=1.0, completed=share, complete_style=BEST, finished_style=BEST)
