"""Where a training step of the engine spends its time, and how far that is from what the machine allows.

    python -m benchmarks.profile [--cases 50x100x8 250x500x16] [--members 8] [--stage K] [--device auto]
                                 [--repeats 5] [--out benchmarks/results/profile.json]

One population takes steps of phase A and of phase B at one stage, on one thread, as one worker of the engine
does. Every tensor operation is timed and assigned to a part of the step; what is left of the time that the
same steps take unobserved is the interpreter's. Beside the time stand the bytes and operations of the part,
and how long these would take at the machine's own speed, measured in the same run: large matrix products, and
``a + b -> c`` over as much memory as the step works on. Below stands what a step of these genomes needs at
least, every loop fused, connections that do not exist left out (``benchmarks.work.least_step``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial, reduce
from operator import add
from pathlib import Path
from statistics import median
from typing import Any, final

import torch
from rich.console import Console
from rich.table import Table

from benchmarks.cases import CASES, Case, find_case
from benchmarks.clock import intra_op_threads, seconds
from benchmarks.contenders.task import DrawnOnce, Task
from benchmarks.machine import MAIN_MEMORY_FLOATS, bandwidth, machine, product_peak
from benchmarks.op_clock import Operation, record
from benchmarks.step_parts import PARTS, Sizes, assign
from benchmarks.work import Work, least_step
from builders.cells import Lista
from builders.injections import injection
from builders.unroll import network_layout
from evaluation.device import choose_device
from evaluation.phase import Member, PhaseRun, Trainer
from evaluation.tables import Tables
from genome import Genome, InputError
from genome.files import write_atomic

RESULTS = Path("benchmarks/results/profile.json")
INTERPRETER = "rest, interpreter"
_MOST_STEPS = 10
_ACTIVATIONS_A_LAYER = 3


@dataclass(frozen=True, slots=True)
class Part:
    """What one part of a step takes.

    Attributes:
        calls: operations a step.
        seconds: a step.
        traffic: bytes a step.
        operations: float operations of matrix products a step.
    """

    calls: float
    seconds: float
    traffic: float
    operations: float


@final
class StepProfile:
    """A population of the engine in one phase of one stage.

    Args:
        task: problem and protocol.
        genomes: the population.
        stage: depth.
        phase: index into the protocol's phases.
    """

    def __init__(self, task: Task, genomes: Sequence[Genome], stage: int, phase: int) -> None:
        self._task, self._stage = task, stage
        self._genomes = [genome.prefix(stage) for genome in genomes]
        cell, combination = Lista(), injection(task.protocol.form)
        layers = genomes[0].layers
        layout = network_layout(cell, combination, task.problem.dictionary, layers)
        tables = Tables(DrawnOnce(task.problem), task.device)
        trainer = Trainer(cell, combination, layout, task.protocol, tables, task.device, lambda: False)
        members = [Member(genome, task.seed, 0) for genome in self._genomes]
        rows = layout.initial().to(task.device).expand(len(members), -1).contiguous()
        self._run = PhaseRun(trainer, members, rows, stage, phase)
        self._order = next(self._run.epochs())[:, :_MOST_STEPS]
        train = tables.split(0, "train")
        self._sizes = Sizes(
            tables=(train.b.untyped_storage().data_ptr(), train.x.untyped_storage().data_ptr()),
            members=len(members),
            batch=task.protocol.batch,
            m=task.problem.m,
            n=task.problem.n,
            layers=layers,
            row=layout.size,
        )

    def parts(self, repeats: int) -> tuple[float, dict[str, Part]]:
        """Seconds of an unobserved step, and what its parts take; medians over repeats."""
        train = partial(self._run.train, self._order)
        train()
        steps = self._order.shape[1]
        plain, observed = [], []
        for _ in range(repeats):
            plain.append(seconds(train, self._task.device) / steps)
            operations = record(train, self._task.device)
            observed.append(list(assign(operations, self._sizes)))
        whole = median(plain)
        parts = {name: _part([_of(name, run) for run in observed], steps) for name in PARTS}
        left = max(0.0, whole - sum(part.seconds for part in parts.values()))
        return whole, {**parts, INTERPRETER: Part(0.0, left, 0.0, 0.0)}

    def least(self) -> Work:
        """What a step of these genomes needs at least, where all parameters train."""
        sizes = self._sizes
        needs = (least_step(g, sizes.m, sizes.n, sizes.batch, sizes.row) for g in self._genomes)
        return reduce(add, needs)

    @property
    def working_set(self) -> int:
        """Floats of the activations that a step keeps."""
        sizes = self._sizes
        return _ACTIVATIONS_A_LAYER * self._stage * sizes.members * sizes.batch * sizes.n


def _of(name: str, assigned: Sequence[tuple[str, Operation]]) -> list[Operation]:
    return [operation for part, operation in assigned if part == name]


def _part(runs: Sequence[Sequence[Operation]], steps: int) -> Part:
    """One part of several recordings of the same steps."""
    first = runs[0]
    return Part(
        calls=len(first) / steps,
        seconds=median(sum(operation.seconds for operation in run) for run in runs) / steps,
        traffic=sum(operation.traffic for operation in first) / steps,
        operations=sum(operation.operations for operation in first) / steps,
    )


def profile(
    case: Case, device: torch.device, members: int, stage: int | None, repeats: int
) -> dict[str, Any]:
    """Profile the first phase of either scope; returns what the results file says of the case."""
    case = replace(case, genomes=members)
    task, genomes, depth = case.task(device), case.draw(), stage or case.layers
    scopes = [phase.scope for phase in task.protocol.phases]
    phases = {scope: scopes.index(scope) for scope in ("new", "all")}
    with intra_op_threads(1):
        profiles = {scope: StepProfile(task, genomes, depth, index) for scope, index in phases.items()}
        anyone = next(iter(profiles.values()))
        peak = product_peak(device, threads=1)
        near = bandwidth(device, threads=1, floats=anyone.working_set // 3)
        far = bandwidth(device, threads=1, floats=MAIN_MEMORY_FLOATS)
        measured = {
            task.protocol.phases[phases[scope]].name: one.parts(repeats) for scope, one in profiles.items()
        }
    return {
        "case": case.name,
        "members": members,
        "stage": depth,
        "batch": task.protocol.batch,
        "product_peak": peak,
        "bandwidth": near,
        "bandwidth_main_memory": far,
        "working_set_bytes": 4 * anyone.working_set,
        "least": asdict(anyone.least()),
        "phases": {
            name: {"step_seconds": whole, "parts": {key: asdict(part) for key, part in parts.items()}}
            for name, (whole, parts) in measured.items()
        },
    }


def bound(part: dict[str, float], found: dict[str, Any]) -> float:
    """Seconds that a part would take at the machine's own speed: the roofline."""
    return float(max(part["operations"] / found["product_peak"], part["traffic"] / found["bandwidth"]))


