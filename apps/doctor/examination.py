"""The checks that need torch, in the order in which they are run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from apps.doctor import arithmetic, machine, storage, training
from apps.doctor.finding import Check
from apps.doctor.products import products
from builders.cells import Lista
from evaluation.device import choose_device

RUNS: Final = Path("runs")
"""Where the search makes its run directories, below the current folder."""


def checks(device: str) -> Sequence[Check]:
    """All checks of this machine.

    Args:
        device: "auto" or any torch device.

    Raises:
        InputError: torch does not know the device, or reports none of that kind here.
    """
    chosen, cell = choose_device(device), Lista()
    folder = (RUNS if RUNS.is_dir() else Path()).resolve()
    return (
        Check("device", partial(machine.device, chosen)),
        Check("threads", machine.threads),
        Check("products", products),
        Check("precision", partial(arithmetic.precision, chosen)),
        Check("subnormals", partial(arithmetic.subnormals, chosen)),
        Check("divergence", partial(arithmetic.divergence, chosen)),
        Check("gradient", partial(training.gradient, chosen, cell)),
        Check("learning", partial(training.learning, chosen, cell)),
        Check("population", partial(training.population, chosen, cell)),
        Check("archive", partial(storage.archive, folder)),
        Check("disk", partial(storage.disk, folder)),
    )
