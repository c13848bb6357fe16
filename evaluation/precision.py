"""The arithmetic of float32 matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from genome import InputError

Precision = Literal["float32", "tf32"]

_NAMES: dict[Precision, str] = {"float32": "ieee", "tf32": "tf32"}
"""Our names, and torch's."""


def check_precision(name: str, device: torch.device) -> Precision:
    """The precision of that name.

    Args:
        name: "float32", or "tf32": factors of matrix products rounded to 10 bits of mantissa.
        device: where it is wanted.

    Raises:
        InputError: the name is not known, or the device has no such arithmetic.
    """
    known = next((precision for precision in _NAMES if precision == name), None)
    if known is None:
        raise InputError(f"The precision must be one of {', '.join(_NAMES)}, got {name!r}.")
    if known == "tf32" and not _has_tf32(device):
        raise InputError(
            f"Precision tf32 needs an NVIDIA GPU of compute capability 8.0 or more, got device '{device}'."
        )
    return known


def _has_tf32(device: torch.device) -> bool:
    on_nvidia = device.type == "cuda" and torch.version.hip is None
    return on_nvidia and torch.cuda.get_device_capability(device) >= (8, 0)


@contextmanager
def matrix_products(precision: Precision) -> Iterator[None]:
    """Compute float32 matrix products in this precision, whatever the process has set, and restore that.

    The setting is the process's, not the thread's. On the CPU they are plain float32 in either case.
    """
    cuda, cpu = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = cuda.fp32_precision, cpu.fp32_precision
    cuda.fp32_precision, cpu.fp32_precision = _NAMES[precision], "ieee"
    try:
        yield
    finally:
        cuda.fp32_precision, cpu.fp32_precision = before
