"""Shows how far a study is."""

from __future__ import annotations

from types import TracebackType
from typing import Self, final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from apps.display.text import clock, printable
from apps.study.lab import Told


@final
class StudyDisplay:
    """A line for the piece at work: networks so far, and the time left for it.

    Where the output is no terminal, a line a piece.

    Args:
        console: where to show.
        pieces: how many there are to make.
    """

    def __init__(self, console: Console, pieces: int) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
        self._console, self._pieces, self._number, self._name = console, pieces, 0, ""
        self._progress = Progress(
            *columns, console=console, transient=True, disable=not console.is_interactive
        )
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, name: str) -> None:
        """A piece begins."""
        self._number, self._name = self._number + 1, name
        if not self._console.is_interactive:
            self._console.print(Text(printable(f"{self._number} of {self._pieces}: {name}")))
        self.tell(Told(0, 0, None))

    def tell(self, told: Told) -> None:
        """Its training came this far."""
        most = max(told.expected, round(told.done))
        left = "" if told.left is None else f", {clock(told.left)} left"
        done = f", {told.done:.0f} of {most} networks" if most else ""
        text = printable(f"{self._number} of {self._pieces}: {self._name}{done}{left}")
        if self._task is None:
            self._task = self._progress.add_task(text, total=None)
        else:
            self._progress.update(self._task, description=text)
