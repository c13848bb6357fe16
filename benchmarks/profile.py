"""Where a training step of the engine spends its time, and how far that is from what the machine allows.

    python -m benchmarks.profile [--cases 50x100x8 250x500x16] [--members 8] [--stage K] [--device auto]
                                 [--repeats 5] [--out benchmarks/results/profile.json]

One population takes steps of phase A and of phase B at one stage, on one thread, as one worker of the engine
does: in tensor operations, as on accelerators, and on the CPU also compiled, as the engine trains there.

Every tensor operation is timed and assigned to a part of the step; what is left of the time that the same
steps take unobserved is the interpreter's. Of a compiled step each part's work is done again by itself, with
warmer caches. What the parts add up to is said below each table.

Beside the time stand the bytes and operations of the part, and how long these would take at the machine's own
speed, measured in the same run: large matrix products, and ``a + b -> c`` over as much memory as the step
works on. Below stands what a step of these genomes needs at least, every loop fused, connections that do not
exist left out (``benchmarks.work.least_step``).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from benchmarks.cases import CASES, Case, find_case
from benchmarks.compiled_profile import CompiledProfile
from benchmarks.machine import MAIN_MEMORY_FLOATS, bandwidth, machine, product_peak
from benchmarks.population import Population
from benchmarks.profile_report import conclusion, table
from benchmarks.step_parts import Step
from benchmarks.tensor_profile import TensorProfile
from evaluation.backend import one_intra_op_thread
from evaluation.device import choose_device
from genome import InputError
from genome.files import write_atomic

RESULTS = Path("benchmarks/results/profile.json")
TENSOR_OPERATIONS, COMPILED = "tensor operations", "compiled"
_WIDTH = 110
"""Columns where there is no terminal to ask."""


def profile(
    case: Case, device: torch.device, members: int, stage: int | None, repeats: int
) -> dict[str, Any]:
    """Profile the first phase of either scope; returns what the results file says of the case."""
    case = replace(case, genomes=members)
    task, genomes, depth = case.task(device), case.draw(), stage or case.layers
    phases = task.protocol.phases
    scopes = [phase.scope for phase in phases]
    indices = [scopes.index(scope) for scope in ("new", "all")]
    populations = {phases[index].name: Population(task, genomes, depth, index) for index in indices}
    anyone = next(iter(populations.values()))
    with one_intra_op_thread():
        far = bandwidth(device, threads=1, floats=MAIN_MEMORY_FLOATS)
        found = {
            "case": case.name,
            "members": members,
            "stage": depth,
            "batch": task.protocol.batch,
            "product_peak": product_peak(device, threads=1),
            "bandwidth_main_memory": far,
            "least": asdict(anyone.least()),
        }
        steps: dict[str, type[TensorProfile | CompiledProfile]] = {TENSOR_OPERATIONS: TensorProfile}
        if device.type == "cpu":
            steps[COMPILED] = CompiledProfile
        profiles = {
            step: {name: kind(population) for name, population in populations.items()}
            for step, kind in steps.items()
        }
        sets = {step: next(iter(each.values())).working_set for step, each in profiles.items()}
        found["working_set_bytes"] = {step: 4 * floats for step, floats in sets.items()}
        found["bandwidth"] = {
            step: bandwidth(device, threads=1, floats=floats // 3) for step, floats in sets.items()
        }
        found["steps"] = {
            step: {name: _result(one.measure(repeats)) for name, one in each.items()}
            for step, each in profiles.items()
        }
    return found


def _result(step: Step) -> dict[str, Any]:
    return {
        "step_seconds": step.seconds,
        "parts_over_whole": step.share,
        "parts": {name: asdict(part) for name, part in step.parts.items()},
    }


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
    options, console = _arguments(arguments), Console(width=None if sys.stdout.isatty() else _WIDTH)
    results = []
    try:
        device = choose_device(options.device)
        for case in map(find_case, options.cases):
            found = profile(case, device, options.members, options.stage, options.repeats)
            for step, phases in found["steps"].items():
                for phase in phases:
                    console.print(table(found, step, phase))
                console.print(conclusion(found, step))
            results.append(found)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    content = {"format": "lista-genome/profile", "version": 2, "machine": machine(device), "cases": results}
    write_atomic(options.out, json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
