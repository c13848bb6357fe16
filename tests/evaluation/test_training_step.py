"""A training step, recorded or not, is gather, gradient, scaling, Adam; padding changes no member's bits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import product
from typing import Any, final

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from builders.autograd_step import AutogradStep
from builders.cells import Lista
from builders.cells.lista_step import ListaStep
from builders.genes import Genes
from builders.injections import injection
from builders.step import Binding, PopulationStep
from builders.unroll import network_layout
from evaluation.adam import Adam
from evaluation.buckets import bucket, seats
from evaluation.compiled_adam import CompiledAdam
from evaluation.cuda_graph import Recorder, recorder
from evaluation.evaluator import Evaluator
from evaluation.order import batch_order
from evaluation.phase import CancelledError, Member, Trainer, run_phase
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Protocol, protocol
from evaluation.stage import StageState, train_stage
from evaluation.tables import Batches, Tables
from evaluation.training_step import TrainingStep
from genome import DesignSpace, Request

CPU = torch.device("cpu")
K, BATCH = 4, 32
PROBLEM = SparseRecovery(m=9, n=17, train=200, valid=60, test=20)
SMOKE = replace(protocol("smoke"), batch=BATCH)
RATE = 0.01


class Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Keeps every operation with the very tensors and numbers that it was given."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.calls: list[tuple[Any, Any, Any, Any]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        del types
        result = func(*args, **(kwargs or {}))
        # Without the graph of autograd, whose backward pass is on the tape.
        self.calls.append(tree_map_only(Tensor, Tensor.detach, (func, args, kwargs or {}, result)))
        return result

    @torch.no_grad()
    def play(self) -> None:
        """Do it again, into the tensors that came out at the recording."""
        for func, args, kwargs, result in self.calls:
            again = func(*args, **kwargs)
            if isinstance(result, Tensor) and again.data_ptr() != result.data_ptr():
                result.copy_(again)


@final
class TapeRecorder(Recorder):
    """A graph on the CPU: a replay runs no Python of ours, so that it sees nothing that is not a tensor."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.tapes: list[Tape] = []

    def warm_up(self, function: Callable[[], None]) -> None:
        self.events.append("warm up")
        for _ in range(3):
            function()

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        self.events.append("record")
        self.tapes.append(Tape())
        with self.tapes[-1]:
            function()
        return self._replay

    def _replay(self) -> None:
        self.events.append("replay")
        self.tapes[-1].play()


@final
class NoRecorder(Recorder):
    """Runs the same tensor operations as a recording holds, one by one."""

    def warm_up(self, function: Callable[[], None]) -> None:
        """Not needed."""

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        return function


class Bench:
    """Everything that a step of one depth works on."""

    def __init__(self, count: int, depth: int, lowest: int, kind: str, device: torch.device = CPU) -> None:
        rng = np.random.default_rng(5)
        space = DesignSpace(K, search_side=True)
        genomes = [space.sample(rng).prefix(depth) for _ in range(count)]
        combination, n = injection("sum"), PROBLEM.n
        layout = network_layout(Lista(), combination, PROBLEM.dictionary, K)
        genes = Genes.of(genomes, device)
        weights = torch.nn.functional.pad(combination.weights(genes.gates), (0, K - depth, 0, K - depth))
        noise = torch.randn(count, layout.size, generator=torch.Generator().manual_seed(1))
        self.rows = (layout.initial() + 0.01 * noise).to(device)
        self.gradient = torch.zeros_like(self.rows)
        rows, gradient = self.rows, self.gradient
        binding = Binding(layout, combination, n, genes, weights, rows, gradient, depth, lowest, True)
        self.step: PopulationStep = ListaStep(binding) if kind == "fused" else AutogradStep(Lista(), binding)
        self.batches = Batches(Tables(PROBLEM, device), [0] * (count - 1) + [1], "train")
        trained = layout.introduced() >= lowest
        self.scale = torch.where(trained, 0.3, 0.0).to(device)
        order = [batch_order(PROBLEM.train, BATCH, (member, depth)) for member in range(count)]
        self.order = torch.stack(order).to(device)

    def training_step(self, using: Recorder | None) -> TrainingStep:
        adam = Adam(self.rows, self.gradient, self.scale, SMOKE, RATE)
        return TrainingStep(self.step, self.batches, adam, batch=BATCH, recorder=using)

    def train(self, using: Recorder | None, epochs: int = 2) -> Tensor:
        step = self.training_step(using)
        for _, rows in product(range(epochs), self.order.unbind(dim=1)):
            step(rows)
        return self.rows.clone()

    def train_in_plain_python(self, epochs: int = 2) -> Tensor:
        """The same with the step number on the host, Kingma and Ba's Algorithm 1 line by line."""
        mean, square = torch.zeros_like(self.rows), torch.zeros_like(self.rows)
        batches = (rows for _, rows in product(range(epochs), self.order.unbind(dim=1)))
        for t, rows in enumerate(batches, start=1):
            self.step.differentiate(*self.batches.take(rows))
            self.gradient.mul_(self.scale)
            mean.lerp_(self.gradient, 1 - SMOKE.beta1)
            square.mul_(SMOKE.beta2).addcmul_(self.gradient, self.gradient, value=1 - SMOKE.beta2)
            scale = square.sqrt().div_((1 - SMOKE.beta2**t) ** 0.5).add_(SMOKE.epsilon)
            self.rows.addcdiv_(mean, scale, value=-RATE / (1 - SMOKE.beta1**t))
        return self.rows.clone()


