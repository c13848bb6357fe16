"""What a measurement ran on, and how fast that is at best: matrix products and memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from functools import partial
from pathlib import Path

import torch

from apps.search.result import versions
from benchmarks.clock import intra_op_threads, seconds
from evaluation.device import usable_cores

_CPU_MODEL = Path("/proc/cpuinfo")
_LEAST_SECONDS, _READING_SECONDS = 0.3, 0.005
_CPU_PRODUCT, _ACCELERATOR_PRODUCT = 2048, 8192
MAIN_MEMORY_FLOATS = 2**26
"""Floats of each of the arrays that memory bandwidth is measured with: far more than caches hold."""


def machine(device: torch.device) -> dict[str, str | int | float | None]:
    """Processor, accelerator, cores, load and versions."""
    accelerated = device.type != "cpu"
    return {
        "processor": _processor(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": usable_cores(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "device": torch.get_device_module(device).get_device_name(device) if accelerated else "cpu",
        "system": f"{platform.system()} {platform.machine()}",
        "float32_products": torch.get_float32_matmul_precision(),
        "cuda": torch.version.cuda,
        **versions(),
    }


def _processor() -> str:
    try:
        lines = _CPU_MODEL.read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def product_peak(device: torch.device, threads: int) -> float:
    """Float32 operations a second of large square ``torch.mm``, the fastest of many.

    Args:
        device: where.
        threads: cores that an operation may use.
    """
    size = _CPU_PRODUCT if device.type == "cpu" else _ACCELERATOR_PRODUCT
    left, right = (torch.randn(size, size, device=device) for _ in range(2))
    out = torch.empty_like(left)
    return 2 * size**3 / _fastest(lambda: torch.mm(left, right, out=out), device, threads)


def bandwidth(device: torch.device, threads: int, floats: int) -> float:
    """Bytes a second of ``a + b -> c`` over arrays of a size, the fastest of many.

    Args:
        device: where.
        threads: cores that an operation may use.
        floats: size of each of the three arrays; small ones stay in a cache.
    """
    a, b, c = (torch.ones(floats, device=device) for _ in range(3))
    return 3 * a.nbytes / _fastest(lambda: torch.add(a, b, out=c), device, threads)


def _repeat(work: Callable[[], object], calls: int) -> None:
    for _ in range(calls):
        work()


def _fastest(work: Callable[[], object], device: torch.device, threads: int) -> float:
    """Seconds a call, of the fastest reading; a reading spans enough calls for the clock."""
    calls, best, spent = 1, float("inf"), 0.0
    with intra_op_threads(threads):
        seconds(work, device)
        while spent < _LEAST_SECONDS:
            reading = seconds(partial(_repeat, work, calls), device)
            spent += reading
            if reading < _READING_SECONDS:
                calls *= 2
            else:
                best = min(best, reading / calls)
    return best
