"""Does training compute what it should: its gradient, its descent, its independence of company?"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import numpy as np
import torch

from apps.doctor.finding import REINSTALL, Finding
from apps.doctor.sample import Sample
from builders import build
from builders.autograd_step import AutogradStep
from builders.cells import Cell
from evaluation.evaluator import Evaluator
from evaluation.nmse import nmse
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import DesignSpace, Genome, Request

GRADIENT_TOLERANCE: Final = 1e-4
"""Of the hand-written gradient relative to autograd's. Both are float32 and round differently: about 1e-6,
more where a rounding carries an entry over its threshold."""

FALL_DB: Final = 0.5
"""Least fall of the validation NMSE from stage to stage; 1.7 to 4.2 dB on sound installations."""

GAIN_DB: Final = 3.0
"""Least gain of trained LISTA over ISTA with as many iterations; 9.5 dB on sound installations."""

ACCELERATOR_TOLERANCE_DB: Final = 0.01
"""Between a member of a population and the same network trained alone, where kernels depend on the batch."""

_REPORT: Final = (
    f"do not trust results until this is mended: {REINSTALL}; if it stays, report this line, and use "
    "--device cpu where that passes"
)


def gradient(device: torch.device, cell: Cell) -> Finding:
    """The cell's hand-written training step against autograd, for a population of many kinds of genome."""
    sample = Sample(cell, device)
    by_hand, reference = sample.binding(), sample.binding()
    step = cell.fused_step(by_hand)
    if step is None:
        return Finding("gradient", "ok", f"the cell {cell.name} has no step of its own: autograd is used")
    step.differentiate(sample.b, sample.x)
    AutogradStep(cell, reference).differentiate(sample.b, sample.x)
    difference = (by_hand.gradient - reference.gradient).norm(dim=1) / reference.gradient.norm(dim=1)
    worst = float(difference.max())
    measured = f"{cell.name}'s own is off autograd's by {worst:.1e}, tolerance {GRADIENT_TOLERANCE:g}"
    if worst <= GRADIENT_TOLERANCE:
        return Finding("gradient", "ok", measured)
    return Finding("gradient", "failed", measured, _REPORT)


def learning(device: torch.device, cell: Cell) -> Finding:
    """A short training of a LISTA: its NMSE must fall stage by stage, and end below untrained ISTA's."""
    problem = SparseRecovery(m=32, n=64, train=2048, valid=512, test=1)
    genome = Genome.lista(4)
    trainer = Evaluator(problem, protocol("quick").scaled(0.1), cell=cell, device=str(device))
    (evaluation,) = trainer.evaluate([Request(genome)])
    stages = evaluation.valid_nmse_db
    ista = _untrained_db(problem, genome, device, cell)
    falls = [before - after for before, after in pairwise(stages)]
    listed = ", ".join(f"{stage:.1f}" for stage in stages)
    measured = f"NMSE after each stage {listed} dB; untrained (ISTA) {ista:.1f} dB"
    if all(fall >= FALL_DB for fall in falls) and ista - stages[-1] >= GAIN_DB:
        return Finding("learning", "ok", measured)
    rule = f"it must fall by {FALL_DB:g} dB a stage and end {GAIN_DB:g} dB below ISTA"
    return Finding("learning", "failed", f"{measured}: {rule}", _REPORT)


def _untrained_db(problem: SparseRecovery, genome: Genome, device: torch.device, cell: Cell) -> float:
    split = problem.dataset(0).valid
    with torch.no_grad():
        outputs = build(genome, problem.dictionary, cell=cell).to(device)(split.b.to(device)).cpu()
    errors = (outputs - split.x).double().square().sum(dim=1)
    return nmse(errors[None], split.x.double().square().sum(dim=1)[None]).mean_db[0]


def population(device: torch.device, cell: Cell) -> Finding:
    """Networks trained together against the same ones trained alone: equal to the bit on the CPU."""
    problem = SparseRecovery(m=11, n=23, train=256, valid=64, test=1)
    rng = np.random.default_rng(0)
    genomes = [Genome.lista(4), Genome.dense(4), *(DesignSpace(4).sample(rng) for _ in range(4))]
    requests = [Request(genome, seed=index % 2) for index, genome in enumerate(genomes)]

    def trained(some: list[Request]) -> list[tuple[float, ...]]:
        trainer = Evaluator(problem, protocol("smoke"), cell=cell, device=str(device))
        return [evaluation.valid_nmse_db for evaluation in trainer.evaluate(some)]

    together = trained(requests)
    alone = [stages for request in requests for stages in trained([request])]
    worst = max(
        abs(one - other) if math.isfinite(one + other) else math.inf
        for pair in zip(together, alone, strict=True)
        for one, other in zip(*pair, strict=True)
    )
    allowed = 0.0 if device.type == "cpu" else ACCELERATOR_TOLERANCE_DB
    measured = f"{len(requests)} networks together and alone differ by {worst:.1g} dB, {allowed:g} allowed"
    if worst <= allowed:
        return Finding("population", "ok", measured)
    return Finding("population", "failed", measured, _REPORT)
