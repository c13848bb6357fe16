"""How the training of many members is divided between units and workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import final

from evaluation.device import usable_cores
from evaluation.phase import Member, Trainer
from evaluation.probe import Crew, probe
from evaluation.protocol import Protocol
from evaluation.sizing import Sizing, Walk

_SECONDS_A_FLOAT = 7e-10
"""Time of a training step by the floats it works on, to a factor of two or three on today's cores."""
_LEAST_SECONDS = 20.0
_PROBE_SHARE = 0.03


@final
class Division:
    """Chooses crews: on an accelerator by memory alone, on the CPU by a probe too.

    The probe runs once for each depth K, as soon as the training asked for so far is estimated at 20 s or
    more of one core, and takes at most 3% of it. Until then every worker takes one unit.

    Args:
        workers: units side by side; None takes the fastest number on the CPU, 1 on an accelerator. Fewer run
            where the memory is too small for that many.
    """

    def __init__(self, workers: int | None) -> None:
        self._workers = workers
        self._seconds = 0.0
        self._probed: dict[int, Crew] = {}

    def largest(self, trainer: Trainer, sizing: Sizing, walk: Walk) -> Crew:
        """The crew of the largest units that fit, without a probe.

        Args:
            trainer: what the walk trains with.
            sizing: what fits.
            walk: what is trained together.
        """
        on_cpu = trainer.device.type == "cpu"
        return _fitting(sizing, walk, self._workers or (usable_cores() if on_cpu else 1))

    def choose(
        self, trainer: Trainer, sizing: Sizing, walk: Walk, levels: Mapping[int, Sequence[Member]]
    ) -> Crew:
        """The crew for a walk.

        Args:
            trainer: what the walk trains with.
            sizing: what fits.
            walk: what is trained together.
            levels: depth -> prefixes that are to be trained there.
        """
        crew = self.largest(trainer, sizing, walk)
        if trainer.device.type != "cpu":
            return crew
        layers = trainer.layout.layers
        member_steps = sum(map(len, levels.values())) * _steps(trainer.protocol, sizing.data.train)
        self._seconds += member_steps * sizing.step_floats * _SECONDS_A_FLOAT
        if layers not in self._probed and self._seconds >= _LEAST_SECONDS:
            numbers = {crew.workers, 1} if self._workers is None else {crew.workers}
            largest = {number: sizing.largest_unit(walk, number) for number in sorted(numbers, reverse=True)}
            self._probed[layers] = probe(trainer, walk.members, largest, _PROBE_SHARE * self._seconds)
        chosen = self._probed.get(layers, crew)
        fitting = _fitting(sizing, walk, chosen.workers)
        return Crew(min(chosen.unit, fitting.unit), fitting.workers)


def _fitting(sizing: Sizing, walk: Walk, workers: int) -> Crew:
    """The largest units of as many workers as fit, which is one at least: a walk has room for one member."""
    for number in range(workers, 1, -1):
        unit = sizing.largest_unit(walk, number)
        if unit:
            return Crew(unit, number)
    return Crew(max(1, sizing.largest_unit(walk, 1)), 1)


def _steps(protocol: Protocol, samples: int) -> int:
    """Steps of a stage; of a phase that ends by patience, the fewest it can take."""
    patient = (protocol.patience + 1) * (samples // protocol.batch)
    return sum(patient if phase.steps is None else phase.steps for phase in protocol.phases)
