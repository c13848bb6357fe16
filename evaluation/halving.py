"""Successive halving over depth: a batch is looked at after some stages, and only the better part goes on.

With stage-wise training, the NMSE after stage k is known before stage k + 1 is trained, and what was trained
for it is part of the whole training: a look costs nothing to those that go on.

Reference: K. Jamieson and A. Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter
Optimization, AISTATS 19, 2016; here the resource is the number of stages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

from evaluation.scorer import Evaluates
from evaluation.trie import Progress
from genome import Evaluation, InputError, Request


@dataclass(frozen=True, slots=True)
class Halving:
    """After which stages a batch is looked at, and which share of it goes on.

    Attributes:
        rungs: stages after which networks are compared, ascending, each at least 1.
        keep: share of the networks at a rung that go on, between 0 and 1; rounded up.

    Raises:
        InputError: the rungs do not ascend from 1, there is none, or the share is not between 0 and 1.
    """

    rungs: tuple[int, ...]
    keep: float = 0.5

    def __post_init__(self) -> None:
        """Check both."""
        if (
            not self.rungs
            or self.rungs[0] < 1
            or any(after <= before for before, after in pairwise(self.rungs))
        ):
            given = ", ".join(map(str, self.rungs)) or "none"
            raise InputError(f"The rungs of halving must be stages from 1 that ascend, got {given}.")
        if not 0.0 < self.keep < 1.0:
            raise InputError(f"The share that halving keeps must lie between 0 and 1, got {self.keep}.")

    def check(self, layers: int) -> None:
        """Refuse networks that are not deeper than the last rung.

        Raises:
            InputError: they are not.
        """
        if self.rungs[-1] >= layers:
            raise InputError(
                f"The rungs of halving must lie in 1..{layers - 1} for networks of {layers} layers, "
                f"got {self.rungs[-1]}."
            )

    def to_dict(self) -> dict[str, object]:
        """Both as JSON data."""
        return {"rungs": list(self.rungs), "keep": self.keep}

    def looks(self, request: Request) -> list[Request]:
        """Every request that a network's evaluation may come to, the whole one last."""
        return [*(replace(request, stages=rung) for rung in self.rungs), request]


def evaluate_in_rungs(
    evaluator: Evaluates,
    requests: Sequence[Request],
    halving: Halving,
    progress: Callable[[Progress], None],
) -> list[Evaluation]:
    """Evaluate a batch by successive halving.

    At every rung, the networks that are still there are trained so far, and the ``keep`` share of them with
    the lowest NMSE goes on (rounded up, so at least one). Networks with exactly the NMSE of the last one that
    goes on go on too: those that share the prefix trained so far are kept or dropped together, and at the
    boundary they are kept. Those that are left after the last rung are trained whole.

    A network that diverged at a rung does not go on. Its evaluation is the whole one, which costs nothing,
    for below a diverged prefix nothing is trained: it says diverged, as without halving.

    What is decided depends on the batch and on nothing else, and every evaluation on the way is one of the
    evaluator's, which an archive keeps: run again, the same batch comes to the same.

    Args:
        evaluator: makes the evaluations.
        requests: the batch, of whole networks.
        halving: rungs and share.
        progress: told how far the batch is; dropped networks are expected, so that it does not go back.

    Returns:
        In the order of the requests, a whole evaluation, or that of the last rung a network reached
        (`Evaluation.censored`).

    Raises:
        InputError: networks that are not deeper than the last rung.
    """
    for request in requests:
        halving.check(request.genome.layers)
    parts = _parts(len(requests), halving, requests[0].genome.layers if requests else 0)
    told: dict[int, Evaluation] = {}
    alive, diverged = list(range(len(requests))), list[int]()
    for rung, part in zip(halving.rungs, parts, strict=False):
        looks = [replace(requests[i], stages=rung) for i in alive]
        found = dict(zip(alive, evaluator.evaluate(looks, _within(part, progress)), strict=True))
        diverged += [i for i in alive if found[i].status == "diverged"]
        alive = _going_on(found, halving.keep)
        told.update((i, each) for i, each in found.items() if i not in alive and i not in diverged)
    rest = sorted(alive + diverged)
    whole = evaluator.evaluate([requests[i] for i in rest], _within(parts[-1], progress))
    told.update(zip(rest, whole, strict=True))
    return [told[i] for i in range(len(requests))]


def _going_on(found: Mapping[int, Evaluation], keep: float) -> list[int]:
    """The places of those that go on, ascending."""
    scores = sorted(each.score for each in found.values() if each.status == "complete")
    if not scores:
        return []
    # 0.07 * 100 is 7.000000000000001: a share of a whole number of networks must not grow by rounding.
    count = max(1, ceil(keep * len(found) - 1e-9))
    worst = scores[min(count, len(scores)) - 1]
    return [i for i, each in found.items() if each.score <= worst]


Part = tuple[float, float]
"""Where a piece of work begins and ends, as shares of the whole."""


def _parts(networks: int, halving: Halving, layers: int) -> list[Part]:
    """Of every rung and of the rest, by the stages that they are expected to train."""
    work, before = list[int](), 0
    for stage in (*halving.rungs, layers):
        work.append(networks * (stage - before))
        networks, before = ceil(halving.keep * networks), stage
    ends = [sum(work[: place + 1]) / (sum(work) or 1) for place in range(len(work))]
    return list(zip([0.0, *ends], ends, strict=False))


def _within(part: Part, progress: Callable[[Progress], None]) -> Callable[[Progress], None]:
    """Tell the progress of a piece as that of the whole."""
    begin, end = part
    return lambda each: progress(replace(each, done=begin + (end - begin) * each.done))
