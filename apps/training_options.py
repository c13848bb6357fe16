"""How to train: the part of a command line that applications share, and the protocol it asks for."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from apps.arguments import at_least, path

if TYPE_CHECKING:
    from builders.injections import Form
    from evaluation.protocol import Protocol

FORM_HELP: Final = (
    "how earlier outputs combine: sum, mean, fista, sum_from_mean, mean_from_chain, naive or momentum; the "
    "protocol's if absent"
)


def add_training_options(group: argparse._ArgumentGroup) -> None:
    """Add ``--protocol``, ``--form``, ``--steps``, ``--device``, ``--workers`` and ``--out``."""
    group.add_argument("--protocol", default="quick", help="how to train: smoke, quick or paper")
    group.add_argument("--form", help=FORM_HELP)
    group.add_argument("--steps", type=float, default=1.0, metavar="FACTOR", help="on the protocol's steps")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, mps, ...")
    group.add_argument("--workers", type=at_least(1), help="units trained side by side")
    group.add_argument(
        "--out", type=path, help="run directory; named after the settings, below runs/, if absent"
    )


def create_protocol(name: str, form: Form | None, steps: float = 1.0) -> Protocol:
    """The training protocol.

    Args:
        name: of a preset.
        form: name of an injection; None for the preset's.
        steps: factor on its fixed steps.

    Raises:
        InputError: one is not known, or the factor is out of range or has no steps to scale.
    """
    from evaluation.protocol import protocol

    chosen = protocol(name).scaled(steps)
    return chosen if form is None else chosen.with_form(form)