CASES = [(count, depth, lowest) for count in (1, 5) for depth, lowest in ((1, 1), (3, 1), (3, 3))]


@pytest.mark.parametrize(("count", "depth", "lowest"), CASES)
@pytest.mark.parametrize("kind", ["fused", "autograd"])
def test_a_step_is_the_plain_loop_bit_for_bit(count: int, depth: int, lowest: int, kind: str) -> None:
    expected = Bench(count, depth, lowest, kind).train_in_plain_python()
    assert torch.isfinite(expected).all()
    assert torch.equal(Bench(count, depth, lowest, kind).train(None), expected)


@pytest.mark.parametrize(("count", "depth", "lowest"), CASES)
@pytest.mark.parametrize("kind", ["fused", "autograd"])
def test_a_recorded_step_is_the_eager_one_bit_for_bit(count: int, depth: int, lowest: int, kind: str) -> None:
    tapes = TapeRecorder()
    recorded = Bench(count, depth, lowest, kind).train(tapes)
    assert torch.equal(recorded, Bench(count, depth, lowest, kind).train(None))
    assert tapes.events == ["warm up", "record"] + ["replay"] * 12


@pytest.mark.parametrize("kind", ["fused", "autograd"])
def test_nothing_recorded_needs_the_host(kind: str) -> None:
    tapes = TapeRecorder()
    Bench(3, 3, 1, kind).train(tapes)
    names = {str(func) for func, *_ in tapes.tapes[0].calls}
    assert len(names) > 10
    fetches = ("_local_scalar_dense", "nonzero", "_to_copy", "masked_select", "is_nonzero", "lift_fresh")
    assert not [name for name in names if any(fetch in name for fetch in fetches)]


def test_the_step_does_not_take_batches_by_reference() -> None:
    bench = Bench(2, 2, 1, "fused")
    expected = Bench(2, 2, 1, "fused").train(None, epochs=1)
    step, passed = bench.training_step(TapeRecorder()), torch.empty(2, BATCH, dtype=torch.int64)
    for rows in bench.order.unbind(dim=1):
        step(passed.copy_(rows))
        passed.zero_()
    assert torch.equal(bench.rows, expected)


@pytest.mark.parametrize("kind", [Adam, CompiledAdam])
def test_adam_is_right_for_every_later_step_once_its_corrections_have_settled(kind: type[Adam]) -> None:
    rows, gradient = torch.zeros(1, 16), torch.zeros(1, 16)
    adam = kind(rows, gradient, torch.ones(16), replace(SMOKE, beta1=0.5, beta2=0.75), RATE)
    for t in range(1, 400):
        gradient.fill_(1.0)
        before = rows.clone()
        adam.step()
        moved = (before - rows).double()
        torch.testing.assert_close(moved, torch.full_like(moved, RATE), rtol=1e-3, atol=0), t


@pytest.mark.parametrize(
    ("members", "size"), [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (17, 32), (64, 64), (65, 128)]
)
def test_buckets_are_powers_of_two_filled_with_the_last_member(members: int, size: int) -> None:
    assert bucket(members) == size
    assert seats(members, padded=False) == list(range(members))
    assert seats(members, padded=True) == [*range(members), *[members - 1] * (size - members)]


