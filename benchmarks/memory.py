"""Peak memory of training, measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.cases import Case, evenly
from benchmarks.contenders.engine import Engine
from benchmarks.contenders.one_at_a_time import OneAtATime
from benchmarks.contenders.task import Contender, Task
from benchmarks.contenders.vmapped import Vmapped
from evaluation.device import usable_cores
from genome import Genome

_STEPS, _BATCHES = 1, 4
_MIB = 2**20
_STATUS = Path("/proc/self/status")


def engine(task: Task) -> Contender:
    """The engine."""
    return Engine(task)


def one_at_a_time(task: Task) -> Contender:
    """A network at a time, on one thread."""
    return OneAtATime(task, threads=1)


def stacked(task: Task, most: int, threads: int) -> Contender:
    """``torch.func`` with at most ``most`` networks together."""
    return Vmapped(task, threads, most)


Makers = Mapping[str, tuple[Callable[[Task], Contender], Sequence[int]]]
"""By name: what makes a contender (importable by a new process), and batch sizes, ascending."""


def peaks(makers: Makers, case: Case, device: torch.device) -> dict[str, dict[int, float]]:
    """MiB that training takes beyond interpreter, libraries and data, by contender and batch size.

    On the CPU the growth of the largest resident set of a process of the contender's own; on CUDA what
    torch's allocator held at most. Phases have one step: a buffer is as large in the first as in the last.

    Args:
        makers: the contenders.
        case: the problem.
        device: where.
    """
    genomes, task = case.draw(), case.task(device)
    work = [(make, task, [evenly(genomes, size) for size in sizes]) for make, sizes in makers.values()]
    context = multiprocessing.get_context("spawn")
    with context.Pool(min(len(work), usable_cores()), maxtasksperchild=1) as pool:
        found = pool.starmap(_measure, work, chunksize=1)
    return {
        name: dict(zip(sizes, values, strict=True))
        for (name, (_, sizes)), values in zip(makers.items(), found, strict=True)
    }


def _measure(
    make: Callable[[Task], Contender], task: Task, batches: Sequence[Sequence[Genome]]
) -> list[float]:
    phases = tuple(replace(phase, steps=_STEPS) for phase in task.protocol.phases)
    # Drawing the data of a whole benchmark would take more memory than training does.
    problem = replace(task.problem, train=_BATCHES * task.protocol.batch)
    contender = make(replace(task, problem=problem, protocol=replace(task.protocol, phases=phases)))
    # Whatever is loaded or reserved on first use is no cost of a network's.
    contender.train([batches[0][0].prefix(2)])
    peak = partial(_cuda_peak, task.device) if task.device.type == "cuda" else _resident_peak
    before = peak()
    found = []
    for genomes in batches:
        contender.train(genomes)
        found.append((peak() - before) / _MIB)
    return found


def _resident_peak() -> int:
    """Largest resident set of this process so far, bytes."""
    if _STATUS.exists():
        # On Linux getrusage starts from what the parent had when it made this process.
        (line,) = (line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return 1024 * int(line.split()[1])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _cuda_peak(device: torch.device) -> int:
    return torch.cuda.max_memory_allocated(device)
