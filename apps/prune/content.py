"""What a pruning found, and the content of ``prune.json``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from analysis.claims import Claim, judge
from analysis.comparison import Divergence, PairedDifference, compare, summarize
from analysis.pruning import Round, best, ranking, smallest_within
from analysis.pruning_parts import Part, Parts, count
from analysis.side_pruning import Side, SideSummary, summarize_sides
from analysis.zeroing import rank_correlation
from apps.search.result import versions
from evaluation.problems.base import Problem
from genome import Evaluation

FORMAT, VERSION = "lista-genome/pruning", 1

START, SMALLEST, BEST, NEAR_BEST = "start", "smallest", "best", "smallest near best"
"""Display names: the network given, the smallest within the margin of it, the best on the curve, and the
smallest within the margin of that."""

_CHAIN, _LAST = "chain", "last"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a pruning found.

    Attributes:
        parts: what was removed.
        claim: fixed beforehand.
        curve: the elimination.
        chosen: its points that are compared, by display name.
        test: their evaluations on test data, by fresh seed.
        zeroed: by seed, what setting the coefficient of a connection to zero does; None where that is not
            possible.
        patterns: scores of patterns of side connections, one a seed.
        problem: what was trained for.
    """

    parts: Parts
    claim: Claim
    curve: Sequence[Round]
    chosen: Mapping[str, Round]
    test: Mapping[str, Mapping[int, Evaluation]]
    zeroed: Mapping[int, Mapping[Part, float]] | None
    patterns: Mapping[Side, Sequence[float]]
    problem: Problem


def selected(curve: Sequence[Round], parts: Parts, margin: float) -> dict[str, Round]:
    """The points of a curve that are compared, on validation scores alone; one point may have two names."""
    first, last, leader = curve[0], curve[-1], best(curve)
    bare = parts.least == 0 and count(parts, last.genome) == 0
    return {
        START: first,
        BEST: leader,
        SMALLEST: smallest_within(curve, margin, first),
        NEAR_BEST: smallest_within(curve, margin, leader),
        _CHAIN if bare else _LAST: last,
    }


def content(found: Outcome, settings: Mapping[str, Any], seconds: float) -> dict[str, Any]:
    """The content of ``prune.json``: strict JSON, None for what diverged."""
    metric, (m, n) = found.problem.metric, found.problem.dictionary.shape
    test = {
        name: {seed: _test(each) for seed, each in by_seed.items()} for name, by_seed in found.test.items()
    }
    verdict = judge(found.claim, test)
    return {
        "format": FORMAT,
        "version": VERSION,
        "m": m,
        "n": n,
        "parts": found.parts.name,
        "columns": list(found.parts.columns),
        "metric": {"name": metric.name, "sign": metric.sign},
        "margin_db": found.claim.margin_db,
        **_ranking(found),
        "curve": [_point(found, each) for each in found.curve],
        "chosen": _chosen(found, test),
        "claims": [verdict.to_dict()] if _pruned(found) else [],
        "patterns": _patterns(found),
        "settings": settings,
        "seconds": seconds,
        "versions": versions(),
    }


def strict(value: float) -> float | None:
    """A score as strict JSON has it: None for one that is not finite."""
    return value if math.isfinite(value) else None


def mean(scores: Sequence[float]) -> float:
    """Mean over seeds, dB; inf where one diverged."""
    return sum(scores) / len(scores)


def _pruned(found: Outcome) -> bool:
    """Whether the claim is about two networks."""
    return found.chosen[SMALLEST] is not found.chosen[START]


def _test(evaluation: Evaluation) -> float:
    """The test score of an evaluation that read the test split."""
    return math.inf if evaluation.test_nmse_db is None else evaluation.test_nmse_db


def _ranking(found: Outcome) -> dict[str, Any]:
    effects = ranking(found.curve[0])
    cheap = _cheap(found.zeroed) if found.zeroed is not None else {}
    rows = [
        {
            "part": list(effect.part),
            "retrained": effect.difference.to_dict(),
            "zeroed": cheap[effect.part].to_dict() if cheap else None,
        }
        for effect in effects
    ]
    agreement = None
    if cheap:
        retrained = {effect.part: effect.difference for effect in effects}
        agreement = rank_correlation(_means(retrained), _means(cheap))
    return {"ranking": rows, "agreement": asdict(agreement) if agreement else None}


def _cheap(
    zeroed: Mapping[int, Mapping[Part, float]],
) -> dict[Part, PairedDifference | Divergence]:
    """Effect of every connection over seeds."""
    first = next(iter(zeroed.values()))
    return {
        part: compare(
            {
                "zeroed": {seed: effects[part] for seed, effects in zeroed.items()},
                "trained": dict.fromkeys(zeroed, 0.0),
            },
            "zeroed",
            "trained",
        )
        for part in first
    }


def _means(effects: Mapping[Part, PairedDifference | Divergence]) -> dict[Part, float]:
    return {
        part: math.inf if isinstance(effect, Divergence) else effect.mean for part, effect in effects.items()
    }


def _point(found: Outcome, each: Round) -> dict[str, Any]:
    """A network of the curve; its difference from the start is None for the start."""
    start = found.curve[0]
    difference = None if each is start else compare({"it": each.scores, "start": start.scores}, "it", "start")
    return {
        "count": count(found.parts, each.genome),
        "removed": list(each.removed) if each.removed else None,
        "valid_nmse_db": each.mean,
        "seeds": {str(seed): score for seed, score in each.scores.items()},
        "from_start": difference.to_dict() if difference else None,
        "tried": len(each.without),
        "genome": each.genome.to_dict(),
    }


def _chosen(found: Outcome, test: Mapping[str, Mapping[int, float]]) -> dict[str, Any]:
    spreads = summarize(test)
    return {
        name: {
            "count": count(found.parts, each.genome),
            "connections": each.genome.connections,
            "valid_nmse_db": each.mean,
            "test_nmse_db": {key: spreads[name].to_dict()[key] for key in ("mean", "low", "high")},
            "from_start": None if each is found.curve[0] else compare(test, name, START).to_dict(),
            "test_seeds": {str(seed): strict(score) for seed, score in test[name].items()},
            "genome": each.genome.to_dict(),
        }
        for name, each in found.chosen.items()
    }


def _patterns(found: Outcome) -> dict[str, Any] | None:
    """The patterns of side connections, and of those that lack some how many are worse for it."""
    if not found.patterns:
        return None
    whole = mean(next(scores for side, scores in found.patterns.items() if all(side)))
    lacking = {side: scores for side, scores in found.patterns.items() if not all(side)}
    scores = [mean(each) for each in lacking.values()]
    return {
        "unpruned_db": strict(whole),
        **(_summary(summarize_sides(whole, scores, [whole] * len(scores))) if scores else {}),
        "networks": [
            {"side": list(side), "count": sum(side), "valid_nmse_db": strict(mean(each))}
            for side, each in found.patterns.items()
        ],
    }


def _summary(summary: SideSummary) -> dict[str, Any]:
    return {"worse": summary.worse.to_dict(), "gaining": summary.gaining.to_dict()}
