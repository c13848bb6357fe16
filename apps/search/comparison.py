"""The comparison at the end of a search: every network retrained on equal terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evaluation.evaluator import Evaluator
from evaluation.trie import Progress
from genome import Evaluation, Genome, InputError, Request

FIRST_SEED = 1_000_000
"""Comparison seeds begin here; a search's own seed lies below."""


def comparison_seeds(count: int, searched: int) -> tuple[int, ...]:
    """Seeds that a search with seed ``searched`` does not train with.

    Raises:
        InputError: the search's seed is not below them.
    """
    if searched >= FIRST_SEED:
        raise InputError(
            f"The seed must be below {FIRST_SEED}, where the comparison's seeds begin, got {searched}."
        )
    return tuple(range(FIRST_SEED, FIRST_SEED + count))


def compare_on_test(
    evaluator: Evaluator,
    models: Mapping[str, Genome],
    seeds: tuple[int, ...],
    progress: Callable[[Progress], None],
) -> dict[str, dict[int, Evaluation]]:
    """Train every model with every seed and score it on the test split.

    A seed sets the order of the batches and, where the problem can draw data, its own training, validation
    and test signals for the same dictionary; models share both, so that they can be compared in pairs.

    Returns:
        Model name -> seed -> evaluation.
    """
    requests = {
        (name, seed): Request(genome, seed=seed, draw=seed, test=True)
        for name, genome in models.items()
        for seed in seeds
    }
    evaluations = evaluator.evaluate(list(requests.values()), progress)
    results: dict[str, dict[int, Evaluation]] = {name: {} for name in models}
    for (name, seed), evaluation in zip(requests, evaluations, strict=True):
        results[name][seed] = evaluation
    return results