def trainer(training: Protocol, *, padded: bool, using: Recorder | None = None) -> Trainer:
    combination = injection(training.form)
    layout = network_layout(Lista(), combination, PROBLEM.dictionary, K)
    tables = Tables(PROBLEM, CPU)
    return Trainer(
        Lista(), combination, layout, training, tables, CPU, lambda: False, recorder=using, padded=padded
    )


def members(count: int) -> list[Member]:
    rng = np.random.default_rng(3)
    space = DesignSpace(2, search_side=True)
    return [Member(space.sample(rng), seed, int(seed >= count - 2)) for seed in range(count)]


def stages(shared: Trainer, count: int) -> list[tuple[list[float], tuple[float, ...], tuple[float, ...]]]:
    root = StageState(shared.layout.initial())
    states = train_stage(shared, members(count), [root] * count)
    return [(state.row.tolist(), state.valid_nmse_db, state.valid_ratio_db) for state in states]


@pytest.mark.parametrize("count", [1, 3, 5])
def test_padding_changes_no_bit(count: int) -> None:
    padded = stages(trainer(SMOKE, padded=True), count)
    assert len(padded) == count
    assert padded == stages(trainer(SMOKE, padded=False), count)


def test_padding_and_recording_change_no_bit_where_members_leave_early() -> None:
    patient = replace(protocol("paper"), batch=BATCH, learning_rate=0.02, patience=2)
    tapes = TapeRecorder()
    eager = stages(trainer(patient, padded=False, using=NoRecorder()), 5)
    assert stages(trainer(patient, padded=True, using=tapes), 5) == eager
    # Each phase records once, and again whenever some have left.
    assert tapes.events.count("record") > len(patient.phases)


def test_a_recorded_phase_ends_when_it_is_cancelled() -> None:
    asked: Iterator[bool] = iter([False] * 3 + [True])
    tapes = TapeRecorder()
    shared = replace(trainer(SMOKE, padded=True, using=tapes), cancelled=lambda: next(asked))
    with pytest.raises(CancelledError, match=r"^$"):
        run_phase(shared, members(2), shared.layout.initial().repeat(2, 1), 2, 0)
    assert tapes.events.count("replay") == 3


def test_only_cuda_records() -> None:
    assert recorder(CPU) is None
    assert recorder(torch.device("cuda")) is not None


on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
CUDA = torch.device("cuda")


@contextmanager
def no_synchronisation() -> Iterator[None]:
    """Whatever would make the host wait for the device is an error."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@on_cuda
@pytest.mark.parametrize(("count", "depth", "lowest"), CASES)
@pytest.mark.parametrize("kind", ["fused", "autograd"])
def test_a_cuda_graph_is_the_eager_step(count: int, depth: int, lowest: int, kind: str) -> None:
    """To float32 rounding: a library may choose another kernel in a capture."""
    expected = Bench(count, depth, lowest, kind, CUDA).train(None)
    replayed = Bench(count, depth, lowest, kind, CUDA).train(recorder(CUDA))
    torch.testing.assert_close(replayed, expected, rtol=1e-4, atol=1e-5)
    on_cpu = Bench(count, depth, lowest, kind).train(None)
    torch.testing.assert_close(replayed.cpu(), on_cpu, rtol=1e-3, atol=1e-4)


@on_cuda
@pytest.mark.filterwarnings("ignore:Synchronization debug mode is a prototype")
def test_on_cuda_replays_do_not_wait_for_the_device() -> None:
    bench = Bench(5, 3, 1, "fused", CUDA)
    step = bench.training_step(recorder(CUDA))
    step(bench.order[:, 0])
    with no_synchronisation():
        for rows in bench.order.unbind(dim=1):
            step(rows)


@on_cuda
def test_on_cuda_a_member_is_the_network_trained_alone_to_a_hundredth_of_a_db() -> None:
    rng = np.random.default_rng(2)
    requests = [Request(DesignSpace(3).sample(rng), seed=seed) for seed in range(5)]
    scores = [e.score for e in Evaluator(PROBLEM, SMOKE, device="cuda").evaluate(requests)]
    alone = [Evaluator(PROBLEM, SMOKE, device="cuda").evaluate([request])[0].score for request in requests]
    assert scores == pytest.approx(alone, abs=0.01)
    on_cpu = [e.score for e in Evaluator(PROBLEM, SMOKE, device="cpu").evaluate(requests)]
    assert scores == pytest.approx(on_cpu, abs=0.01)
