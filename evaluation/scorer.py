"""What a search needs of an evaluator, whether it trains networks or looks them up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from evaluation.reuse import Reuse
from evaluation.trie import Progress
from genome import Evaluation, Request


def ignore(progress: Progress) -> None:
    """Tell nobody how far the training is."""
    del progress


class Evaluates(Protocol):
    """Makes evaluations: an ``Evaluator`` by training, a ``TabularEvaluator`` from a table."""

    def evaluate(
        self, requests: Sequence[Request], progress: Callable[[Progress], None] = ignore
    ) -> list[Evaluation]:
        """Evaluate requests, in their order.

        Args:
            requests: What to evaluate.
            progress: Told how far the training is.
        """
        ...


class Scorer(Evaluates, Protocol):
    """What the search loop drives.

    Attributes:
        setting: Digest of what its evaluations depend on beside their request.
        reuse: What sharing and keeping prefixes has saved so far.
    """

    setting: str
    reuse: Reuse
