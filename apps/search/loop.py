"""The search loop: ask, evaluate, tell."""

from __future__ import annotations

from dataclasses import replace

from apps.display.observer import Observer
from evaluation.archive import Archive
from evaluation.halving import Halving, evaluate_in_rungs
from evaluation.scorer import Scorer
from genome import Evaluation, Request
from optimizers import Optimizer


def search(
    optimizer: Optimizer,
    evaluator: Scorer,
    archive: Archive,
    *,
    budget: int,
    batch: int,
    seed: int,
    halving: Halving | None,
    observer: Observer,
) -> list[Evaluation]:
    """Evaluate ``budget`` genomes, or all there are; those that halving drops count too.

    An optimizer is deterministic given its seed and what it was told, a batch is told whole, and what halving
    drops of it is decided by the batch alone: the same search asks the same genomes again and finds them in
    the archive until it reaches where it was.

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
        looks = {request: halving.looks(request) if halving else [request] for request in requests}
        setting = evaluator.setting
        known = archive.get(look.digest(setting) for each in looks.values() for look in each)
        reused = sum(any(look.digest(setting) in known for look in each) for each in looks.values())
        observer.batch(number, len(requests), reused)
        if halving is None:
            told = evaluator.evaluate(requests, observer.progress)
        else:
            before = replace(evaluator.reuse)
            told = evaluate_in_rungs(evaluator, requests, halving, observer.progress)
            evaluator.reuse.recount(before, (each for each in told if each.key not in known))
        optimizer.tell(told)
        evaluations += told
        observer.told(evaluations, replace(evaluator.reuse))
    return evaluations
