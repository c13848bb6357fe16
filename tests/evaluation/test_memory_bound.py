"""The stated bound on memory holds, is refused where nothing fits, and changes no bit of a result."""

import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from builders.autograd_step import bind_step, step_floats
from builders.cells import Cell, Lista, create_cell
from builders.genes import Genes
from builders.injections import injection
from builders.step import Binding
from builders.step_shape import StepShape
from builders.unroll import network_layout
from evaluation.evaluator import Evaluator
from evaluation.memory import _group_room, available_memory, default_memory
from evaluation.phase import Member, Trainer
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Protocol, protocol
from evaluation.sizing import DataShape, Sizing
from evaluation.tables import Tables
from genome import DesignSpace, Genome, InputError, Request

MIB = 2**20
K = 4
PROBLEM = SparseRecovery(m=11, n=23, train=300, valid=70, test=50)

_TRAINING = """
import sys
from dataclasses import replace
import numpy as np
from evaluation.evaluator import Evaluator
from evaluation.protocol import protocol
from evaluation.problems.sparse_recovery import SparseRecovery
from genome import DesignSpace, Request

def peak():
    # Not getrusage: its peak is that of the process that started this one, where that was larger.
    with open("/proc/self/status") as status:
        (kib,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    return int(kib) / 1024

rng = np.random.default_rng(0)
requests = [Request(DesignSpace(6).sample(rng), seed=i % 3, draw=i % 2, test=True) for i in range(150)]
small = SparseRecovery(m=10, n=20, train=100, valid=20, test=20)
Evaluator(small, protocol("smoke"), device="cpu", workers=2).evaluate(requests[:2])
before = peak()
training = replace(protocol("smoke").scaled(0.1), batch=512)
problem = SparseRecovery(m=50, n=100, train=1024, valid=600, test=600)
memory = int(sys.argv[1]) * 2**20 or None
Evaluator(problem, training, device="cpu", workers=2, memory=memory).evaluate(requests)
print(peak() - before)
"""


def growth(memory_mib: int) -> float:
    """MiB that training 150 networks adds to a process."""
    command = [sys.executable, "-c", _TRAINING, str(memory_mib)]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=120, text=True)
    return float(done.stdout)


def sizing(memory: int, device: str = "cpu", training: Protocol | None = None, layers: int = K) -> Sizing:
    combination, place = injection("sum"), torch.device(device)
    layout = network_layout(Lista(), combination, PROBLEM.dictionary, layers)
    tables = Tables(PROBLEM, torch.device("cpu"))
    training = training or protocol("smoke")
    trainer = Trainer(Lista(), combination, layout, training, tables, place, lambda: False)
    return Sizing(trainer, DataShape.of(tables), memory)


def members(count: int, draws: int = 1) -> list[Member]:
    rng = np.random.default_rng(0)
    return [Member(DesignSpace(K).sample(rng), 0, place % draws) for place in range(count)]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc to measure memory")
def test_a_process_that_trains_grows_by_less_than_the_bound_and_by_more_without_one() -> None:
    bound = 140
    assert growth(bound) < bound < growth(0)


@pytest.mark.parametrize(("depth", "lowest", "batch"), [(1, 1, 7), (4, 1, 32), (4, 4, 5), (6, 1, 8)])
@pytest.mark.parametrize(
    ("cell", "in_tensor_operations"),
    [
        (Lista(), True),
        (Lista(), False),
        *((create_cell(name), False) for name in ("lista_cp", "alista", "step_lista", "hybrid")),
        (create_cell("lista", {"tied": False}), False),
        (create_cell("lista_cp", {"tied": True}), False),
    ],
    ids=str,
)
def test_the_fused_step_allocates_what_it_says(
    depth: int, lowest: int, batch: int, cell: Cell, in_tensor_operations: bool
) -> None:
    m, n, layers, population = 11, 23, 6, 3
    dictionary = torch.randn(m, n, generator=torch.Generator().manual_seed(0))
    combination = injection("sum")
    layout = network_layout(cell, combination, dictionary, layers)
    space, rng = DesignSpace(layers, search_side=True), np.random.default_rng(0)
    genes = Genes.of([space.sample(rng) for _ in range(population)])
    rows = layout.initial().repeat(population, 1)
    gradient = torch.zeros_like(rows)
    binding = Binding(
        layout,
        combination,
        n,
        genes,
        genes.gates,
        rows,
        gradient,
        depth,
        lowest,
        in_tensor_operations,
        cell.constants(dictionary),
    )
    step = bind_step(cell, binding)
    given = {place for place, _ in _buffers(binding)}
    b, x = torch.randn(population, batch, m), torch.randn(population, batch, n)
    step.outputs(b)
    step.differentiate(b, x)
    own = dict(_buffers(vars(step)))
    # Of each layer's gates and neurons and of the thresholds' signs there are a few floats more.
    held = sum(size for place, size in own.items() if place not in given) // 4
    shape = StepShape(m, n, layers, depth, batch, layout.size, len(layout.specs), in_tensor_operations)
    floats = step_floats(cell, shape)
    passing = 4 * batch * n if in_tensor_operations else 0
    stated = population * (floats.member - passing) + floats.unit
    assert stated <= held <= stated + population * 4 * layers


