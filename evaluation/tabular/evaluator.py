"""An evaluator that looks evaluations up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

from evaluation.reuse import Reuse
from evaluation.tabular.table import Table
from genome import Evaluation, Request


@final
class TabularEvaluator:
    """Gives the evaluations of a table, the same as the evaluator that made the table would by training.

    Args:
        table: whose evaluations to give.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.setting = table.setting
        self.reuse = Reuse()

    def settings(self) -> dict[str, Any]:
        """What the evaluations depend on beside their request."""
        return dict(self.table.settings)

    def evaluate(self, requests: Sequence[Request], progress: object = None) -> list[Evaluation]:
        """Look requests up, in their order.

        Args:
            requests: what to evaluate.
            progress: not told anything: nothing is trained.

        Raises:
            InputError: the table does not have one of them.
        """
        del progress
        return [self.table.evaluation(request) for request in requests]
