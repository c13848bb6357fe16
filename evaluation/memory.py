"""How much memory there is for training, and what an allocator says when there is none left."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import torch

_HOST_SHARE, _ACCELERATOR_SHARE = 0.75, 0.8
_SYSTEM, _GROUPS = Path("/proc/meminfo"), Path("/sys/fs/cgroup")
_SAID = ("out of memory", "not enough memory", "DefaultCPUAllocator", "ALLOC_FAILED", "std::bad_alloc")


def default_memory(device: torch.device) -> int:
    """Bytes that training may take where nobody says: 3/4 of what is free, on an accelerator 4/5."""
    free = None if device.type == "cpu" else _accelerator_free(device)
    return int(_HOST_SHARE * available_memory()) if free is None else int(_ACCELERATOR_SHARE * free)


def available_memory() -> int:
    """Bytes of main memory that this process may still take, its control groups' limits considered."""
    return max(0, min([_system_available(), *_group_room()]))


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out: Python's, torch's on any device, or its allocator's."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _SAID)


def in_gib(size: float) -> str:
    """Bytes as people read them, rounded up to 0.01 GiB."""
    return f"{-(-size // (2**30 / 100)) / 100:.2f} GiB"


def _accelerator_free(device: torch.device) -> int | None:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    try:
        return torch.accelerator.get_memory_info(device)[0]
    except (RuntimeError, NotImplementedError):  # Devices that share the host's memory have no answer.
        return None


def _system_available() -> int:
    try:
        lines = _SYSTEM.read_text("ascii").splitlines()
        (kib,) = (line.split()[1] for line in lines if line.startswith("MemAvailable:"))
        return int(kib) * 1024
    except (OSError, ValueError):  # Not Linux.
        names = getattr(os, "sysconf_names", {})
        pages = "SC_AVPHYS_PAGES" if "SC_AVPHYS_PAGES" in names else "SC_PHYS_PAGES"
        return os.sysconf(pages) * os.sysconf("SC_PAGE_SIZE") if pages in names else 2**32


def _group_room(groups: Path = _GROUPS, own: Path = Path("/proc/self/cgroup")) -> Iterator[int]:
    """Limit less use of the memory control groups this process is in, and of the groups around them."""
    try:
        memberships = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:
        return
    for _, controllers, path in memberships:
        if controllers == "":
            root, limit, used = groups, "memory.max", "memory.current"
        elif controllers == "memory":
            root, limit, used = groups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        place = PurePosixPath(path.lstrip("/"))
        for group in (place, *place.parents):
            yield from _room(root / group, limit, used)


def _room(group: Path, limit: str, used: str) -> Iterator[int]:
    try:
        most, now = int((group / limit).read_text()), int((group / used).read_text())
        # Pages of files that were not used lately are given back on demand.
        fields = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        yield most - now + int(fields.get("total_inactive_file", fields.get("inactive_file", 0)))
    except (OSError, ValueError):  # Not mounted here, or without a limit: "max".
        return
