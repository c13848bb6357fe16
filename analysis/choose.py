"""Which of a search's evaluations to keep: the best ones, and the smallest network that is nearly as good."""

import math
from collections import Counter
from collections.abc import Collection, Iterable

from genome.errors import InputError
from genome.records import Evaluation


def top(evaluations: Iterable[Evaluation], k: int) -> list[Evaluation]:
    """The k best completed evaluations, best (lowest validation NMSE) first; all, when there are fewer.

    Equal scores are ordered by fewer connections, then by genome digest, so that the order of the input does
    not matter. The same evaluation given twice counts once; diverged ones are left out, and so are censored
    ones, which were not trained to the last stage.

    Raises:
        InputError: if k < 1, if no evaluation completed, if evaluations of different settings or draws of
            signals are mixed (their scores are on different scales), or if one genome comes with several
            seeds (the luckiest would stand for it).
    """
    if k < 1:
        raise InputError(f"The number of best evaluations must be at least 1, got {k}.")
    return _ranked(evaluations)[:k]


def chosen(evaluations: Iterable[Evaluation], margin_db: float = 0.3) -> Evaluation:
    """The completed evaluation with the fewest connections among those within `margin_db` of the best score.

    The margin is inclusive. Of equally small networks the better score wins, then the lower genome digest.

    Raises:
        InputError: if the margin is negative or not finite, and for what `top` refuses.
    """
    if not (math.isfinite(margin_db) and margin_db >= 0.0):
        raise InputError(
            f"The margin of the choice must be a finite number of dB, at least 0, got {margin_db}."
        )
    ranked = _ranked(evaluations)
    limit = ranked[0].score + margin_db
    near = [evaluation for evaluation in ranked if evaluation.score <= limit]
    return min(near, key=lambda e: (e.connections, e.score, e.genome.digest))


def _ranked(evaluations: Iterable[Evaluation]) -> list[Evaluation]:
    distinct = {evaluation.key: evaluation for evaluation in evaluations}
    _require_comparable(distinct.values())
    completed = [each for each in distinct.values() if each.whole]
    if not completed:
        raise InputError(
            f"There is nothing to choose from: none of the {len(distinct)} evaluations completed."
        )
    return sorted(completed, key=lambda e: (e.score, e.connections, e.genome.digest))


def _require_comparable(evaluations: Collection[Evaluation]) -> None:
    settings = {(evaluation.setting, evaluation.request.draw) for evaluation in evaluations}
    if len(settings) > 1:
        named = ", ".join(f"{setting} draw {draw}" for setting, draw in sorted(settings))
        raise InputError(f"Evaluations to be ranked must share their setting and draw, got {named}.")
    digests = Counter(evaluation.genome.digest for evaluation in evaluations)
    repeated = [digest for digest, count in digests.items() if count > 1]
    if repeated:
        raise InputError(
            f"Evaluations to be ranked must have one seed a genome, got several for genome {repeated[0]}."
        )
