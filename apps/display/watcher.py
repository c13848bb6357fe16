"""What every display does with the events of a search: keep the state and measure the pace."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from apps.display.observer import Plan
from apps.display.pace import Pace
from apps.display.state import State
from genome import Evaluation

if TYPE_CHECKING:
    from evaluation.reuse import Reuse
    from evaluation.trie import Progress

Clock = Callable[[], float]


class Watcher(ABC):
    """An `Observer` that knows what was told, how long it took and how long the rest will take.

    Args:
        clock: gives the time in seconds.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._pace = Pace()
        self._ends: float | None = None
        self.state = State()

    @abstractmethod
    def __enter__(self) -> Self:
        """Begin to show."""

    @abstractmethod
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop showing, also after an error or an interrupt."""

    @property
    def elapsed(self) -> float:
        """Seconds since the display was made."""
        return self._clock() - self._began

    @property
    def left(self) -> float | None:
        """Seconds that search and comparison still take at the measured speed; None while nothing is."""
        return None if self._ends is None else max(self._ends - self._clock(), 0.0)

    def started(self, plan: Plan, baselines: Mapping[str, Evaluation]) -> None:
        """The baselines are trained."""
        self.state = self.state.started(plan, baselines)

    def batch(self, number: int, genomes: int, reused: int) -> None:
        """A batch of genomes was asked for, of which the archive had ``reused`` already."""
        self._pace.begin(genomes - reused, self._clock())
        self._update(self.state.asked(number, genomes, reused))

    def progress(self, progress: Progress) -> None:
        """Training came this far."""
        self._pace.advance(progress.done, self._clock())
        self._update(self.state.trained(progress))

    def told(self, evaluations: Sequence[Evaluation], reuse: Reuse) -> None:
        """The batch is evaluated."""
        self._pace.end(self._clock())
        self._update(self.state.told(evaluations, reuse))

    def controlling(self, genomes: int, reused: int) -> None:
        """The search is over, and its control begins."""
        self._pace.begin(genomes - reused, self._clock())
        self._update(self.state.controlling(genomes, reused))

    def comparing(self, networks: int) -> None:
        """The control is over."""
        self._pace.end(self._clock())
        self._pace.begin(networks, self._clock())
        self._update(self.state.comparing(networks))

    def finished(self, result: Mapping[str, Any]) -> None:
        """Everything is written."""
        del result
        self._ends = None
        self.state = self.state.finished()

    def _update(self, state: State) -> None:
        self.state = state
        left = self._pace.left(state.later)
        self._ends = None if left is None else self._clock() + left
