"""Costs of the LISTA family, against the products that its cells form and the parameters that they read."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from builders import build
from builders.cells import Cell, create_cell
from builders.costs import Costs
from genome import DesignSpace, Genome
from genome.neurons import ALL_NEURONS
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS

M, N, K, BATCH = 7, 13, 5, 16

CELLS: dict[str, Cell] = {
    "lista": create_cell("lista"),
    "lista untied": create_cell("lista", {"tied": False}),
    "lista_cp": create_cell("lista_cp"),
    "lista_cp tied": create_cell("lista_cp", {"tied": True}),
    "alista": create_cell("alista"),
    "step_lista": create_cell("step_lista", {"l1": 0.1}),
    "hybrid": create_cell("hybrid"),
}
each_cell = pytest.mark.parametrize("name", CELLS)


class Products(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the multiply-adds of matrix products with signals and measurements, known by their lengths."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        aten = torch.ops.aten
        if func.overloadpacket in (aten.mm, aten.addmm, aten.matmul, aten.baddbmm, aten.addbmm):
            raise AssertionError("a product that this does not count")
        if func.overloadpacket is aten.bmm and args[0].shape[-1] in (M, N):
            self.count += args[0].numel() * args[1].shape[-1]
        return func(*args, **(kwargs or {}))


def dictionary() -> Tensor:
    matrix = torch.randn(M, N, generator=torch.Generator().manual_seed(3))
    unit: Tensor = matrix / torch.linalg.vector_norm(matrix, dim=0)
    return unit


def random_genome(name: str, seed: int) -> Genome:
    rng = np.random.default_rng(seed)

    def draw(names: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(names[i] for i in rng.integers(len(names), size=K))

    genome = replace(DesignSpace(K, search_side=True).sample(rng), neurons=draw(ALL_NEURONS))
    return replace(genome, weights=draw(WEIGHTS), thresholds=draw(THRESHOLDS)) if name == "hybrid" else genome


@pytest.mark.parametrize("seed", range(8))
@each_cell
def test_multiply_adds_are_those_of_the_real_forward_pass(name: str, seed: int) -> None:
    genome, cell = random_genome(name, seed), CELLS[name]
    network = build(genome, dictionary(), cell=cell)
    with torch.no_grad(), Products() as products:
        network(torch.randn(BATCH, M, generator=torch.Generator().manual_seed(0)))
    steps = genome.weights.count("analytic") if name == "hybrid" else K * (name in ("alista", "step_lista"))
    assert cell.costs(genome, M, N).multiply_adds == products.count / BATCH + steps * N > 0


@pytest.mark.parametrize("seed", range(8))
@each_cell
def test_parameters_are_those_that_the_output_depends_on(name: str, seed: int) -> None:
    genome, cell = random_genome(name, seed), CELLS[name]
    network = build(genome, dictionary(), cell=cell)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for key, parameter in network.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.mul_(1 + 0.1 * noise).add_(0.01 * noise if key.startswith("W") else 0.0)
    network(3.0 * torch.randn(300, M, generator=generator)).square().sum().backward()
    read = sum(
        int(torch.count_nonzero(parameter.grad))
        for key, parameter in network.named_parameters()
        if key != "coefficient" and parameter.grad is not None
    )
    assert cell.costs(genome, M, N).parameters == read


def test_the_counts_of_the_papers_size_in_numbers() -> None:
    m, n, layers = 250, 500, 16
    genome = Genome.lista(layers)
    products = 31 * m * n  # The matrix in every layer, and D in all but the first.
    assert CELLS["lista untied"].costs(genome, m, n) == Costs(
        16 * m * n + 15 * n * n + 16, 16 * m * n + 15 * n * n
    )
    assert CELLS["lista_cp"].costs(genome, m, n) == Costs(16 * m * n + 16, products)
    assert CELLS["lista_cp tied"].costs(genome, m, n) == Costs(m * n + 16, products)
    assert CELLS["alista"].costs(genome, m, n) == Costs(32, products + 16 * n)
    assert CELLS["step_lista"].costs(genome, m, n) == Costs(16, products + 16 * n)
    adaptive = replace(genome, weights=("analytic",) * 16, thresholds=("adaptive",) * 16)
    assert CELLS["hybrid"].costs(adaptive, m, n) == Costs(32, products + 16 * (m * n + n))


def test_a_hybrid_that_is_free_in_its_first_layer_alone_reads_no_w_x() -> None:
    mixed: Any = ("free", "coupled", "analytic")
    genome = replace(Genome.lista(3), weights=mixed)
    products = 5 * M * N + N  # W_b, D and W, D and A with its step size.
    assert CELLS["hybrid"].costs(genome, M, N) == Costs(2 * M * N + 1 + 3, products)


@pytest.mark.parametrize(
    ("weights", "other"), [("free", "lista"), ("coupled", "lista_cp tied"), ("analytic", "alista")]
)
def test_a_hybrid_of_one_kind_costs_what_that_cell_does(weights: Any, other: str) -> None:
    for seed in range(4):
        genome = random_genome(other, seed)
        hybrid = replace(genome, weights=(weights,) * K)
        assert CELLS["hybrid"].costs(hybrid, M, N) == CELLS[other].costs(genome, M, N)
