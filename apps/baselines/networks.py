"""The networks beside the solvers: published ones, the user's architectures, and trained files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import torch

from analysis.shown import cell_text
from apps.arguments import named_options
from apps.baselines.contender import Contender, network_contender
from apps.baselines.options import BaselinesOptions
from apps.search.run_directory import owner
from builders.cells import Cell, Lista, cell_names, create_cell
from builders.files import load_network
from builders.network import UnrolledNetwork
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from evaluation.problems.base import Problem
from evaluation.protocol import protocol
from evaluation.trie import Progress
from genome import Genome, InputError, Request, load_genome
from genome.neurons import Neuron

Architecture = tuple[Cell, Genome]


def published_networks(layers: int) -> Mapping[str, Architecture]:
    """The hand-made networks by display name, at a depth, as their papers have them.

    LISTA-CPSS is LISTA-CP with support-selecting neurons, which ALISTA has too.
    """
    chain = Genome.lista(layers)
    selecting: Neuron = "support"
    support = replace(chain, neurons=(selecting,) * layers)
    return {
        "LISTA": (Lista(), chain),
        "LFISTA": (Lista(), Genome.lfista(layers)),
        "Dense-LISTA": (Lista(), Genome.dense(layers)),
        "Step-LISTA": (create_cell("step_lista"), chain),
        "LISTA-CP": (create_cell("lista_cp"), chain),
        "LISTA-CPSS": (create_cell("lista_cp"), support),
        "ALISTA": (create_cell("alista"), support),
        "HyperLISTA": (create_cell("hyperlista"), chain),
    }


def architectures(options: BaselinesOptions) -> list[tuple[str, Architecture]]:
    """Everything that is to be trained, with its display name.

    Raises:
        InputError: a genome file or a cell cannot be used.
    """
    cells = _cells(options)
    chains = [(cell_text(cell.describe()), (cell, Genome.lista(options.layers))) for cell in cells]
    genomes = [(path.stem, load_genome(path)) for path in options.genomes]
    given = [
        (f"{name} ({cell_text(cell.describe())})" if cells else name, (cell, genome))
        for name, genome in genomes
        for cell in cells or [Lista()]
    ]
    return [*published_networks(options.layers).items(), *chains, *given]


def trained_files(options: BaselinesOptions, problem: Problem) -> list[Contender]:
    """The networks that come from files; one of a user's own cell needs that cell among the options.

    Raises:
        InputError: a file cannot be used, or is a network for another dictionary.
    """
    own = [cell for cell in _cells(options) if cell.name not in cell_names()]
    contenders = []
    for path in options.networks:
        network = _network(path, own)
        if not (
            network.dictionary.shape == problem.dictionary.shape
            and torch.allclose(network.dictionary, problem.dictionary, rtol=0.0, atol=1e-6)
        ):
            raise InputError(f"A network must be for the problem's dictionary, got another one in {path}.")
        contenders.append(network_contender(path.stem, network, _details(network.cell, network.genome)))
    return contenders


def _cells(options: BaselinesOptions) -> list[Cell]:
    return [create_cell(*named_options(text, "A cell")) for text in options.cells]


def _network(path: Path, own: Sequence[Cell]) -> UnrolledNetwork:
    for cell in own:
        with suppress(InputError):
            return load_network(path, cell)
    return load_network(path)


def evaluators(
    options: BaselinesOptions, problem: Problem, wanted: Mapping[str, Architecture]
) -> dict[Cell, Evaluator]:
    """What trains, a cell.

    Raises:
        InputError: a cell cannot take one of its genomes, or its networks do not fit into the memory.
    """
    found: dict[Cell, Evaluator] = {}
    m, n = problem.dictionary.shape
    for cell, genome in wanted.values():
        cell.check(genome, m, n)
        if cell not in found:
            training = protocol(options.protocol)
            found[cell] = Evaluator(
                problem, training, cell=cell, device=options.device, workers=options.workers
            )
        found[cell].check_memory(genome.layers)
    return found


def train(
    wanted: Mapping[str, Architecture],
    by_cell: Mapping[Cell, Evaluator],
    archive: Archive,
    folder: Path,
    seed: int,
    tell: Callable[[Progress], None],
) -> list[Contender]:
    """Train what is wanted, or take it from an earlier run of the same folder."""
    networks: dict[str, UnrolledNetwork | None] = {}
    for cell, evaluator in by_cell.items():
        evaluator.keep_prefixes(folder / "prefixes")
        evaluator.attach(archive, owner=owner(folder))
        names = [name for name, (its, _) in wanted.items() if its == cell]
        requests = [Request(wanted[name][1], seed=seed) for name in names]
        evaluations = evaluator.evaluate(requests, tell)
        for name, request, evaluation in zip(names, requests, evaluations, strict=True):
            networks[name] = None if evaluation.status == "diverged" else evaluator.network(request)
    return [network_contender(name, networks[name], _details(*wanted[name])) for name in wanted]


def _details(cell: Cell, genome: Genome) -> dict[str, object]:
    return {"cell": cell.describe(), "genome": genome.to_dict()}
