"""Cells that are not trained by stages: their numbers are searched, and all else is as for other cells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from builders.cells import Cell, Inputs, Lista
from builders.cells.hyperlista import HyperLista
from builders.genes import Genes
from builders.parameters import ParameterSpec
from builders.ranges import Range
from evaluation.archive import Archive
from evaluation.backend import ThreadBackend, one_intra_op_thread
from evaluation.evaluator import Evaluator
from evaluation.nmse import RESOLUTION
from evaluation.phase import CancelledError, Member
from evaluation.probe import Crew
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.stage import StageState
from evaluation.tuning import Tuner, Tuning, layer_scores
from genome import Genome, InputError, Request

K = 6
PROBLEM = SparseRecovery(m=15, n=30, train=200, valid=150, test=120)
START = Tuning(first=1, rounds=0)
SMALL = Tuning(samples=96, first=24, rounds=3, each=10, best=5)
SMOKE = protocol("smoke")


@dataclass(frozen=True)
class Mix(Cell):
    """``mixture[0] D^T b + mixture[1] (D^T b)^3``: a score that is easy to compute."""

    name: ClassVar[str] = "mix"
    trained_by_stages: ClassVar[bool] = False

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        return {"D": dictionary}

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        del dictionary, layers
        return (ParameterSpec("mixture", torch.tensor([0.9, 2.0]), introduced=1),)

    def ranges(self) -> Mapping[str, Range]:
        return {"mixture": Range(-4.0, 4.0)}

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> tuple[Tensor, Tensor]:
        matched = torch.bmm(b, values["D"].expand(b.shape[0], -1, -1))
        return matched, matched**3

    def step(
        self, layer: int, inputs: Inputs, shared: Any, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        del layer, inputs, genes
        first, second = (values["mixture"][:, i, None, None] for i in range(2))
        mixed: Tensor = first * shared[0] + second * shared[1]
        return mixed


def evaluator(cell: Cell | None = None, workers: int = 1, tuning: Tuning = SMALL) -> Evaluator:
    return Evaluator(PROBLEM, SMOKE, cell=cell or HyperLista(), device="cpu", workers=workers, tuning=tuning)


def tuned(unit: int, workers: int) -> StageState:
    backend = ThreadBackend()
    trainer = evaluator()._trainer(K, backend.cancelled)
    with one_intra_op_thread():
        tuner = Tuner(trainer, SMALL, backend, Crew(unit, workers))
        ((_, state),) = tuner.run([Member(Genome.lista(K), 0, 0)], lambda _: None)
    return state


def test_candidates_are_scored_alike_however_they_are_divided() -> None:
    alone = tuned(unit=1, workers=1)
    for unit, workers in ((3, 1), (8, 2), (2, 3)):
        state = tuned(unit, workers)
        assert torch.equal(state.row, alone.row)
        assert state.valid_nmse_db == alone.valid_nmse_db
        assert state.valid_ratio_db == alone.valid_ratio_db


def test_networks_are_tuned_alike_in_any_company_and_order() -> None:
    requests = [Request(Genome.lista(k), seed=s, draw=d) for k, s, d in ((K, 0, 0), (K, 1, 0), (3, 0, 2))]
    together = evaluator(workers=2).evaluate(requests)
    assert len({evaluation.score for evaluation in together}) == 3
    for request, before in zip(requests[::-1], together[::-1], strict=True):
        (alone,) = evaluator().evaluate([request])
        assert replace(alone, seconds=0.0) == replace(before, seconds=0.0)


def test_the_search_finds_the_best_of_a_grid() -> None:
    tuning = Tuning(samples=200, first=64, rounds=8, each=24)
    network = evaluator(Mix(), tuning=tuning).network(Request(Genome.lista(1)))
    train = PROBLEM.dataset(0).train
    matched = (train.b @ PROBLEM.dictionary).double()

    def score(mixture: tuple[float, float]) -> float:
        errors = (mixture[0] * matched + mixture[1] * matched**3 - train.x).square().sum(1)
        return float(10 * torch.log10(errors / train.x.double().square().sum(1)).mean())

    steps = np.linspace(-4.0, 4.0, 161)
    best = min(score((first, second)) for first in steps for second in steps[75:86])
    first, second = network.get_parameter("mixture").tolist()
    assert score((first, second)) <= best + 1e-3


def test_tuning_improves_on_the_start() -> None:
    request = Request(Genome.lista(K))
    start, found = (evaluator(tuning=tuning).evaluate([request])[0].score for tuning in (START, SMALL))
    assert found < start - 3


def test_the_first_candidate_is_the_cells_start() -> None:
    network = evaluator(Mix(), tuning=START).network(Request(Genome.lista(1)))
    torch.testing.assert_close(network.get_parameter("mixture"), torch.tensor([0.9, 2.0]))


def test_scores_are_those_of_the_tuned_network_after_each_layer() -> None:
    ours, request = evaluator(), Request(Genome.lista(K), test=True)
    (evaluation,) = ours.evaluate([request])
    assert evaluation.test_nmse_db is not None
    network, data = ours.network(request), PROBLEM.dataset(0)
    for split, found in ((data.valid, evaluation.valid_nmse_db), (data.test, (evaluation.test_nmse_db,))):
        with torch.no_grad():
            errors = (network.layer_outputs(split.b) - split.x).double().square().sum(2)
        relative = (errors / split.x.double().square().sum(1)).clamp_min(RESOLUTION)
        expected = 10 * torch.log10(relative).mean(1)
        np.testing.assert_allclose(found, expected[-len(found) :], rtol=0, atol=0.02)
    assert len(evaluation.valid_nmse_db) == len(evaluation.valid_ratio_db) == K


def test_the_archive_keeps_tuned_networks(tmp_path: Path) -> None:
    request = Request(Genome.lista(K))
    found = []
    with Archive.open(tmp_path / "archive.db") as archive:
        for owner in ("first", "second"):
            ours = evaluator()
            ours.attach(archive, owner)
            found += ours.evaluate([request])
            assert ours.reuse.stages_trained == (K if owner == "first" else 0)
    assert found[0] == found[1]


def test_tuned_networks_are_kept_where_prefixes_are(tmp_path: Path) -> None:
    ours, request = evaluator(), Request(Genome.lista(K))
    ours.keep_prefixes(tmp_path)
    (evaluation,) = ours.evaluate([request])
    first = ours.network(request)
    assert ours.reuse.stages_trained == K
    later = evaluator()
    later.keep_prefixes(tmp_path)
    assert later.evaluate([request]) == [evaluation]
    assert later.reuse.stages_trained == 0
    for name in ("c1", "c2", "c3"):
        assert torch.equal(later.network(request).get_parameter(name), first.get_parameter(name))


def test_only_settings_of_tuned_cells_tell_the_tuning() -> None:
    assert evaluator().settings()["tuning"] == SMALL.to_dict()
    assert evaluator().setting != evaluator(tuning=START).setting
    plain = Evaluator(PROBLEM, SMOKE, device="cpu")
    assert "tuning" not in plain.settings()
    assert plain.setting == evaluator(Lista()).setting


def test_progress_grows_to_one() -> None:
    shares: list[float] = []
    requests = [Request(Genome.lista(K), seed=seed) for seed in range(2)]
    evaluator().evaluate(requests, lambda progress: shares.append(progress.done))
    assert shares == pytest.approx(np.arange(1, 9) / 8)


def test_a_network_that_diverges_is_told_from_there_on() -> None:
    trainer = evaluator()._trainer(3, lambda: False)
    row = trainer.layout.initial()[None].clone()
    trainer.layout.views(row)["c2"].fill_(1e38)
    scores = layer_scores(trainer, Genome.lista(3), row, trainer.tables.split(0, "valid"))
    assert [score.mean_db[0] == float("inf") for score in scores] == [False, True, True]


def test_a_cancelled_search_ends() -> None:
    trainer = evaluator()._trainer(K, lambda: True)
    rows = trainer.layout.initial()[None]
    with pytest.raises(CancelledError, match=r"^$"):
        layer_scores(trainer, Genome.lista(K), rows, trainer.tables.split(0, "valid"))


def test_some_stages_are_refused() -> None:
    with pytest.raises(InputError, match=r"'hyperlista' is not trained by stages, .* for 2 stages of 6"):
        evaluator().evaluate([Request(Genome.lista(K), stages=2)])


def test_a_cell_without_ranges_is_refused() -> None:
    class Silent(Mix):
        def ranges(self) -> Mapping[str, Range]:
            return Cell.ranges(self)

    with pytest.raises(InputError, match="is not trained by stages and must define ranges"):
        evaluator(Silent()).evaluate([Request(Genome.lista(1))])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"samples": 0}, "samples must be at least 1, got 0"),
        ({"rounds": -1}, "rounds must be at least 0, got -1"),
        ({"spread": 0.0}, "spread must be positive and finite, got 0.0"),
        ({"first": 4}, "best must be in 2..4, got 8"),
        ({"best": 1}, "best must be in 2..96, got 1"),
    ],
)
def test_impossible_budgets_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Tuning(**values)
