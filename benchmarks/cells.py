"""How many networks an hour: every cell of the LISTA family against LISTA, side by side in one run.

    python -m benchmarks.cells [--case 50x100x8] [--genomes 16] [--repeats 5] [--scale FACTOR]

All train the same connectivities on the same data by the same protocol, shortened; what a cell can choose
beside connections is drawn at random. Readings are interleaved; a ratio is the median over rounds of the
ratio to LISTA within a round. Beside it stands the least ratio that arithmetic alone would give: LISTA's
multiply-adds in the matrix products of a step on all parameters over the cell's, at the deepest stage.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.cases import CASES, Case, find_case
from benchmarks.clock import seconds
from benchmarks.contenders.task import DrawnOnce, Task
from benchmarks.family_work import multiply_adds
from benchmarks.rounds import interleaved, ratio
from builders.cells import Cell, create_cell
from evaluation.device import choose_device
from evaluation.evaluator import Evaluator
from genome import Genome, InputError, Request
from genome.neurons import Neuron
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS

_SEED = 5
_REFERENCE = "lista"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is trained: a cell, and what becomes of the connectivities.

    Attributes:
        cell: the iteration.
        adapted: a genome with the choices that only some cells take.
    """

    cell: Cell
    adapted: Callable[[Genome, np.random.Generator], Genome] | None = None

    def genomes(self, drawn: Sequence[Genome]) -> list[Genome]:
        """What becomes of the connectivities, the same in every call."""
        rng = np.random.default_rng(_SEED)
        return [self.adapted(genome, rng) if self.adapted else genome for genome in drawn]


def _supporting(genome: Genome, rng: np.random.Generator) -> Genome:
    """The neuron ``support`` in every layer."""
    del rng
    support: Neuron = "support"
    return replace(genome, neurons=(support,) * genome.layers)


def _weighted(genome: Genome, rng: np.random.Generator) -> Genome:
    """Weights of every kind."""
    return replace(genome, weights=tuple(WEIGHTS[i] for i in rng.integers(len(WEIGHTS), size=genome.layers)))


def _chosen(genome: Genome, rng: np.random.Generator) -> Genome:
    """Weights and thresholds of every kind."""
    chosen = rng.integers(len(THRESHOLDS), size=genome.layers)
    return replace(_weighted(genome, rng), thresholds=tuple(THRESHOLDS[i] for i in chosen))


def entries() -> dict[str, Entry]:
    """What is compared, by name; LISTA first."""
    return {
        _REFERENCE: Entry(create_cell("lista")),
        "lista, support": Entry(create_cell("lista"), _supporting),
        "lista, untied": Entry(create_cell("lista", {"tied": False})),
        "lista_cp": Entry(create_cell("lista_cp")),
        "lista_cp, tied": Entry(create_cell("lista_cp", {"tied": True})),
        "lista_cp, support": Entry(create_cell("lista_cp"), _supporting),
        "alista": Entry(create_cell("alista")),
        "step_lista": Entry(create_cell("step_lista")),
        "hybrid as lista": Entry(create_cell("hybrid")),
        "hybrid, weights": Entry(create_cell("hybrid"), _weighted),
        "hybrid, all": Entry(create_cell("hybrid"), _chosen),
    }


def _train(task: Task, cell: Cell, genomes: Sequence[Genome]) -> float:
    """Networks an hour."""
    evaluator = Evaluator(DrawnOnce(task.problem), task.protocol, cell=cell, device=str(task.device))
    requests = [Request(genome, seed=task.seed) for genome in genomes]
    spent = seconds(lambda: evaluator.evaluate(requests), task.device)
    return 3600 * len(genomes) / spent


def compare(case: Case, console: Console) -> Table:
    """Train every entry's networks once a round."""
    task = case.task(choose_device("cpu"))
    drawn = case.draw()
    genomes = {name: entry.genomes(drawn) for name, entry in entries().items()}
    measured = {name: partial(_train, task, entry.cell, genomes[name]) for name, entry in entries().items()}
    for measure in measured.values():  # Machine code is made, and data drawn, before the clock starts.
        measure()
    readings = interleaved(measured, case.repeats, lambda line: console.print(line, style="dim"))
    work = {
        name: sum(
            multiply_adds(entry.cell, genome, case.m, case.n, task.protocol.batch) for genome in genomes[name]
        )
        for name, entry in entries().items()
    }
    table = Table("cell", "networks an hour", "to LISTA", "by products", title=f"{case.name}, CPU")
    for name, found in readings.items():
        table.add_row(
            name,
            f"{median(found):,.0f}",
            f"{ratio(found, readings[_REFERENCE]):.2f}",
            f"{work[_REFERENCE] / work[name]:.2f}",
        )
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.cells",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--case", default="50x100x8", metavar="MxNxK", help=", ".join(CASES))
    parser.add_argument("--genomes", type=int, default=16, help="random genomes")
    parser.add_argument("--repeats", type=int, default=5, help="rounds")
    parser.add_argument("--scale", type=float, help="factor on the protocol's steps; by default the case's")
    options = parser.parse_args(arguments)
    try:
        case = replace(find_case(options.case), genomes=options.genomes, repeats=options.repeats)
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.scale is not None:
        case = replace(case, scale=options.scale)
    Console().print(compare(case, Console(stderr=True, highlight=False)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
