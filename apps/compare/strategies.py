"""Optimizers with their options, as the command line names them."""

from __future__ import annotations

from dataclasses import dataclass

import optimizers
from apps.arguments import Scalar, named_options
from genome import DesignSpace, InputError
from optimizers import CONNECTIONS, SCORE, Goal, Optimizer

CONTROL = "random"
ALONE: tuple[Goal, ...] = (SCORE,)
BOTH: tuple[Goal, ...] = (SCORE, CONNECTIONS)


@dataclass(frozen=True, slots=True)
class Strategy:
    """An optimizer and its options.

    Attributes:
        label: as the user wrote it.
        optimizer: registered name, or path of a class.
        options: name and value of every option.
    """

    label: str
    optimizer: str
    options: tuple[tuple[str, Scalar], ...] = ()

    def create(self, space: DesignSpace, seed: int, goals: tuple[Goal, ...] = ALONE) -> Optimizer:
        """Make the optimizer.

        Raises:
            InputError: it cannot be made; see ``optimizers.create``.
        """
        return optimizers.create(self.optimizer, space, seed, goals=goals, **dict(self.options))

    def most_goals(self, space: DesignSpace) -> tuple[Goal, ...]:
        """NMSE and connections where the optimizer takes both, else NMSE alone."""
        try:
            self.create(space, 0, BOTH)
        except InputError:
            return ALONE
        return BOTH


def parse(text: str) -> Strategy:
    """Read ``NAME[,OPTION=VALUE...]``, see ``apps.arguments.named_options``.

    Raises:
        InputError: an option has no name or no value, or is given twice.
    """
    name, options = named_options(text, "An optimizer to compare")
    return Strategy(text, name, tuple(options.items()))


def with_control(strategies: list[Strategy]) -> list[Strategy]:
    """The strategies, each once, random search first.

    Raises:
        InputError: one is named twice.
    """
    labels = [strategy.label for strategy in strategies]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise InputError(f"Optimizers to compare must differ, got {twice[0]!r} twice.")
    return [Strategy(CONTROL, CONTROL), *(s for s in strategies if s.label != CONTROL)]
