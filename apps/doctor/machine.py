"""What does training run on, and do its workers help?"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from apps.doctor.finding import Finding
from apps.doctor.sample import Sample
from builders.autograd_step import bind_step
from builders.cells import Lista
from evaluation.backend import ThreadBackend
from evaluation.device import choose_device, usable_cores

HELPFUL: Final = 1.2
"""Times as much as one that two workers must do for the second to be worth its memory."""

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")
_STEPS, _UNITS, _ROUNDS = 20, 4, 3


def device(chosen: torch.device) -> Finding:
    """The device that training runs on, and whether torch leaves an NVIDIA card unused."""
    name, automatic = "device", choose_device("auto")
    measured = f"checked: {_described(chosen)}; 'auto' takes {automatic}"
    cards = _nvidia_cards() if automatic.type == "cpu" else 0
    if not cards:
        return Finding(name, "ok", measured)
    built = torch.version.cuda
    advice = (
        f"torch {torch.__version__} is built for CUDA {built}: update the NVIDIA driver to one that serves it"
        if built
        else f"torch {torch.__version__} is built without CUDA: install a build with it, see pytorch.org"
    )
    return Finding(name, "warning", f"{measured}, although the NVIDIA driver reports {cards} card(s)", advice)


def _described(chosen: torch.device) -> str:
    if chosen.type == "cpu":
        return f"cpu ({torch.backends.cpu.get_cpu_capability()})"
    named = getattr(torch.get_device_module(chosen), "get_device_name", None)
    return f"{chosen} ({named(chosen)})" if named else str(chosen)


def _nvidia_cards() -> int:
    program = shutil.which("nvidia-smi")
    if program is None:
        return 0
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def threads(work: Callable[[], None] | None = None, quota_file: Path = _QUOTA) -> Finding:
    """Cores, torch's threads, and how much more two workers of one thread each do than one.

    Args:
        work: what a worker does; by default some training steps on the CPU.
        quota_file: where the control group says how much of the cores it may use.
    """
    name, cores, quota = "threads", usable_cores(), _quota(quota_file)
    measured = f"{cores} usable core(s), torch uses {torch.get_num_threads()}{_load()}"
    if quota is not None and quota < cores:
        return Finding(
            name,
            "warning",
            f"{measured}, but a quota of {quota:g} core(s) holds for this container",
            f"give the search --workers {max(1, int(quota))}: more than the quota allows hold each other up",
        )
    if cores == 1:
        return Finding(name, "ok", f"{measured}; one worker")
    ratio = _ratio(work or _training_steps)
    measured = f"{measured}; two workers do {ratio:.2f} times as much as one"
    if ratio >= HELPFUL:
        return Finding(name, "ok", measured)
    advice = "end other programs that use the cores and ask again; if it stays, give the search --workers 1"
    return Finding(name, "warning", measured, advice)


def _load() -> str:
    return f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""


def _quota(file: Path) -> float | None:
    try:
        allowed, period = file.read_text("ascii").split()
        return int(allowed) / int(period)
    except (OSError, ValueError):  # No control group, or one without a quota: "max".
        return None


def _training_steps() -> None:
    sample = Sample(Lista(), torch.device("cpu"))
    step = bind_step(Lista(), sample.binding())
    for _ in range(_STEPS):
        step.differentiate(sample.b, sample.x)


def _ratio(work: Callable[[], None]) -> float:
    """Time of some units on one worker divided by theirs on two, each the best of several."""

    def seconds(workers: int) -> float:
        start = time.perf_counter()
        for _ in ThreadBackend().run(lambda _: work(), range(_UNITS), workers):
            pass
        return time.perf_counter() - start

    work()
    measured = [(seconds(1), seconds(2)) for _ in range(_ROUNDS)]
    return min(one for one, _ in measured) / min(two for _, two in measured)
