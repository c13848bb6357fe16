"""Is float32 arithmetic on this device what its name says?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from apps.doctor.finding import Finding
from evaluation.evaluator import Evaluator
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import Genome, Request

_INNER: Final = 128
_UNIT_ROUNDOFF: Final = 2.0**-24

PRODUCT_BOUND: Final = _INNER * _UNIT_ROUNDOFF / (1 - _INNER * _UNIT_ROUNDOFF)
"""Largest error of a float32 product of inner size 128, relative to ``|A| |B|`` and entry by entry.

It holds for any order of summation (Higham, *Accuracy and Stability of Numerical Algorithms*, 2nd ed.,
eq. 3.13). Typical errors are 30 times smaller; operands rounded to TF32 give 20 times as much, to bfloat16
300 times.
"""

_SUBNORMAL: Final = 1e-40


def precision(device: torch.device, multiply: Callable[[Tensor, Tensor], Tensor] = torch.bmm) -> Finding:
    """A float32 matrix product on the device against float64, entry by entry.

    Args:
        device: where the product is computed.
        multiply: batched matrix product, ``(P, a, k)`` and ``(P, k, b)`` to ``(P, a, b)``.
    """
    name, setting = "precision", torch.get_float32_matmul_precision()
    error = _product_error(device, multiply)
    measured = f"float32 product off by {error:.1e}, bound {PRODUCT_BOUND:.1e}; torch's setting {setting!r}"
    advice = (
        "unset TORCH_ALLOW_TF32_CUBLAS_OVERRIDE and NVIDIA_TF32_OVERRIDE, and leave "
        "torch.set_float32_matmul_precision at 'highest'"
    )
    if not error <= PRODUCT_BOUND:
        return Finding(name, "failed", f"{measured}: TF32 or bfloat16 is in use", advice)
    if setting != "highest":
        return Finding(name, "warning", f"{measured}: other sizes may be less precise", advice)
    return Finding(name, "ok", measured)


def _product_error(device: torch.device, multiply: Callable[[Tensor, Tensor], Tensor]) -> float:
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(4, _INNER, _INNER, generator=generator)
    right = torch.randn(4, _INNER, _INNER, generator=generator)
    product = multiply(left.to(device), right.to(device)).cpu().double()
    error = (product - torch.bmm(left.double(), right.double())).abs()
    return float((error / torch.bmm(left.double().abs(), right.double().abs())).max())


def subnormals(device: torch.device) -> Finding:
    """Whether numbers below the smallest normal float32 are kept, here and in a worker thread."""
    name = "subnormals"
    here = _keeps_subnormals(device)
    with ThreadPoolExecutor(1) as pool:
        there = pool.submit(_keeps_subnormals, device).result()
    measured = f"kept here: {_yes(here)}, in a worker thread: {_yes(there)}"
    if device.type != "cpu" or (here and there):
        return Finding(name, "ok", measured)
    advice = (
        "find what calls torch.set_flush_denormal, or was compiled with -ffast-math and is loaded into "
        "Python (a sitecustomize module, LD_PRELOAD): evaluations may differ in bits from other machines'"
    )
    return Finding(name, "warning", measured, advice)


def _keeps_subnormals(device: torch.device) -> bool:
    tiny = torch.full((64,), _SUBNORMAL, device=device)
    return bool((tiny * 0.5 != 0).all())


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def divergence(device: torch.device, learning_rate: float = 1e30) -> Finding:
    """A network that diverges must be recorded as such, not as a number."""
    problem = SparseRecovery(m=8, n=16, train=64, valid=32, test=1)
    wild = replace(protocol("smoke"), learning_rate=learning_rate)
    (evaluation,) = Evaluator(problem, wild, device=str(device)).evaluate([Request(Genome.lista(3))])
    measured = f"learning rate {learning_rate:g} gave status {evaluation.status!r}, score {evaluation.score}"
    if evaluation.status == "diverged":
        return Finding("divergence", "ok", measured)
    advice = "report it: torch.isfinite does not tell infinities and NaN on this device"
    return Finding("divergence", "failed", measured, advice)