def table(found: dict[str, Any], phase: str) -> Table:
    """One phase's parts."""
    step = found["phases"][phase]
    whole = step["step_seconds"]
    title = (
        f"{found['case']}, {found['members']} members, stage {found['stage']}, phase {phase}: "
        f"{1e3 * whole:.2f} ms a step"
    )
    result = Table("part", "calls", "ms", "share", "MB", "GFLOP", "GB/s", "GFLOP/s", "bound, ms", title=title)
    for column in result.columns[1:]:
        column.justify = "right"
    for name, part in step["parts"].items():
        spent = part["seconds"]
        result.add_row(
            name,
            f"{part['calls']:.0f}",
            f"{1e3 * spent:.3f}",
            f"{spent / whole:.0%}",
            f"{part['traffic'] / 1e6:.2f}",
            f"{part['operations'] / 1e9:.3f}",
            f"{part['traffic'] / spent / 1e9:.1f}" if part["traffic"] else "",
            f"{part['operations'] / spent / 1e9:.1f}" if part["operations"] else "",
            f"{1e3 * bound(part, found):.3f}",
        )
    return result


def conclusion(found: dict[str, Any]) -> str:
    """The roofline of a step on all parameters, the phase profiled last, and the gap."""
    least, step = found["least"], list(found["phases"].values())[-1]
    whole, parts = step["step_seconds"], step["parts"].values()
    arithmetic, traffic = least["products"] / found["product_peak"], least["traffic"] / found["bandwidth"]
    as_is = sum(bound(part, found) for part in parts)
    moved = sum(part["traffic"] for part in parts)
    products, moves = least["products"] / 1e9, least["traffic"] / 1e6
    near, far = found["bandwidth"] / 1e9, found["bandwidth_main_memory"] / 1e9
    return (
        f"A step on all parameters needs at least {products:.3f} GFLOP of products, "
        f"{1e3 * arithmetic:.2f} ms at {found['product_peak'] / 1e9:.0f} GFLOP/s, and {moves:.1f} MB, "
        f"{1e3 * traffic:.2f} ms at "
        f"{near:.1f} GB/s (main memory: {far:.1f}). It takes {whole / max(arithmetic, traffic):.1f} times "
        f"the larger, {whole / (arithmetic + traffic):.1f} times their sum. Its own operations move "
        f"{moved / 1e6:.1f} MB and would take {1e3 * as_is:.2f} ms at the machine's speed."
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cases", nargs="+", default=list(CASES), metavar="MxNxK", help=", ".join(CASES))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ...")
    parser.add_argument("--members", type=int, default=8, help="networks in the population")
    parser.add_argument("--stage", type=int, help="depth; by default the deepest")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULTS, help="results file")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; returns the exit code."""
    options, console = _arguments(arguments), Console()
    results = []
    try:
        device = choose_device(options.device)
        for case in map(find_case, options.cases):
            found = profile(case, device, options.members, options.stage, options.repeats)
            for phase in found["phases"]:
                console.print(table(found, phase))
            console.print(conclusion(found))
            results.append(found)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    content = {"format": "lista-genome/profile", "version": 1, "machine": machine(device), "cases": results}
    write_atomic(options.out, json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
