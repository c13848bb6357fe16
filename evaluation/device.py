"""Where training runs."""

from __future__ import annotations

import os

import torch

from genome import InputError


def choose_device(name: str = "auto") -> torch.device:
    """The device to train on.

    Args:
        name: "auto" takes whatever accelerator torch reports, else the CPU; otherwise any torch device
            ("cpu", "cuda", "cuda:1", "mps", "xpu", ...).

    Raises:
        InputError: torch does not know the device, or reports none of that kind here.
    """
    accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    if name == "auto":
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
        if device.type != "cpu":
            torch.empty(0, device=device)
    except (RuntimeError, AssertionError):
        found = accelerator.type if accelerator else "no accelerator"
        raise InputError(
            f"The device must be 'auto', 'cpu' or one torch reports ({found}), got {name!r}."
        ) from None
    return device


def usable_cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