def _buffers(value: object) -> Iterator[tuple[int, int]]:
    """Address and bytes of the memory of all tensors and arrays below a value of our own."""
    if isinstance(value, torch.Tensor):
        yield value.untyped_storage().data_ptr(), value.untyped_storage().nbytes()
    elif isinstance(value, np.ndarray):
        base = value
        while isinstance(base.base, np.ndarray):
            base = base.base
        yield base.ctypes.data, base.nbytes
    else:
        for each in _inside(value):
            yield from _buffers(each)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple):
        return value
    if type(value).__module__.startswith("builders"):
        return [getattr(value, name) for name in getattr(value, "__slots__", None) or vars(value)]
    return []


def test_units_shrink_with_the_memory_with_workers_and_with_what_is_held() -> None:
    (walk,) = sizing(200 * MIB).walks(members(6))
    (wide,) = sizing(200 * MIB).walks(members(6, draws=3))
    assert sizing(100 * MIB).largest_unit(walk, 1) < sizing(200 * MIB).largest_unit(walk, 1)
    assert sizing(200 * MIB).largest_unit(walk, 4) < sizing(200 * MIB).largest_unit(walk, 1) // 3
    assert sizing(200 * MIB).largest_unit(wide, 1) < sizing(200 * MIB).largest_unit(walk, 1)
    deep = sizing(200 * MIB, layers=2 * K).largest_unit(walk, 1)
    assert deep < sizing(200 * MIB).largest_unit(walk, 1)
    patient = sizing(200 * MIB, training=protocol("paper")).largest_unit(walk, 1)
    assert 0 < patient < sizing(200 * MIB).largest_unit(walk, 1)


def test_walks_partition_the_members_and_take_draws_in_turn_where_memory_is_short() -> None:
    wanted = members(9, draws=3)
    assert len(list(sizing(1024 * MIB).walks(wanted))) == 1
    # Too little for several draws at once to leave a quarter to the units.
    walks = list(sizing(50 * MIB).walks(wanted))
    assert len(walks) > 1
    assert sorted(m.draw for walk in walks for m in walk.members) == sorted(m.draw for m in wanted)
    assert {m for walk in walks for m in walk.members} == set(wanted)
    assert all({m.draw for m in walk.members} <= walk.draws for walk in walks)
    assert all(sizing(50 * MIB).largest_unit(walk, 1) > 0 for walk in walks)


def test_too_little_memory_is_refused_with_what_is_needed_and_that_is_enough() -> None:
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", memory=MIB)
    sentence = r"4 layers needs at least 0\.\d\d GiB .* got 0\.00 GiB\."
    with pytest.raises(InputError, match=sentence):
        evaluator.evaluate([Request(Genome.lista(K))])
    with pytest.raises(InputError, match=sentence) as error:
        evaluator.check_memory(K)
    enough = float(str(error.value).split("at least ")[1].split(" GiB")[0])
    sizing(int(enough * 2**30)).check()
    with pytest.raises(InputError, match="needs at least"):
        sizing(int((enough - 0.011) * 2**30)).check()


def test_memory_that_is_not_positive_is_refused() -> None:
    with pytest.raises(InputError, match="must be positive, got 0 bytes"):
        Evaluator(PROBLEM, protocol("smoke"), device="cpu", memory=0)


def test_a_small_memory_changes_no_bit() -> None:
    requests = [Request(member.genome, draw=member.draw) for member in members(8, draws=2)]

    def stages(memory: int | None) -> list[tuple[float, ...]]:
        evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=2, memory=memory)
        return [evaluation.valid_nmse_db for evaluation in evaluator.evaluate(requests)]

    assert stages(50 * MIB) == stages(None)


def test_the_default_is_a_share_of_what_is_free() -> None:
    available = available_memory()
    assert 0.5 * available < default_memory(torch.device("cpu")) < 0.9 * available


def test_control_groups_limit_what_is_free(tmp_path: Path) -> None:
    own, inner = tmp_path / "own", tmp_path / "groups" / "outer" / "inner"
    inner.mkdir(parents=True)
    own.write_text("4:cpu:/elsewhere\n0::/outer/inner\n")
    for group, limit in ((inner, "max"), (inner.parent, "1000")):
        (group / "memory.max").write_text(limit)
        (group / "memory.current").write_text("700")
        (group / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    assert list(_group_room(tmp_path / "groups", own)) == [1000 - 700 + 150]
    assert list(_group_room(tmp_path / "nowhere", own)) == []
