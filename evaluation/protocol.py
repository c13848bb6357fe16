"""How a network is trained: stage by stage, each stage in phases."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Final

from builders.injections import Form, injection
from evaluation.digest import Json
from genome import InputError

MOST_TIMES: Final = 1_000_000
"""Largest factor on a protocol's steps: a bound against a slip of the keyboard."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Part of a stage, with a fresh optimizer state.

    Attributes:
        name: short name for reports.
        scope: "new" trains only what the stage's layer introduces, "all" everything so far.
        rate: factor on the protocol's learning rate.
        steps: fixed number of steps; None trains by epochs until validation stops improving.
    """

    name: str
    scope: str
    rate: float
    steps: int | None


@dataclass(frozen=True, slots=True)
class Protocol:
    """Stage-wise training: for layer k = 1..K the phases in turn, with Adam.

    The loss is the squared error of the output of the deepest layer built so far, summed over the batch and
    halved. In a phase of scope "all", the gradient of a parameter is multiplied, before Adam, by
    ``gradient_decay`` to the power of the layers since it was introduced.

    Attributes:
        name: of the preset.
        form: injection that the preset was set for.
        batch: samples a step.
        learning_rate: of a phase with rate 1.
        phases: the parts of a stage.
        gradient_decay: see above.
        patience: epochs without a better validation NMSE that end a phase without fixed steps; the last
            weights are kept, not the best.
        beta1: Adam's decay of the first moment.
        beta2: Adam's decay of the second moment.
        epsilon: Adam's epsilon.
    """

    name: str
    form: Form
    batch: int
    learning_rate: float
    phases: tuple[Phase, ...]
    gradient_decay: float = 0.3
    patience: int = 5
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-7

    def scaled(self, factor: float) -> Protocol:
        """The same protocol with ``factor`` times the fixed steps of every phase (at least one).

        Raises:
            InputError: the factor is not above 0, or larger than ``MOST_TIMES``; or it is not 1, and no phase
                has fixed steps.
        """
        if not 0.0 < factor <= MOST_TIMES:
            raise InputError(
                f"The factor on a protocol's steps must be above 0 and at most {MOST_TIMES}, got {factor}."
            )
        if factor == 1.0:
            return self
        if all(phase.steps is None for phase in self.phases):
            raise InputError(
                f"The steps of protocol {self.name!r} follow from the data and cannot be scaled, got a "
                f"factor of {factor:g}."
            )
        phases = tuple(
            phase if phase.steps is None else replace(phase, steps=max(1, round(phase.steps * factor)))
            for phase in self.phases
        )
        return replace(self, name=f"{self.name} x {factor:g}", phases=phases)

    def with_form(self, form: Form) -> Protocol:
        """The same protocol for another injection.

        Raises:
            InputError: the form is not known.
        """
        return replace(self, form=injection(form).form)

    def to_dict(self) -> dict[str, Json]:
        """Everything that training depends on; not the name."""
        values: dict[str, Json] = asdict(self)
        del values["name"]
        return values


def _phases(new: int | None, first: int | None, second: int | None) -> tuple[Phase, ...]:
    """The three phases of the reference implementation: rates 1, 0.2 and 0.02."""
    return (
        Phase("A", "new", 1.0, new),
        Phase("B1", "all", 0.2, first),
        Phase("B2", "all", 0.02, second),
    )


_PRESETS = {
    "smoke": Protocol("smoke", "sum", 32, 2e-3, _phases(5, 10, 5)),
    "quick": Protocol("quick", "sum", 128, 4e-3, _phases(400, 2000, 1000)),
    "paper": Protocol("paper", "mean", 128, 5e-4, _phases(None, None, None)),
}


def protocol_names() -> tuple[str, ...]:
    """The presets that ``protocol`` knows."""
    return tuple(_PRESETS)


def protocol(name: str) -> Protocol:
    """A preset.

    ``smoke`` takes seconds and is for tests; ``quick`` is the default, fixed from LISTA, LFISTA and
    Dense-LISTA alone (see ``docs/setting.md``); ``paper`` is the paper's: mean form, learning rate 5e-4,
    phases that end when the validation NMSE has not improved for 5 epochs.

    Raises:
        InputError: the name is not known.
    """
    try:
        return _PRESETS[name]
    except KeyError:
        known = ", ".join(_PRESETS)
        raise InputError(f"The protocol must be one of {known}, got {name!r}.") from None
