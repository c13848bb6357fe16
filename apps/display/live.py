"""The display of a running search in a terminal."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, redirect_stderr
from types import TracebackType
from typing import Any, Final, Self, final

from rich.console import Console
from rich.live import Live

from apps.display.frame import Frame
from apps.display.report import print_report
from apps.display.watcher import Clock, Watcher

FRAMES_PER_SECOND: Final = 2
"""Enough for a clock that ticks; events are seldom more frequent."""


@final
class RichDisplay(Watcher):
    """Draws a search on the terminal's alternate screen, and leaves its last picture and report behind.

    The alternate screen can be drawn anew at any size, and goes whole, whatever happens. What is written to
    stderr meanwhile would spoil it, so that it is kept and written when the screen has gone.

    Args:
        console: a console on a terminal.
        clock: gives the time in seconds.
    """

    def __init__(self, console: Console, clock: Clock = time.monotonic) -> None:
        super().__init__(clock)
        self._console = console
        self._result: Mapping[str, Any] | None = None
        self._open = ExitStack()

    def frame(self) -> Frame:
        """The picture of this moment."""
        return Frame(self.state, self.elapsed, self.left)

    def __enter__(self) -> Self:
        live = Live(
            get_renderable=self.frame,
            console=self._console,
            screen=True,
            refresh_per_second=FRAMES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        with ExitStack() as opening:
            if self._console.file is not sys.stderr:
                stderr, kept = sys.stderr, io.StringIO()
                opening.callback(lambda: stderr.write(kept.getvalue()))
                opening.enter_context(redirect_stderr(kept))
            opening.enter_context(live)
            self._open = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()
        self._console.print(self.frame())
        if self._result is not None:
            self._console.print()
            print_report(self._result, self._console)

    def finished(self, result: Mapping[str, Any]) -> None:
        """Everything is written: the report is shown when the screen has gone."""
        super().finished(result)
        self._result = result
