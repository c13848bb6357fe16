"""What the export says: how far it is, what is where now, and how to open it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from typing import Final

from optuna.trial import TrialState
from rich.console import Console
from rich.progress import track

from apps.export.searched import Searched
from apps.export.study import Exported
from genome import Evaluation

_STATES: Final = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned (training stopped early)",
    TrialState.FAIL: "failed (diverged)",
}


def progress(evaluations: Sequence[Evaluation]) -> Iterator[Evaluation]:
    """Hand evaluations on, with a bar on a terminal's stderr."""
    console = Console(stderr=True)
    shown = console.is_terminal
    yield from track(evaluations, "Exporting", console=console, transient=True, disable=not shown)


def as_lines(searched: Searched, exported: Exported) -> str:
    """The summary as plain lines."""
    states = ", ".join(
        f"{exported.states[state]} {text}" for state, text in _STATES.items() if exported.states[state]
    )
    order = (
        "The search is finished: its trials are what it asked, in that order."
        if searched.finished
        else "The search is not finished: export again to add what it evaluates from now on."
    )
    return "\n".join(
        (
            f"Study {exported.study!r} in {exported.place}: {states}; {exported.added} new.",
            order,
            f"To look at it: optuna-dashboard {shlex.quote(exported.place)}",
            "",
        )
    )
