"""Training with a bar: how many networks are done, and how long the others will take."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, Self, final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from evaluation.evaluator import Evaluator
from evaluation.scorer import ignore
from evaluation.trie import Progress as Walked
from genome import Evaluation, Request

_SPEED_SECONDS: Final = 1800.0
"""The time left is told from the speed of so long: rounds are known at once or take minutes."""


@final
class Watched:
    """An evaluator whose calls advance a bar.

    Args:
        evaluator: trains.
        bar: shows how far it is.
        task: of the bar; its total is the number of networks of all calls.
    """

    def __init__(self, evaluator: Evaluator, bar: Progress, task: TaskID) -> None:
        self._evaluator, self._bar, self._task = evaluator, bar, task
        self._done = 0

    @classmethod
    @contextmanager
    def over(cls, evaluator: Evaluator, networks: int, console: Console) -> Iterator[Self]:
        """Show a bar for so many networks."""
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
        )
        quiet = not console.is_interactive
        with Progress(
            *columns, console=console, transient=True, disable=quiet, speed_estimate_period=_SPEED_SECONDS
        ) as bar:
            yield cls(evaluator, bar, bar.add_task("networks", total=networks))

    def evaluate(
        self, requests: Sequence[Request], progress: Callable[[Walked], None] = ignore
    ) -> list[Evaluation]:
        """Evaluate requests, in their order; see ``evaluation.scorer.Evaluates``."""
        with self.counting(len(requests)) as tell:

            def both(walked: Walked) -> None:
                tell(walked)
                progress(walked)

            return self._evaluator.evaluate(requests, both)

    @contextmanager
    def counting(self, networks: int) -> Iterator[Callable[[Walked], None]]:
        """Count so many networks, which are done at the end; what is yielded is to be told of each step."""
        furthest = 0

        def tell(walked: Walked) -> None:
            nonlocal furthest
            furthest = max(furthest, int(networks * walked.done))
            self._bar.update(self._task, completed=self._done + furthest)

        yield tell
        self._done += networks
        self._bar.update(self._task, completed=self._done)
