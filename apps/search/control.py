"""The control of a search: random genomes, evaluated like its own, at the same budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import optimizers
from analysis.choose import top
from analysis.claims import Claim
from analysis.control import best_of, budgets, evaluations_to_reach
from apps.display.observer import Observer
from apps.search.options import SearchOptions
from apps.search.roles import CONTROL_CLAIM, CONTROL_DIFFERENCES, Found, found
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from genome import DesignSpace, Evaluation, Genome, Request

_STREAM = 0x636F6E74  # "cont", as text
RANDOM = "random"
"""Name of the optimizer that is its own control, and display name of the control's best network."""


def control_seed(seed: int) -> int:
    """The seed of a search's random genomes.

    It is drawn from a child of the search's own ``numpy.random.SeedSequence``, spawned under a key of its
    own. An optimizer draws from the sequence itself, so that no strategy, random search with the same seed
    included, meets the control's draws.
    """
    child = np.random.SeedSequence(seed, spawn_key=(_STREAM,))
    return int(child.generate_state(1, np.uint64)[0] >> 1)


@dataclass(frozen=True, slots=True)
class Control:
    """Random genomes beside a search's own, in the order drawn.

    Attributes:
        random: their evaluations.
        searched: the search's.
        own: whether they are the same, for the search is random itself.
    """

    random: Sequence[Evaluation]
    searched: Sequence[Evaluation]
    own: bool

    @property
    def budget(self) -> int:
        """Evaluations at which search and control are compared: as many as both have."""
        return min(len(self.random), len(self.searched))

    @property
    def best(self) -> Evaluation | None:
        """The best random network at that budget; None where none completed."""
        return _leader(self.random[: self.budget])

    @property
    def random_scores(self) -> list[float]:
        """Scores of all random networks, in dB."""
        return scores(self.random)

    def best_so_far(self, budget: int) -> float:
        """The search's best score after so many evaluations, in dB; inf where none completed."""
        return min(scores(self.searched[:budget]))

    @property
    def table(self) -> list[dict[str, float]]:
        """By budget, the search's best so far beside the best of as many random networks."""
        rows = []
        for budget in budgets(self.budget):
            random = best_of(self.random_scores, budget)
            rows.append(
                {
                    "evaluations": budget,
                    "search": self.best_so_far(budget),
                    "mean": random.mean,
                    "low": random.low,
                    "high": random.high,
                }
            )
        return rows

    @property
    def evaluations_to_reach(self) -> int | None:
        """How many random evaluations are expected to reach the search's best at the shared budget."""
        best = self.best_so_far(self.budget)
        return evaluations_to_reach(self.random_scores, best) if np.isfinite(best) else None

    def name(self, model: str) -> str:
        """Display name of the search's best or chosen network at the shared budget."""
        return model if self.budget == len(self.searched) else f"{model} of {self.budget}"

    def models(self, what: Found, count: int) -> dict[str, Genome]:
        """What is retrained for the control's sake, by display name; nothing where there is nothing to pair.

        Args:
            what: the search's selection.
            count: best genomes that make an average.
        """
        if self.own or self.best is None or _leader(self.searched[: self.budget]) is None:
            return {}
        early = what if self.budget == len(self.searched) else found(self.searched[: self.budget], count)
        genomes = {"best": early.best.genome, "chosen": early.chosen.genome}
        return {**{self.name(name): genome for name, genome in genomes.items()}, RANDOM: self.best.genome}

    @property
    def claim(self) -> Claim:
        """The claim that was fixed beforehand, of the networks at the shared budget."""
        return Claim(
            self.name(CONTROL_CLAIM.subject), RANDOM, CONTROL_CLAIM.kind, margin_db=CONTROL_CLAIM.margin_db
        )

    @property
    def differences(self) -> list[tuple[str, str]]:
        """What is compared with the best random network."""
        return [(self.name(subject), RANDOM) for subject, _ in CONTROL_DIFFERENCES]


def own_control(options: SearchOptions) -> bool:
    """Whether a search is random search, trained whole, so that it needs no other control."""
    return options.optimizer == RANDOM and not options.rungs


def scores(evaluations: Sequence[Evaluation]) -> list[float]:
    """Scores of whole networks in dB; inf for one that diverged or was not trained whole."""
    return [float("inf") if each.censored else each.score for each in evaluations]


def run_control(
    options: SearchOptions,
    space: DesignSpace,
    evaluator: Evaluator,
    archive: Archive,
    searched: Sequence[Evaluation],
    observer: Observer,
) -> Control | None:
    """Evaluate random genomes, all in one batch, trained whole; None where no control was asked for.

    A larger control begins with the genomes of a smaller one, and finds them in the archive.

    Args:
        options: of the search.
        space: to draw from.
        evaluator: the search's.
        archive: the search's.
        searched: its evaluations.
        observer: told how far this is.
    """
    if not options.controls:
        return None
    if own_control(options):
        return Control(searched, searched, own=True)
    genomes = optimizers.create(RANDOM, space, control_seed(options.seed)).ask(options.controls)
    requests = [Request(genome, seed=options.seed) for genome in genomes]
    known = archive.get(request.digest(evaluator.setting) for request in requests)
    observer.controlling(len(requests), len(known))
    return Control(evaluator.evaluate(requests, observer.progress), searched, own=False)


def _leader(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    whole = [each for each in evaluations if each.whole]
    return top(whole, 1)[0] if whole else None
