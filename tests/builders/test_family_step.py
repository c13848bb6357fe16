"""The compiled step of every cell of the LISTA family is what autograd computes."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from builders.autograd_step import AutogradStep, bind_step
from builders.cells import Cell, create_cell
from builders.cells.lista_compiled_step import CompiledListaStep
from builders.cells.lista_step import ListaStep
from builders.genes import Genes
from builders.injections import Form, injection
from builders.step import Binding
from builders.unroll import network_layout
from genome import DesignSpace, Genome
from genome.neurons import ALL_NEURONS, Neuron
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS

K, M, N = 6, 12, 30
CELLS: Mapping[str, Cell] = {
    "lista": create_cell("lista"),
    "lista untied": create_cell("lista", {"tied": False}),
    "lista_cp": create_cell("lista_cp", {"tied": False}),
    "lista_cp tied": create_cell("lista_cp", {"tied": True}),
    "alista": create_cell("alista"),
    "step_lista": create_cell("step_lista"),
    "hybrid": create_cell("hybrid"),
}
SELECTING: Neuron = "support"
SUPPORT = (SELECTING,) * K
each_cell = pytest.mark.parametrize("name", CELLS)


def mixed(cell: Cell, count: int = 5) -> list[Genome]:
    """Genomes that differ in everything the cell takes."""
    rng = np.random.default_rng(0)
    space, genomes = DesignSpace(K, search_side=True), []

    def drawn(choices: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(choices[i] for i in rng.integers(len(choices), size=K))

    for _ in range(count):
        genome = replace(space.sample(rng), neurons=drawn((*ALL_NEURONS, "support")))
        if cell.name == "hybrid":
            genome = replace(genome, weights=drawn(WEIGHTS), thresholds=drawn(THRESHOLDS))
        genomes.append(genome)
    return genomes


def dictionary() -> torch.Tensor:
    raw = torch.randn(M, N, generator=torch.Generator().manual_seed(1))
    return torch.nn.functional.normalize(raw, dim=0)


def bound(
    cell: Cell,
    genomes: list[Genome],
    form: Form,
    depth: int = K,
    lowest: int = 1,
    *,
    negative: bool = False,
    in_tensor_operations: bool = False,
    dtype: torch.dtype = torch.float64,
) -> Binding:
    """A binding over parameters near their start, the same in every call; members have the same."""
    combination = injection(form)
    layout = network_layout(cell, combination, dictionary(), K)
    noise = torch.randn(layout.size, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    rows = (layout.initial() + 0.05 * noise).to(dtype).repeat(len(genomes), 1)
    if negative:
        views = layout.views(rows)
        for name in {"theta", "kappa"} & set(views) or {"gamma"}:
            views[name].abs_().neg_()
    genes = Genes.of(genomes)
    return Binding(
        layout=layout,
        injection=combination,
        n=N,
        genes=genes,
        weights=combination.weights(genes.gates).to(dtype),
        rows=rows,
        gradient=torch.zeros_like(rows),
        depth=depth,
        lowest=lowest,
        in_tensor_operations=in_tensor_operations,
        constants={key: value.to(dtype) for key, value in cell.constants(dictionary()).items()},
    )


def samples(members: int, batch: int = 9, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(3)
    return tuple(
        torch.randn(members, batch, width, generator=generator, dtype=torch.float64).to(dtype)
        for width in (M, N)
    )


def agree(cell: Cell, by_hand: Binding, reference: Binding) -> None:
    """A step by hand and autograd give the same outputs, and the same gradient of what trains."""
    b, x = samples(len(by_hand.rows))
    step, expected = bind_step(cell, by_hand), AutogradStep(cell, reference)
    assert isinstance(step, ListaStep if by_hand.in_tensor_operations else CompiledListaStep)
    for _ in range(2):  # Buffers are reused: the second call must not see the first.
        step.differentiate(b, x)
    expected.differentiate(b, x)
    torch.testing.assert_close(step.outputs(b), expected.outputs(b), rtol=1e-11, atol=1e-11)
    introduced = by_hand.layout.introduced()
    trains = (introduced >= by_hand.lowest) & (introduced <= by_hand.depth)
    found, wanted = by_hand.gradient[:, trains], reference.gradient[:, trains]
    scale = float(wanted.abs().max())
    assert scale > 1e-3
    torch.testing.assert_close(found / scale, wanted / scale, rtol=1e-9, atol=1e-11)


@each_cell
@pytest.mark.parametrize("form", ["sum", "mean", "fista", "naive"])
@pytest.mark.parametrize(("depth", "lowest"), [(1, 1), (2, 1), (2, 2), (4, 4), (K, 1), (K, K)])
@pytest.mark.parametrize("negative", [False, True])
def test_the_compiled_step_equals_autograd(
    name: str, form: Form, depth: int, lowest: int, negative: bool
) -> None:
    cell = CELLS[name]
    genomes = mixed(cell)
    by_hand, reference = (bound(cell, genomes, form, depth, lowest, negative=negative) for _ in range(2))
    agree(cell, by_hand, reference)


@pytest.mark.parametrize("form", ["sum", "naive"])
@pytest.mark.parametrize(("depth", "lowest"), [(1, 1), (4, 4), (K, 1)])
@pytest.mark.parametrize("negative", [False, True])
def test_the_step_in_tensor_operations_equals_autograd(
    form: Form, depth: int, lowest: int, negative: bool
) -> None:
    cell = CELLS["lista"]
    genomes = mixed(cell)
    by_hand, reference = (
        bound(cell, genomes, form, depth, lowest, negative=negative, in_tensor_operations=True)
        for _ in range(2)
    )
    agree(cell, by_hand, reference)


@each_cell
def test_pieces_add_up_to_the_whole_batch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = CELLS[name]
    whole, pieces = (bound(cell, mixed(cell), "sum") for _ in range(2))
    b, x = samples(len(whole.rows))
    bind_step(cell, whole).differentiate(b, x)
    monkeypatch.setattr("builders.cells.lista_compiled_step.piece_rows", lambda *_: 4)
    bind_step(cell, pieces).differentiate(b, x)
    scale = float(whole.gradient.abs().max())
    torch.testing.assert_close(pieces.gradient / scale, whole.gradient / scale, rtol=1e-9, atol=1e-12)


@each_cell
def test_a_member_s_bits_do_not_depend_on_its_mates(name: str) -> None:
    cell = CELLS[name]
    genomes = mixed(cell)
    together = bound(cell, genomes, "sum", dtype=torch.float32)
    step = bind_step(cell, together)
    b, x = samples(len(genomes), dtype=torch.float32)
    step.differentiate(b, x)
    outputs = step.outputs(b)
    for member, genome in enumerate(genomes):
        single = bound(cell, [genome], "sum", dtype=torch.float32)
        alone = bind_step(cell, single)
        taken = slice(member, member + 1)
        alone.differentiate(b[taken], x[taken])
        assert torch.equal(single.gradient[0], together.gradient[member])
        assert torch.equal(alone.outputs(b[taken])[0], outputs[member])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("threshold", [-0.5, 0.0, 0.3, 1.2])
def test_support_is_selected_exactly_ties_included(dtype: torch.dtype, threshold: float) -> None:
    """At the first layer, whose pre-activation is the side connection alone, on numbers with many ties."""
    cell = CELLS["lista"]
    late = replace(Genome.lista(K), neurons=SUPPORT)
    binding = bound(cell, [late], "sum", dtype=dtype)
    views = binding.layout.views(binding.rows)
    views["theta"].fill_(threshold)
    rng = np.random.default_rng(4)
    # One entry in two is a multiple of 1/4, so that magnitudes tie; products with one another are exact.
    b = torch.zeros(1, 200, M, dtype=dtype)
    b[..., 0] = 1
    b[..., 1:] = torch.from_numpy(rng.integers(-2, 3, size=(200, M - 1)) / 4).to(dtype)
    views["W_b"].copy_(torch.from_numpy(rng.integers(-2, 3, size=(1, M, N)) / 4).to(dtype))
    views["coefficient"].zero_()
    found = bind_step(cell, binding).outputs(b)
    expected = AutogradStep(cell, binding).outputs(b)
    assert torch.equal(found, expected)
    unshrunk = (found.abs() == (b @ views["W_b"]).abs()) & (found != 0)
    if threshold > 0:
        assert unshrunk.any()
        assert not unshrunk.all()


def test_magnitudes_of_any_size_are_selected() -> None:
    """Halving ends where magnitudes are very small, very large, or one float apart."""
    cell = CELLS["lista"]
    genome = replace(Genome.lista(K), neurons=SUPPORT)
    binding = bound(cell, [genome], "sum", dtype=torch.float32)
    views = binding.layout.views(binding.rows)
    views["coefficient"].zero_()
    views["W_b"].zero_()
    steps = torch.arange(N, dtype=torch.int32)
    for start in (1e-42, 1e-30, 1.0, 1e30):
        for theta in (0.0, start):
            first = torch.tensor(start).view(torch.int32)
            views["W_b"][0, 0] = (first + steps).view(torch.float32)
            views["theta"].fill_(theta)
            b = torch.zeros(1, 2, M)
            b[..., 0] = torch.tensor([1.0, -1.0])
            assert torch.equal(bind_step(cell, binding).outputs(b), AutogradStep(cell, binding).outputs(b))


@each_cell
def test_cells_say_what_their_steps_take_only_where_they_have_them(name: str) -> None:
    cell = CELLS[name]
    genomes = mixed(cell, 1)
    recorded = bound(cell, genomes, "sum", in_tensor_operations=True)
    assert isinstance(bind_step(cell, recorded), ListaStep if name == "lista" else AutogradStep)
    assert isinstance(bind_step(cell, bound(cell, genomes, "momentum")), AutogradStep)
