"""Pruning with retraining: what each part of a network is worth, and how few parts are enough.

A network is pruned of its extra connections, or of its side connections (*A Design Space Study for LISTA and
Beyond*, ICLR 2021, A.4). What is left is always trained anew, over several seeds, on the draw that a search
selects on, and only its validation score decides. Every round's networks are evaluated together, so that
those that share their first layers share the training of these.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.comparison import Divergence, PairedDifference, Values, compare
from analysis.pruning_parts import Part, Parts, count
from evaluation.scorer import Evaluates
from genome.errors import InputError
from genome.genome import Genome
from genome.records import Request
from genome.strict import integer


@dataclass(frozen=True, slots=True)
class Round:
    """A network and what came of removing parts of it, one at a time.

    Attributes:
        genome: the network.
        scores: its validation score in dB by seed; inf where it diverged.
        without: for every part that was removed, the scores of what was left, by seed.
        removed: the part that the network of the round before had and this one has not; None at the start.
    """

    genome: Genome
    scores: Values
    without: Mapping[Part, Values]
    removed: Part | None = None

    @property
    def mean(self) -> float:
        """Mean validation score of the network over seeds, dB; inf where one diverged."""
        return _mean(self.scores)

    @property
    def least_harmful(self) -> Part | None:
        """The part whose removal leaves the best mean score; None where every removal tried diverged.

        Of equally good ones, the first in ascending order.
        """
        best = min(self.without, key=lambda part: (_mean(self.without[part]), part), default=None)
        return best if best is not None and math.isfinite(_mean(self.without[best])) else None


@dataclass(frozen=True, slots=True)
class Effect:
    """What removing one part does: score without it minus score with it (positive: the part helps)."""

    part: Part
    difference: PairedDifference | Divergence


def try_removals(evaluator: Evaluates, genome: Genome, seeds: Sequence[int], parts: Parts) -> Round:
    """Train a network with each of its parts removed in turn, and the network itself, on every seed.

    Raises:
        InputError: there is no part to remove or no seed, the network itself diverges, or the evaluator
            refuses.
    """
    if not parts.of(genome):
        raise InputError(f"A network to be pruned must have {parts.name} to remove, got none in {genome}.")
    if not seeds:
        raise InputError("Pruning needs at least 1 seed, got none.")
    found = _scores(evaluator, [genome, *(parts.without(genome, part) for part in parts.of(genome))], seeds)
    scores, *without = found
    diverged = [seed for seed, score in scores.items() if not math.isfinite(score)]
    if diverged:
        raise InputError(
            f"A network to be pruned must train without diverging, got a divergence on seed {diverged[0]}."
        )
    return Round(genome, scores, dict(zip(parts.of(genome), without, strict=True)))


def ranking(tried: Round) -> tuple[Effect, ...]:
    """Rank the parts that were removed by their effect: the least harmful removal first, diverged ones last.

    Raises:
        InputError: for fewer than two seeds, which have no spread.
    """
    order = sorted(tried.without, key=lambda part: (_mean(tried.without[part]), part))
    return tuple(
        Effect(part, compare({"without": tried.without[part], "with": tried.scores}, "without", "with"))
        for part in order
    )


def eliminate(
    evaluator: Evaluates,
    first: Round,
    parts: Parts,
    *,
    least: int | None = None,
    candidates: int | None = None,
) -> tuple[Round, ...]:
    """Remove parts one at a time, each time the one whose removal leaves the best mean validation score.

    What is left is trained anew for every part that could be removed next. With ``candidates``, only so many
    are tried in a round after the first: those whose removal did least harm when it was last tried, relative
    to the network of that round. It ends early where all removals tried diverged.

    The score of what a round chooses is the lowest of many noisy ones, and so a little too good: that of
    fresh seeds is to be reported.

    Args:
        evaluator: trains.
        first: the network to start from, with every part removed in turn (`try_removals`).
        parts: the kind that is removed.
        least: number of parts to stop at; by default as few as there can be.
        candidates: most removals tried in a round; all by default.

    Returns:
        The curve: a round for every number of parts, ``first`` first; nothing was removed from the last,
        unless it ended early or at once.

    Raises:
        InputError: a number out of range, or the evaluator refuses.
    """
    least = parts.least if least is None else least
    integer(least, f"The number of {parts.name} to stop at", parts.least, count(parts, first.genome))
    if candidates is not None:
        integer(candidates, "The number of removals tried in a round", 1, 10**6)
    curve, harm = [first], dict[Part, float]()
    while count(parts, curve[-1].genome) > least and (part := curve[-1].least_harmful) is not None:
        current = curve[-1]
        harm |= {each: _mean(scores) - current.mean for each, scores in current.without.items()}
        left = parts.without(current.genome, part)
        promising = sorted(parts.of(left), key=lambda each: (harm[each], each))[:candidates]
        tried = promising if count(parts, left) > least else []
        scores = _scores(evaluator, [parts.without(left, each) for each in tried], list(current.scores))
        curve.append(Round(left, current.without[part], dict(zip(tried, scores, strict=True)), part))
    return tuple(curve)


def smallest_within(curve: Sequence[Round], margin_db: float, reference: Round) -> Round:
    """The network with the fewest parts whose mean validation score is within a margin of a reference's.

    The margin is inclusive. Networks on the way to it may lie outside.

    Raises:
        InputError: the margin is negative or not finite, or no network of the curve lies within it.
    """
    if not 0.0 <= margin_db < math.inf:
        raise InputError(
            f"The margin of pruning must be a finite number of dB, at least 0, got {margin_db:g}."
        )
    near = [each for each in curve if each.mean <= reference.mean + margin_db]
    if not near:
        raise InputError("The reference of a margin must be on the curve, got a curve that lies above it.")
    return near[-1]


def best(curve: Sequence[Round]) -> Round:
    """The network of the best mean validation score; of equally good ones, the one with the fewest parts."""
    return min(reversed(curve), key=lambda each: each.mean)


def _scores(evaluator: Evaluates, genomes: Sequence[Genome], seeds: Sequence[int]) -> list[dict[int, float]]:
    """Validation scores of every network by seed, of one call."""
    requests = [Request(genome, seed=seed) for genome in genomes for seed in seeds]
    scores = iter([each.score for each in evaluator.evaluate(requests)] if requests else [])
    return [{seed: next(scores) for seed in seeds} for _ in genomes]


def _mean(scores: Values) -> float:
    return sum(scores.values()) / len(scores)
