"""What a measurement ran on, and how fast that is at best: matrix products and memory."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import torch
from threadpoolctl import threadpool_info

from apps.search.result import versions
from benchmarks.clock import fastest, intra_op_threads, product_threads
from evaluation.device import usable_cores

_CPU_MODEL = Path("/proc/cpuinfo")
_LEAST_SECONDS = 0.3
_CPU_PRODUCT, _ACCELERATOR_PRODUCT = 2048, 8192
MAIN_MEMORY_FLOATS = 2**26
"""Floats of each of the arrays that memory bandwidth is measured with: far more than caches hold."""


def machine(device: torch.device) -> dict[str, str | int | float | list[str] | None]:
    """Processor, accelerator, cores, load, BLAS and versions."""
    accelerated = device.type != "cpu"
    return {
        "processor": _processor(),
        "vector_instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": usable_cores(),
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "device": torch.get_device_module(device).get_device_name(device) if accelerated else "cpu",
        "system": f"{platform.system()} {platform.machine()}",
        "blas": _blas(),
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


def _blas() -> list[str]:
    """Library, kernels and version of each BLAS: NumPy's, and SciPy's, which compiled products call."""
    import scipy.linalg.cython_blas  # noqa: F401

    found = [library for library in threadpool_info() if library["user_api"] == "blas"]
    names = ("internal_api", "architecture", "version")
    return sorted({" ".join(str(each[name]) for name in names if each.get(name)) for each in found})


def product_peak(device: torch.device, threads: int) -> float:
    """Float32 operations a second of large square matrix products, the fastest of many.

    On the CPU that is the better of ``torch.mm`` and ``numpy.matmul``: their libraries choose kernels by the
    processor's make, and either may be far slower than the processor.

    Args:
        device: where.
        threads: cores that an operation may use.
    """
    size = _CPU_PRODUCT if device.type == "cpu" else _ACCELERATOR_PRODUCT
    left, right = (torch.randn(size, size, device=device) for _ in range(2))
    out = torch.empty_like(left)
    with product_threads(threads):
        best = fastest(lambda: torch.mm(left, right, out=out), device, _LEAST_SECONDS)
        if device.type == "cpu":
            a, b, c = left.numpy(), right.numpy(), out.numpy()
            best = min(best, fastest(lambda: np.matmul(a, b, out=c), device, _LEAST_SECONDS))
    return 2 * size**3 / best


def bandwidth(device: torch.device, threads: int, floats: int) -> float:
    """Bytes a second of ``a + b -> c`` over arrays of a size, the fastest of many.

    Args:
        device: where.
        threads: cores that an operation may use.
        floats: size of each of the three arrays; small ones stay in a cache.
    """
    a, b, c = (torch.ones(floats, device=device) for _ in range(3))
    with intra_op_threads(threads):
        return 3 * a.nbytes / fastest(lambda: torch.add(a, b, out=c), device, _LEAST_SECONDS)
