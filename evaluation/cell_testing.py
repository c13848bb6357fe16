"""What training does with every cell that is trained by stages: a public conformance suite for pytest.

Derive a test class and give it one fixture, ``cell``, as for ``builders.testing``::

    class TestMyCellTrains(CellTrainingConformance):
        @pytest.fixture
        def cell(self) -> Cell:
            return MyCell()
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from builders import UnrolledNetwork, build
from builders.cells import Cell
from builders.testing_cases import K, M, N, genomes
from evaluation.evaluator import Evaluator
from evaluation.problems.dataset import Split
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import Evaluation, Genome, Request

PROBLEM = SparseRecovery(m=M, n=N, train=300, valid=70, test=50)


def evaluator(cell: Cell, workers: int = 1) -> Evaluator:
    """One that trains for some hundred steps, on the CPU."""
    return Evaluator(PROBLEM, protocol("smoke"), cell=cell, device="cpu", workers=workers)


def bits(evaluation: Evaluation) -> tuple[Any, ...]:
    """Everything of an evaluation but the time it took."""
    return (evaluation.request, evaluation.status, evaluation.valid_nmse_db, evaluation.test_nmse_db)


def nmse(network: UnrolledNetwork, split: Split) -> float:
    """Mean of the NMSE of the samples, in dB."""
    with torch.no_grad():
        errors = (network(split.b) - split.x).square().sum(dim=1).double()
    energies = split.x.square().sum(dim=1).double()
    return PROBLEM.metric.scores(errors[None], energies[None], None).mean_db[0]


class CellTrainingConformance:
    """Tests of what the evaluator promises of a cell; derive from it and define the fixture ``cell``."""

    @pytest.fixture
    def cell(self) -> Cell:
        """Return the cell that is tested."""
        raise NotImplementedError("Define the fixture ``cell`` in your test class: () -> Cell.")

    @pytest.fixture
    def requests(self, cell: Cell) -> Sequence[Request]:
        """Genomes of every kind that the cell takes, with several seeds and draws."""
        assert cell.trained_by_stages, "this suite is for cells that are trained by stages"
        taken = genomes(cell)
        return [
            Request(genome, seed=place % 2, draw=place % 3 // 2, test=place == 0)
            for place, genome in enumerate(taken)
        ]

    def test_training_helps(self, cell: Cell) -> None:
        """With LISTA's genome the trained network is better than untrained and than its first layer."""
        genome = Genome.lista(K)
        (trained,) = evaluator(cell).evaluate([Request(genome)])
        untrained = nmse(build(genome, PROBLEM.dictionary, cell=cell), PROBLEM.dataset(0).valid)
        assert trained.score < untrained, f"{trained.score:.2f} dB trained, {untrained:.2f} dB untrained"
        assert trained.score < trained.valid_nmse_db[0], "more layers must help"

    def test_alone_is_as_in_a_population(self, cell: Cell, requests: Sequence[Request]) -> None:
        """In any order, with any number of workers, bit for bit."""
        together = evaluator(cell).evaluate(requests)
        turned = evaluator(cell, workers=2).evaluate(requests[::-1])
        assert [bits(each) for each in turned[::-1]] == [bits(each) for each in together]
        for place in (0, len(requests) - 1):
            (alone,) = evaluator(cell).evaluate([requests[place]])
            assert bits(alone) == bits(together[place]), f"{requests[place].genome} differs alone"

    def test_prefixes_are_reused_exactly(self, cell: Cell, requests: Sequence[Request]) -> None:
        """A network that shares its first layers with an earlier one is the same as from scratch."""
        parent = requests[0].genome
        relatives = {_with_last_layer(parent, request.genome) for request in requests} - {parent}
        for relative in sorted(relatives, key=lambda genome: genome.digest)[:2]:
            reusing = evaluator(cell)
            reusing.evaluate([Request(parent)])
            before = reusing.reuse.stages_trained
            (kept,) = reusing.evaluate([Request(relative)])
            assert reusing.reuse.stages_trained - before == 1, "only the last layer is new"
            (fresh,) = evaluator(cell).evaluate([Request(relative)])
            assert bits(kept) == bits(fresh)

    def test_the_trained_network_is_the_one_that_was_scored(
        self, cell: Cell, requests: Sequence[Request]
    ) -> None:
        """The network that is handed out has the test NMSE of the evaluation."""
        evaluating = evaluator(cell)
        (scored,) = evaluating.evaluate([replace(requests[0], test=True)])
        network = evaluating.network(requests[0])
        expected = nmse(network, PROBLEM.dataset(requests[0].draw).test)
        assert scored.test_nmse_db == pytest.approx(expected, abs=1e-3)


def _with_last_layer(genome: Genome, other: Genome) -> Genome:
    parts = ("gates", "neurons", "side", "weights", "thresholds")
    return replace(
        genome, **{part: (*getattr(genome, part)[:-1], getattr(other, part)[-1]) for part in parts}
    )
