"""Which matrix products does training on the CPU get?"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import torch
from threadpoolctl import threadpool_info

from apps.doctor.finding import Finding
from evaluation.backend import one_intra_op_thread

WIDE: Final = {"skylakex", "cooperlake", "sapphirerapids"}
"""OpenBLAS's kernels for AVX-512, in lower case."""
CHOICE: Final = "OPENBLAS_CORETYPE"
_BATCH, _N = 64, 100
_READINGS, _CALLS = 20, 50


def products(capability: str | None = None, libraries: Sequence[Mapping[str, str]] | None = None) -> Finding:
    """The BLAS of the compiled training step, and whether it uses the processor's full vector width.

    Args:
        capability: vector instructions of the processor; by default as torch found them.
        libraries: what ``threadpoolctl`` says of the loaded libraries; by default what is loaded.
    """
    name, pace = "products", _pace()  # Loads the library.
    capability = capability or torch.backends.cpu.get_cpu_capability()
    loaded = [each for each in libraries or threadpool_info() if each["user_api"] == "blas"]
    kernels = sorted({f"{each['internal_api']} {each.get('architecture', '')}".strip() for each in loaded})
    measured = (
        f"{', '.join(kernels) or 'BLAS unknown'} on {capability}: {pace / 1e9:.0f} GFLOP/s on one core at "
        f"({_BATCH}, {_N}) x ({_N}, {_N})"
    )
    narrow = [
        each
        for each in loaded
        if each["internal_api"] == "openblas" and each.get("architecture", "").lower() not in WIDE
    ]
    if capability != "AVX512" or not narrow:
        return Finding(name, "ok", measured)
    set_to = os.environ.get(CHOICE)
    advice = (
        f"unset {CHOICE}={set_to}, which keeps OpenBLAS from this processor's AVX-512 kernels"
        if set_to
        else f"set {CHOICE}=SkylakeX: OpenBLAS did not recognise this processor, which has AVX-512"
    )
    return Finding(name, "warning", measured, f"{advice}; training may be twice as fast")


def _pace() -> float:
    """Float32 operations a second of one core, at a product as the training step makes them."""
    from scipy.linalg.blas import sgemm

    a, b = np.ones((_BATCH, _N), np.float32, order="F"), np.ones((_N, _N), np.float32, order="F")
    c = np.zeros((_BATCH, _N), np.float32, order="F")
    best = float("inf")
    with one_intra_op_thread():
        for _ in range(_READINGS):
            start = time.perf_counter()
            for _ in range(_CALLS):
                sgemm(1.0, a, b, c=c, overwrite_c=True)
            best = min(best, (time.perf_counter() - start) / _CALLS)
    return 2.0 * _BATCH * _N * _N / best
