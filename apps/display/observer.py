"""What a running search tells whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from analysis.shown import NMSE, Shown
from genome import Evaluation

if TYPE_CHECKING:
    from evaluation.reuse import Reuse
    from evaluation.trie import Progress


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search is about to do.

    Attributes:
        title: one line that names problem, optimizer and seed.
        layers: depth K.
        budget: genomes to evaluate.
        controls: random genomes evaluated beside them.
        comparisons: networks retrained for the comparison at the end.
        out: the run directory.
        shown: how scores are shown.
    """

    title: str
    layers: int
    budget: int
    controls: int
    comparisons: int
    out: str
    shown: Shown = NMSE


class Observer(Protocol):
    """Watches a search; none of its methods change what the search does."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop showing, also after an error or an interrupt."""
        ...

    def started(self, plan: Plan, baselines: Mapping[str, Evaluation]) -> None:
        """The baselines (display name -> evaluation in the search's own setting) are trained."""
        ...

    def batch(self, number: int, genomes: int, reused: int) -> None:
        """A batch of genomes was asked for, of which the archive had ``reused`` already."""
        ...

    def progress(self, progress: Progress) -> None:
        """Training of the batch, or of the comparison, came this far."""
        ...

    def told(self, evaluations: Sequence[Evaluation], reuse: Reuse) -> None:
        """The batch is evaluated.

        Args:
            evaluations: all of the search so far, in the order asked.
            reuse: what sharing and keeping prefixes has saved so far.
        """
        ...

    def controlling(self, genomes: int, reused: int) -> None:
        """The search is over; random genomes are evaluated as its control, ``reused`` known already."""
        ...

    def comparing(self, networks: int) -> None:
        """Search and control are over; this many networks are retrained for the comparison."""
        ...

    def finished(self, result: Mapping[str, Any]) -> None:
        """Everything is written; ``result`` is the content of ``result.json``."""
        ...
