"""The search loop: ask, evaluate, tell."""

from __future__ import annotations

from dataclasses import replace

from apps.display.observer import Observer
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from genome import Evaluation, Request
from optimizers import Optimizer


def search(
    optimizer: Optimizer,
    evaluator: Evaluator,
    archive: Archive,
    *,
    budget: int,
    batch: int,
    seed: int,
    observer: Observer,
) -> list[Evaluation]:
    """Evaluate ``budget`` genomes, or all there are.

    An optimizer is deterministic given its seed and what it was told, and a batch is told whole: the same
    search asks the same genomes again and finds them in the archive until it reaches where it was.

    Returns:
        All evaluations in the order asked.
    """
    evaluations: list[Evaluation] = []
    number = 0
    while len(evaluations) < budget:
        genomes = optimizer.ask(min(batch, budget - len(evaluations)))
        if not genomes:
            break
        number += 1
        requests = [Request(genome, seed=seed) for genome in genomes]
        known = archive.get(request.digest(evaluator.setting) for request in requests)
        observer.batch(number, len(requests), len(known))
        told = evaluator.evaluate(requests, observer.progress)
        optimizer.tell(told)
        evaluations += told
        observer.told(evaluations, replace(evaluator.reuse))
    return evaluations
