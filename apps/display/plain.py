"""The display of a running search where there is no terminal: plain lines."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final, Self, final

from apps.display.console import AppConsole
from apps.display.observer import Plan
from apps.display.report import print_report
from apps.display.standing import levels
from apps.display.text import clock, decibels, printable, reused_stages
from apps.display.watcher import Clock, Watcher
from genome import Evaluation

if TYPE_CHECKING:
    from evaluation.reuse import Reuse
    from evaluation.trie import Progress

PROGRESS_SECONDS: Final = 15.0
"""Least time between two lines on the progress of one training."""

REPORT_WIDTH: Final = 100
"""Columns of the report at the end."""


@final
class PlainDisplay(Watcher):
    """Writes one line a batch, and one at most every 15 seconds in between, without control characters.

    Args:
        stream: text stream to write to.
        clock: gives the time in seconds.
    """

    def __init__(self, stream: IO[str], clock: Clock = time.monotonic) -> None:
        super().__init__(clock)
        self._stream = stream
        self._spoke = self._clock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stream.flush()

    def started(self, plan: Plan, baselines: Mapping[str, Evaluation]) -> None:
        """Write what is about to be done, and what it is compared with."""
        super().started(plan, baselines)
        control = f"{plan.controls} random ones beside them, " if plan.controls else ""
        self._line(
            f"Search: {plan.title}; {plan.budget} evaluations, {control}then {plan.comparisons} networks "
            f"retrained for the comparison; files in {plan.out}"
        )
        shown = plan.shown
        named = levels(baselines, shown).items()
        scores = ", ".join(f"{name} {_with_unit(level)}" for name, level in named)
        self._line(f"Baselines, validation {shown.name}: {scores}")

    def progress(self, progress: Progress) -> None:
        """Write how far the training came, if the last line is long enough ago."""
        super().progress(progress)
        if self._clock() - self._spoke < PROGRESS_SECONDS:
            return
        what = f"batch {self.state.batch}" if self.state.phase == "search" else self.state.phase
        done = f"stage {progress.stage} of {progress.stages}, {progress.done:.0%} done"
        self._line(f"{what}: {done}, {self._time()}")

    def told(self, evaluations: Sequence[Evaluation], reuse: Reuse) -> None:
        """Write how the search stands."""
        super().told(evaluations, reuse)
        state = self.state
        budget = state.plan.budget if state.plan else 0
        facts = [f"batch {state.batch}: {state.evaluations}/{budget} evaluated", self._best()]
        facts += [f"{state.diverged} diverged"] if state.diverged else []
        facts += [state.dropped] if state.dropped else []
        facts += [f"{state.reused} from the archive"] if state.reused else []
        facts += [reused_stages(reuse)] if reuse.stages_asked else []
        self._line(", ".join([*facts, self._time()]))

    def controlling(self, genomes: int, reused: int) -> None:
        """Write that the control begins."""
        super().controlling(genomes, reused)
        known = f", {reused} from the archive" if reused else ""
        self._line(f"control: {genomes} random networks{known}, {self._time()}")

    def comparing(self, networks: int) -> None:
        """Write that the comparison begins."""
        super().comparing(networks)
        self._line(f"comparison: {networks} networks are retrained, {self._time()}")

    def finished(self, result: Mapping[str, Any]) -> None:
        """Write the report."""
        super().finished(result)
        self._line(f"finished: {self._time()}")
        print_report(
            result, AppConsole(file=self._stream, width=REPORT_WIDTH, color_system=None, force_terminal=False)
        )

    def _best(self) -> str:
        best = self.state.best
        return (
            f"best {decibels(self.state.shown.value(best.score))} dB with {best.connections} connections"
            if best
            else "none completed"
        )

    def _time(self) -> str:
        left = "" if self.left is None else f", about {clock(self.left)} left"
        return f"{clock(self.elapsed)} elapsed{left}"

    def _line(self, text: str) -> None:
        self._spoke = self._clock()
        self._stream.write(f"{printable(text)}\n")
        self._stream.flush()


def _with_unit(score: float) -> str:
    text = decibels(score)
    return text if text == "diverged" else f"{text} dB"
