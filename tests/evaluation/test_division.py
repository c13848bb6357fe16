"""How many members train as one unit: probed, halved where memory runs out, and without effect on a bit."""

import time
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits
from torch import Tensor

from builders.cells import Cell, Inputs, Lista
from builders.genes import Genes
from builders.injections import injection
from builders.parameters import ParameterSpec
from builders.unroll import network_layout
from evaluation import division
from evaluation.backend import ThreadBackend, one_intra_op_thread
from evaluation.division import Division
from evaluation.evaluator import Evaluator
from evaluation.phase import Member, Trainer
from evaluation.prefix_store import PrefixStore
from evaluation.probe import Crew, probe
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.sizing import DataShape, Sizing
from evaluation.stage import StageState
from evaluation.tables import Tables
from evaluation.trie import TrieWalk
from genome import DesignSpace, InputError, Request

K = 3
PROBLEM = SparseRecovery(m=11, n=23, train=300, valid=70, test=50)
CPU = torch.device("cpu")


class Cramped(Cell):
    """LISTA by autograd, as a user would write it, on a device with room for so many members."""

    name = "cramped"

    def __init__(self, most: int, error: Exception | None = None) -> None:
        self._most = most
        self._error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        self._lista = Lista()
        self.sizes: list[int] = []

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        return self._lista.parameters(dictionary, layers)

    def prepare(self, parameters: Mapping[str, Tensor], b: Tensor) -> Tensor:
        self.sizes.append(b.shape[0])
        if b.shape[0] > self._most:
            raise self._error
        return self._lista.prepare(parameters, b)

    def step(
        self,
        layer: int,
        inputs: Inputs,
        shared: Tensor,
        parameters: Mapping[str, Tensor],
        genes: Genes,
    ) -> Tensor:
        return self._lista.step(layer, inputs, shared, parameters, genes)


def requests(count: int = 11) -> list[Request]:
    rng = np.random.default_rng(3)
    return [Request(DesignSpace(K).sample(rng), seed=place % 2) for place in range(count)]


def members(count: int = 11) -> list[Member]:
    return [Member(request.genome, request.seed, request.draw) for request in requests(count)]


def stages(cell: Cell) -> list[tuple[float, ...]]:
    evaluator = Evaluator(PROBLEM, protocol("smoke"), cell=cell, device="cpu", workers=1)
    return [evaluation.valid_nmse_db for evaluation in evaluator.evaluate(requests())]


def trainer(problem: SparseRecovery = PROBLEM, layers: int = K) -> Trainer:
    combination = injection("sum")
    layout = network_layout(Lista(), combination, problem.dictionary, layers)
    tables = Tables(problem, CPU)
    return Trainer(Lista(), combination, layout, protocol("smoke"), tables, CPU, lambda: False)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["cuda", "cpu", "python"],
)
def test_out_of_memory_halves_the_unit_and_changes_no_bit(error: Exception) -> None:
    cramped, roomy = Cramped(3, error), Cramped(99)
    assert stages(cramped) == stages(roomy)
    assert max(roomy.sizes) > 3
    assert max(size for size in cramped.sizes if size <= 3) > 1


def test_what_really_cannot_be_allocated_is_recognised() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**50)
    cramped = Cramped(3, error.value)
    assert stages(cramped) == stages(Cramped(99))


def test_out_of_memory_with_one_network_is_refused() -> None:
    with pytest.raises(InputError, match="out of memory on cpu at layer 1 of 3 with one network at a time"):
        stages(Cramped(0))


def test_any_other_error_passes() -> None:
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        stages(Cramped(0, RuntimeError("mat1 and mat2 shapes cannot be multiplied")))


def walked(unit: int, workers: int) -> dict[Member, StageState]:
    shared = trainer()
    walk = TrieWalk(shared, ThreadBackend(), PrefixStore(10**6), lambda _: Crew(unit, workers))
    return dict(walk.run(members(), lambda _: None))


@pytest.mark.parametrize(("unit", "workers"), [(1, 1), (2, 2), (3, 1), (4, 3), (7, 2)])
def test_any_unit_and_any_number_of_workers_give_the_same_bits(unit: int, workers: int) -> None:
    reference, other = walked(99, 1), walked(unit, workers)
    for member, state in reference.items():
        assert torch.equal(other[member].row, state.row)
        assert other[member].valid_nmse_db == state.valid_nmse_db


def test_the_probe_keeps_to_what_fits_and_to_its_time() -> None:
    shared = trainer(SparseRecovery(m=25, n=50, train=2048, valid=10, test=10), layers=8)
    rng = np.random.default_rng(0)
    eight = [Member(DesignSpace(8).sample(rng), 0, place % 2) for place in range(8)]
    probe(shared, eight, {1: 2}, seconds=9.0)  # Whatever is loaded or drawn on first use.
    start = time.perf_counter()
    crew = probe(shared, eight, {2: 6, 1: 12}, seconds=9.0)
    assert time.perf_counter() - start < 2.0
    assert crew.unit <= {2: 6, 1: 12}[crew.workers]
    assert probe(shared, eight, {2: 1}, seconds=9.0) == Crew(1, 2)
    start = time.perf_counter()
    assert probe(shared, eight, {2: 6, 1: 12}, seconds=0.0) == Crew(2, 2)
    assert time.perf_counter() - start < 0.5


def test_the_probe_runs_once_and_only_for_enough_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Mapping[int, int]] = []

    def count(_: Trainer, __: object, largest: Mapping[int, int], seconds: float) -> Crew:
        assert seconds >= 0.03 * 20
        asked.append(largest)
        return Crew(2, min(largest))

    monkeypatch.setattr(division, "probe", count)
    shared = trainer()
    sizes = Sizing(shared, DataShape.of(shared.tables), 2**30)
    (walk,) = sizes.walks(members())
    chosen = Division(None)
    small, large = dict.fromkeys((1, 2), members()), {1: members() * 100_000}
    first = chosen.choose(shared, sizes, walk, small)
    assert first.unit >= len(members())
    assert asked == []
    assert chosen.choose(shared, sizes, walk, large) == Crew(2, 1)
    assert chosen.choose(shared, sizes, walk, small) == Crew(2, 1)
    assert len(asked) == 1
    assert 1 in asked[0]
    explicit = Division(3)
    assert explicit.choose(shared, sizes, walk, large) == Crew(2, 3)
    assert list(asked[1]) == [3]


def test_blas_keeps_to_one_thread_until_the_last_evaluator_is_done() -> None:
    def threads() -> set[int]:
        return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}

    with one_intra_op_thread():
        pass  # Loads BLAS.
    with threadpool_limits(2, user_api="blas"):
        first, second = one_intra_op_thread(), one_intra_op_thread()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert threads() == {1}
        second.__exit__(None, None, None)
        assert threads() == {2}
