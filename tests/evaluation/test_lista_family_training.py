"""The cells of the LISTA family train by stages, each member as if it were alone."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from builders.cells import Cell, create_cell
from builders.injections import Form
from evaluation.evaluator import Evaluator
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import DesignSpace, Evaluation, Genome, Request
from genome.neurons import ALL_NEURONS
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS

K = 4
PROBLEM = SparseRecovery(m=11, n=23, train=320, valid=70, test=50)
LONGER = protocol("quick").scaled(0.05)

CELLS: dict[str, Cell] = {
    "lista untied": create_cell("lista", {"tied": False}),
    "lista_cp": create_cell("lista_cp"),
    "lista_cp tied": create_cell("lista_cp", {"tied": True}),
    "alista": create_cell("alista"),
    "step_lista": create_cell("step_lista", {"l1": 0.1}),
    "hybrid": create_cell("hybrid"),
}
each_cell = pytest.mark.parametrize("name", CELLS)


def evaluate(cell: Cell, genomes: Sequence[Genome], form: Form = "sum") -> list[Evaluation]:
    evaluator = Evaluator(PROBLEM, protocol("smoke").with_form(form), cell=cell, device="cpu", workers=1)
    return evaluator.evaluate([Request(genome, test=True) for genome in genomes])


def random_genome(name: str, seed: int) -> Genome:
    rng = np.random.default_rng(seed)

    def draw(names: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(names[i] for i in rng.integers(len(names), size=K))

    genome = replace(DesignSpace(K, search_side=True).sample(rng), neurons=draw(ALL_NEURONS))
    return replace(genome, weights=draw(WEIGHTS), thresholds=draw(THRESHOLDS)) if name == "hybrid" else genome


@each_cell
def test_training_improves_from_stage_to_stage(name: str) -> None:
    genomes = [Genome.lista(K), Genome.lfista(K)]
    if name == "hybrid":
        mixed: Any = ("free", "coupled", "analytic", "free")
        analytic: Any = {"weights": ("analytic",) * K, "thresholds": ("adaptive",) * K}
        genomes += [replace(Genome.lista(K), weights=mixed), replace(Genome.lista(K), **analytic)]
    evaluator = Evaluator(PROBLEM, replace(LONGER, batch=32), cell=CELLS[name], device="cpu", workers=1)
    for evaluation in evaluator.evaluate([Request(genome) for genome in genomes]):
        stages = evaluation.valid_nmse_db
        assert evaluation.status == "complete"
        assert list(stages) == sorted(stages, reverse=True), stages
        assert stages[-1] < stages[0] - 0.5


@pytest.mark.parametrize("form", ["sum", "momentum"])
@each_cell
def test_a_member_is_the_same_to_the_bit_alone_and_in_a_population(name: str, form: Form) -> None:
    genomes = [random_genome(name, seed) for seed in range(5)]
    together = evaluate(CELLS[name], genomes, form)
    for genome, member in zip(genomes, together, strict=True):
        (alone,) = evaluate(CELLS[name], [genome], form)
        assert alone.status == member.status == "complete"
        assert alone.valid_nmse_db == member.valid_nmse_db
        assert alone.test_nmse_db == member.test_nmse_db
