"""What sharing and keeping prefixes saves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from genome import Evaluation


@dataclass(slots=True)
class Reuse:
    """Stages that networks needed, against those that were trained.

    Attributes:
        stages_asked: stages of all networks that were asked for.
        stages_trained: stages trained for them; the others were shared, or kept from before.
        seconds_asked: training time that the networks would have taken without sharing, at the pace of the
            populations they or their prefixes were trained in.
        seconds_trained: training time spent.
    """

    stages_asked: int = 0
    stages_trained: int = 0
    seconds_asked: float = 0.0
    seconds_trained: float = 0.0

    def asked(self, stages: int, seconds: float) -> None:
        """Count a network."""
        self.stages_asked += stages
        self.seconds_asked += seconds

    def trained(self, stages: int, seconds: float) -> None:
        """Count training."""
        self.stages_trained += stages
        self.seconds_trained += seconds

    def recount(self, before: Reuse, evaluations: Iterable[Evaluation]) -> None:
        """Count networks once that were asked for at several rungs, each to the last stage it was to reach.

        Args:
            before: the counts before these networks.
            evaluations: what became of them.
        """
        self.stages_asked, self.seconds_asked = before.stages_asked, before.seconds_asked
        for evaluation in evaluations:
            self.asked(evaluation.stages, evaluation.seconds)

    @property
    def stages_reused(self) -> int:
        """Stages that did not have to be trained."""
        return self.stages_asked - self.stages_trained

    @property
    def seconds_saved(self) -> float:
        """Training time of these."""
        return max(0.0, self.seconds_asked - self.seconds_trained)

    def to_dict(self) -> dict[str, int | float]:
        """The counts as JSON data."""
        return asdict(self)
