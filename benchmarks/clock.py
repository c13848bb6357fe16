"""Reading the clock when the device is done, and bounding the threads of torch and BLAS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import torch
from threadpoolctl import threadpool_limits

_READING_SECONDS = 0.005
_LEAST_READINGS = 3


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


def fastest(work: Callable[[], object], device: torch.device, least: float) -> float:
    """Seconds a call, of the fastest of several readings; a reading spans enough calls for the clock.

    Args:
        work: called often; the first call is not counted.
        device: where.
        least: seconds that the readings take together, or more.
    """
    calls, best, spent, readings = 1, float("inf"), 0.0, 0
    seconds(work, device)
    while spent < least or readings < _LEAST_READINGS:
        reading = seconds(partial(_repeat, work, calls), device)
        spent += reading
        if reading < _READING_SECONDS:
            calls *= 2
        else:
            best = min(best, reading / calls)
            readings += 1
    return best


def _repeat(work: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        work()


@contextmanager
def intra_op_threads(count: int) -> Iterator[None]:
    """Let each torch operation of this thread use ``count`` cores."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def product_threads(count: int) -> Iterator[None]:
    """Let matrix products use ``count`` cores, those of torch and those of every BLAS that is loaded."""
    with intra_op_threads(count), threadpool_limits(count, user_api="blas"):
        yield
