"""Reading the clock when the device is done, and bounding torch's threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


def synchronise(device: torch.device) -> None:
    """Wait until an accelerator has done what it was given."""
    if device.type != "cpu":
        torch.accelerator.synchronize(device)


def seconds(work: Callable[[], object], device: torch.device) -> float:
    """Time that a piece of work takes on a device, from idle to idle."""
    synchronise(device)
    start = time.perf_counter()
    work()
    synchronise(device)
    return time.perf_counter() - start


@contextmanager
def intra_op_threads(count: int) -> Iterator[None]:
    """Let each torch operation of this thread use ``count`` cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
