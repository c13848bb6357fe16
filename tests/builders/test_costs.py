"""Costs at inference, against the parameters that a real network reads and the products that it forms."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from builders import build
from builders.cells import Cell, Inputs, Lista
from builders.costs import Costs, costs
from builders.genes import Genes
from builders.injections import Form
from builders.parameters import ParameterSpec
from genome import DesignSpace, Genome, InputError

M, N, K = 7, 13, 6
FORMS: tuple[Form, ...] = ("sum", "mean")
GENOMES = {
    "lista": Genome.lista(K),
    "lfista": Genome.lfista(K),
    "dense": Genome.dense(K),
    "one layer": Genome.lista(1),
    "two layers": Genome.lista(2),
    **{
        f"random {seed}": DesignSpace(K, search_side=True).sample(np.random.default_rng(seed))
        for seed in range(6)
    },
}


class Products(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the multiply-adds of the matrix products that run; combinations skip what has no connection."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func.overloadpacket in (torch.ops.aten.mm, torch.ops.aten.addmm, torch.ops.aten.matmul):
            raise AssertionError("a product that this does not count")
        if func.overloadpacket is torch.ops.aten.bmm:
            left, right = args
            self.count += left.numel() * right.shape[-1]
        if func.overloadpacket is torch.ops.aten.mul and args[0].dim() == 4:
            coefficients, states = args
            self.count += int(torch.count_nonzero(coefficients)) * states[0, 0].numel()
        return func(*args, **(kwargs or {}))


def network(genome: Genome, form: Form) -> torch.nn.Module:
    rng = torch.Generator().manual_seed(3)
    made = build(genome, torch.randn(M, N, generator=rng), form=form)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))
        made.get_parameter("theta").abs_().mul_(0.1)
    return made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", GENOMES)
def test_multiply_adds_are_those_of_the_real_forward_pass(name: str, form: Form) -> None:
    genome = GENOMES[name]
    one_signal = torch.randn(1, M, generator=torch.Generator().manual_seed(0))
    made = network(genome, form)
    with torch.no_grad(), Products() as products:
        made(one_signal)
    assert costs(genome, Lista(), M, N, form).multiply_adds == products.count > 0


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", GENOMES)
def test_parameters_are_those_that_the_output_depends_on(name: str, form: Form) -> None:
    genome = GENOMES[name]
    made = network(genome, form)
    signals = 3.0 * torch.randn(200, M, generator=torch.Generator().manual_seed(1))
    # Squares, for the plain sum of soft-thresholded signals of both signs has no slope in the threshold.
    made(signals).square().sum().backward()
    read = sum(int(torch.count_nonzero(_gradient(parameter))) for parameter in made.parameters())
    assert costs(genome, Lista(), M, N, form).parameters == read


def _gradient(parameter: Tensor) -> Tensor:
    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def test_the_counts_of_the_papers_size_in_numbers() -> None:
    m, n, layers = 250, 500, 16
    lista = costs(Genome.lista(layers), Lista(), m, n, "sum")
    assert lista == Costs(m * n + n * n + 16 + 15, m * n + 15 * n * n + 15 * n)
    dense = costs(Genome.dense(layers), Lista(), m, n, "sum")
    assert dense == lista + Costs(105, 105 * n)
    assert math.isclose(dense.multiply_adds / lista.multiply_adds, 1.0135, abs_tol=1e-4)


def test_a_layer_without_a_threshold_has_none_to_store() -> None:
    soft, relu = Genome.lista(3), Genome.from_connections(3, [], ("soft", "relu", "leaky_relu"))
    assert costs(soft, Lista(), M, N, "sum").parameters - costs(relu, Lista(), M, N, "sum").parameters == 2


class Silent(Cell):
    """A cell that does not say what it costs."""

    name = "silent"

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        del dictionary, layers
        return ()

    def prepare(self, parameters: Mapping[str, Tensor], b: Tensor) -> Tensor:
        del parameters
        return b

    def step(
        self,
        layer: int,
        inputs: Inputs,
        shared: Tensor,
        parameters: Mapping[str, Tensor],
        genes: Genes,
    ) -> Tensor:
        del layer, inputs, parameters, genes
        return shared


def test_unknown_costs_and_forms_are_refused() -> None:
    with pytest.raises(InputError, match="Cell 'silent' does not say what its networks cost"):
        costs(Genome.lista(3), Silent(), M, N, "sum")
    with pytest.raises(
        InputError,
        match=r"one of sum, mean, .*, momentum, got 'product'",
    ):
        costs(Genome.lista(3), Lista(), M, N, "product")
