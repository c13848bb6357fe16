"""How many networks an hour: the engine against plain PyTorch, on the same networks, in one run.

    python -m benchmarks.throughput [--quick] [--cases 50x100x8 250x500x16] [--device auto] [--repeats 3]
                                    [--scale FACTOR] [--genomes N] [--out benchmarks/results/throughput.json]
    python -m benchmarks.throughput --markdown benchmarks/results/throughput.json

Contenders train the same genomes on the same data in the same batches by the same protocol, shortened:

- one at a time: an ``nn.Module`` a network, with autograd, torch's fused Adam, and only the connections it
  has; on one thread, on all, and as processes of one thread side by side. The fastest is the baseline. The
  other form one might choose, ``torch.compile``, needs a C++ compiler and 15 s or more for each of K depths.
- torch.func: ``vmap(grad(...))`` over stacked, masked modules.
- the engine: ``Evaluator.evaluate``, new for every reading, with nothing archived or kept.

The run fails if any two reach validation errors that differ by more than 0.05 dB after any stage. Readings
are interleaved; a ratio is the median over rounds of the ratio within a round. What each part of the engine
brings comes from four readings: an evaluator for every network on every core (no batch, no sharing); one
batch in which every genome has its own seed, so that no prefix can be shared; one batch of one seed; and one
batch with a phase A that trains every parameter for as many steps.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from benchmarks import throughput_report as report
from benchmarks.cases import CASES, Case, find_case, on_accelerator, quick
from benchmarks.comparison import Comparison
from benchmarks.machine import machine
from benchmarks.rounds import DisagreementError
from evaluation.device import choose_device
from genome import InputError
from genome.files import write_atomic

RESULTS = Path("benchmarks/results/throughput.json")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--cases", nargs="+", default=list(CASES), metavar="MxNxK", help=", ".join(CASES))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ...")
    parser.add_argument("--scale", type=float, help="factor on the protocol's steps; by default each case's")
    parser.add_argument("--genomes", type=int, help="random genomes; by default each case's")
    parser.add_argument("--repeats", type=int, help="rounds; by default each case's")
    parser.add_argument("--quick", action="store_true", help="a minute, to see that everything runs")
    parser.add_argument("--out", type=Path, help=f"results file; by default {RESULTS}, none with --quick")
    parser.add_argument(
        "--markdown", type=Path, metavar="FILE", help="print a results file's tables, and end"
    )
    return parser.parse_args(arguments)


def _case(name: str, device: torch.device, options: argparse.Namespace) -> Case:
    case = find_case(name)
    if device.type != "cpu":
        case = on_accelerator(case)
    if options.quick:
        case = quick(case)
    if options.scale is not None:
        case = replace(case, scale=options.scale)
    if options.genomes is not None:
        case = replace(case, genomes=options.genomes)
    if options.repeats is not None:
        case = replace(case, repeats=options.repeats)
    return case


def measure(cases: Sequence[Case], device: torch.device, console: Console) -> dict[str, Any]:
    """Measure cases and print their tables; returns the content of a results file.

    Raises:
        DisagreementError: two contenders reached different errors with the same network.
    """
    progress = Console(stderr=True, highlight=False)
    results = []
    for case in cases:
        found = Comparison(case, device, lambda line: progress.print(line, style="dim")).run()
        for table in report.rich_tables(found):
            console.print(table)
        console.print(report.notes(found))
        results.append(found)
    return {
        "format": "lista-genome/throughput",
        "version": 1,
        "machine": machine(device),
        "cases": results,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; returns the exit code."""
    options = _arguments(arguments)
    if options.markdown:
        print(report.markdown(json.loads(options.markdown.read_text(encoding="utf-8"))))
        return 0
    out = options.out or (None if options.quick else RESULTS)
    try:
        device = choose_device(options.device)
        cases = [_case(name, device, options) for name in options.cases]
        content = measure(cases, device, Console())
    except (InputError, DisagreementError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, DisagreementError) else 2
    if out:
        write_atomic(out, json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
