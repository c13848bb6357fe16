"""What sharing and keeping prefixes saves."""

from __future__ import annotations

from dataclasses import asdict, dataclass


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
