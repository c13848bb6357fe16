"""Which unit size and number of workers train fastest here: measured, on real steps."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evaluation.backend import ThreadBackend
from evaluation.memory import is_out_of_memory
from evaluation.order import batch_order
from evaluation.phase import Member, PhaseRun, Trainer

_SIZES = (2, 4, 8, 16, 32)
_ROUNDS = 2
_SECONDS = 0.012
"""Of one measurement, where a step is not longer."""
_HOPELESS = 0.8
"""Share of the best pace below which larger units are not tried."""
_CLEARLY = 1.15
"""Factor by which fewer workers must be faster: what slows a short measurement, other processes, passes."""


@dataclass(frozen=True, slots=True)
class Crew:
    """How a level of the trie is divided.

    Attributes:
        unit: most members trained as one population.
        workers: units trained side by side.
    """

    unit: int
    workers: int


def probe(trainer: Trainer, members: Sequence[Member], largest: Mapping[int, int], seconds: float) -> Crew:
    """Time a few training steps, for unit sizes and numbers of workers, at the middle depth.

    If there are shallower members, at the depth of the shallowest. Sizes grow until they get clearly slower.
    What is chosen changes no result: a member's bits do not depend on its unit, nor on its worker.

    Args:
        trainer: what the run shares.
        members: of depth K or less; the units are made of their prefixes.
        largest: number of workers to try -> most members a unit may have then, at least 1.
        seconds: what the probe may take; a measurement is not begun where it would not fit.

    Returns:
        The crew that did most member-steps a second; one of fewer workers only where it is clearly faster.
    """
    end = time.perf_counter() + seconds
    paces: dict[Crew, float] = {}
    for _ in range(_ROUNDS):
        for workers, most in largest.items():
            best = 0.0
            for unit in sorted({min(size, most) for size in _SIZES}):
                crew = Crew(unit, workers)
                if paces and not _in_time(crew, max(paces.values()), end - time.perf_counter()):
                    break
                pace = _pace(trainer, members, crew)
                paces[crew] = max(pace, paces.get(crew, 0.0))
                best = max(best, pace)
                if pace < _HOPELESS * best:
                    break
    most_workers = max(largest)
    return max(paces, key=lambda crew: paces[crew] / (1 if crew.workers == most_workers else _CLEARLY))


def _in_time(crew: Crew, pace: float, left: float) -> bool:
    """Whether a step to warm up and one to time should fit in the seconds left, at a pace seen before."""
    return max(_SECONDS, 2 * crew.unit * crew.workers / max(pace, 1e-9)) < left


def _pace(trainer: Trainer, members: Sequence[Member], crew: Crew) -> float:
    shallowest = min(member.genome.layers for member in members)
    depth = min((trainer.layout.layers + 1) // 2, shallowest)
    chosen = [_prefix(members[place % len(members)], depth) for place in range(crew.unit)]
    chosen.sort(key=lambda member: member.draw)
    samples = trainer.tables.split(chosen[0].draw, "train").samples
    order = batch_order(samples, trainer.protocol.batch, (0,))[:1].expand(crew.unit, 1, -1)
    order = order.to(trainer.device)

    def train(place: int) -> float:
        del place
        rows = trainer.layout.initial().to(trainer.device).repeat(crew.unit, 1)
        run = PhaseRun(trainer, chosen, rows, depth, len(trainer.protocol.phases) - 1)
        run.train(order)  # Allocates.
        steps, start = 0, time.perf_counter()
        while steps == 0 or time.perf_counter() - start < _SECONDS:
            run.train(order)
            steps += 1
        return crew.unit * steps / (time.perf_counter() - start)

    try:
        return sum(pace for _, pace in ThreadBackend().run(train, range(crew.workers), crew.workers))
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return 0.0


def _prefix(member: Member, depth: int) -> Member:
    return Member(member.genome.prefix(depth), member.seed, member.draw)
