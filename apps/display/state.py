"""What a running search has told so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING, Literal

from analysis.average import Average, average
from analysis.choose import top
from analysis.shown import NMSE, Shown
from apps.display.observer import Plan
from apps.display.text import dropped_stages, reused_stages
from genome import Evaluation

if TYPE_CHECKING:
    from evaluation.reuse import Reuse
    from evaluation.trie import Progress

Phase = Literal["baselines", "search", "control", "comparison", "finished"]

_AVERAGED_AT_LEAST, _AVERAGED_SHARE = 5, 0.25


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a display shows of a search but the time; a drawing thread reads it in one piece.

    Attributes:
        phase: what the search is doing.
        plan: what it is about to do; None while the baselines are trained.
        baselines: display name -> evaluation.
        batch: number of the current batch, from 1.
        genomes: of the current batch.
        reused: how many of the search's genomes were in the archive already, the current batch's included.
        stages: how many stages were reused and what that saved, in words; empty while none was asked for.
        pending: genomes of the current batch that are trained.
        networks: of the control, or retrained for the comparison.
        progress: of the current training; None before its first news.
        evaluations: told so far.
        diverged: how many of those diverged.
        dropped: how many were dropped before their last stage, and when, in words; empty where none was.
        curve: best score after each of those, in dB.
        best: the best of those that completed.
        average: of the best of those that completed.
    """

    phase: Phase = "baselines"
    plan: Plan | None = None
    baselines: Mapping[str, Evaluation] = field(default_factory=dict)
    batch: int = 0
    genomes: int = 0
    reused: int = 0
    stages: str = ""
    pending: int = 0
    networks: int = 0
    progress: Progress | None = None
    evaluations: int = 0
    diverged: int = 0
    dropped: str = ""
    curve: tuple[float, ...] = ()
    best: Evaluation | None = None
    average: Average | None = None

    @property
    def shown(self) -> Shown:
        """How scores are shown."""
        return self.plan.shown if self.plan else NMSE

    @property
    def done(self) -> float:
        """Share of the current training that is done, in [0, 1]."""
        between_batches = self.phase == "search" and self.evaluations and not self.genomes
        if between_batches or self.phase == "finished":
            return 1.0
        return self.progress.done if self.progress else 0.0

    @property
    def evaluated(self) -> float:
        """Evaluations of the search, those under way counted by the share that is done."""
        if self.phase != "search" or not self.genomes:
            return float(self.evaluations)
        return self.evaluations + self.genomes - self.pending * (1.0 - self.done)

    @property
    def later(self) -> int:
        """Networks still to be trained after the current training, those of the comparison included."""
        if self.plan is None or self.phase not in ("search", "control"):
            return 0
        if self.phase == "control":
            return self.plan.comparisons
        searched = max(self.plan.budget - self.evaluations - self.genomes, 0)
        return searched + self.plan.controls + self.plan.comparisons

    def started(self, plan: Plan, baselines: Mapping[str, Evaluation]) -> State:
        """The baselines are trained."""
        return replace(self, phase="search", plan=plan, baselines=dict(baselines), progress=None)

    def asked(self, number: int, genomes: int, reused: int) -> State:
        """A batch of genomes was asked for."""
        return replace(
            self,
            batch=number,
            genomes=genomes,
            pending=genomes - reused,
            reused=self.reused + reused,
            progress=None,
        )

    def trained(self, progress: Progress) -> State:
        """The current training came this far."""
        return replace(self, progress=progress)

    def told(self, evaluations: Sequence[Evaluation], reuse: Reuse) -> State:
        """The batch is evaluated."""
        whole = [evaluation for evaluation in evaluations if not evaluation.censored]
        completed = [evaluation for evaluation in whole if evaluation.status == "complete"]
        leaders = top(evaluations, _averaged(len(evaluations))) if completed else []
        return replace(
            self,
            genomes=0,
            pending=0,
            progress=None,
            evaluations=len(evaluations),
            stages=reused_stages(reuse) if reuse.stages_asked else "",
            diverged=len(whole) - len(completed),
            dropped=dropped_stages(evaluations),
            curve=tuple(accumulate((inf if each.censored else each.score for each in evaluations), min)),
            best=leaders[0] if leaders else None,
            average=average(leader.genome for leader in leaders) if leaders else None,
        )

    def controlling(self, genomes: int, reused: int) -> State:
        """The search is over, and its control begins."""
        return replace(
            self, phase="control", networks=genomes, pending=genomes - reused, genomes=0, progress=None
        )

    def comparing(self, networks: int) -> State:
        """The control is over."""
        return replace(self, phase="comparison", networks=networks, progress=None)

    def finished(self) -> State:
        """Everything is written."""
        return replace(self, phase="finished")


def _averaged(evaluations: int) -> int:
    return max(_AVERAGED_AT_LEAST, round(_AVERAGED_SHARE * evaluations))
