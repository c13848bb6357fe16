"""The hand-written training steps are what autograd computes."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch

from builders.autograd_step import AutogradStep
from builders.cells import Lista
from builders.cells.lista_compiled_step import CompiledListaStep, piece_rows
from builders.cells.lista_step import ListaStep
from builders.genes import Genes
from builders.injections import Form, injection
from builders.step import Binding
from builders.unroll import network_layout
from genome import DesignSpace, Genome

K = 6


def bindings(
    genomes: Sequence[Genome], form: Form, depth: int, lowest: int, negative_thresholds: bool
) -> list[Binding]:
    """Two bindings over the same parameters, in float64."""
    generator = torch.Generator().manual_seed(1)
    combination = injection(form)
    dictionary = torch.randn(8, 11, generator=generator)
    layout = network_layout(Lista(), combination, dictionary / dictionary.norm(dim=0), K)
    rows = layout.initial().double().repeat(len(genomes), 1)
    rows += 0.05 * torch.randn(rows.shape, generator=generator, dtype=torch.float64)
    if negative_thresholds:
        layout.views(rows)["theta"].neg_()
    genes = Genes.of(genomes)
    weights = combination.weights(genes.gates).double()
    return [
        Binding(layout, combination, 11, genes, weights, rows, torch.zeros_like(rows), depth, lowest, True)
        for _ in range(2)
    ]


def mixed_genomes() -> list[Genome]:
    rng = np.random.default_rng(0)
    space = DesignSpace(K, search_side=True)
    return [space.sample(rng) for _ in range(4)] + [Genome.dense(K)]


each_step = pytest.mark.parametrize("by_hand_step", [ListaStep, CompiledListaStep])


@each_step
@pytest.mark.parametrize("form", ["sum", "mean"])
@pytest.mark.parametrize(
    "genomes", [mixed_genomes(), [Genome.lista(K), Genome.lfista(K)]], ids=["mixed", "soft"]
)
@pytest.mark.parametrize(("depth", "lowest"), [(1, 1), (2, 1), (2, 2), (4, 4), (K, 1), (K, K)])
@pytest.mark.parametrize("negative_thresholds", [False, True])
def test_gradient_of_what_trains_equals_autograd(
    by_hand_step: type[ListaStep | CompiledListaStep],
    form: Form,
    genomes: list[Genome],
    depth: int,
    lowest: int,
    negative_thresholds: bool,
) -> None:
    by_hand, reference = bindings(genomes, form, depth, lowest, negative_thresholds)
    generator = torch.Generator().manual_seed(2)
    b = torch.randn(len(genomes), 9, 8, generator=generator, dtype=torch.float64)
    x = torch.randn(len(genomes), 9, 11, generator=generator, dtype=torch.float64)
    step, expected_step = by_hand_step(by_hand), AutogradStep(Lista(), reference)
    for _ in range(2):  # Buffers are reused: the second call must not see the first.
        step.differentiate(b, x)
    expected_step.differentiate(b, x)
    torch.testing.assert_close(step.outputs(b), expected_step.outputs(b), rtol=1e-12, atol=1e-12)
    introduced = by_hand.layout.introduced()
    trains = (introduced >= lowest) & (introduced <= depth)
    assert int(trains.sum()) > 0
    torch.testing.assert_close(
        by_hand.gradient[:, trains], reference.gradient[:, trains], rtol=1e-9, atol=1e-11
    )
    assert float(reference.gradient[:, trains].abs().max()) > 1e-3


@each_step
def test_gradient_is_finite_and_zero_on_gates_that_are_off(
    by_hand_step: type[ListaStep | CompiledListaStep],
) -> None:
    by_hand, _ = bindings([Genome.lista(K), Genome.dense(K)], "sum", K, 1, False)
    by_hand_step(by_hand).differentiate(torch.ones(2, 3, 8).double(), torch.ones(2, 3, 11).double())
    gradient = by_hand.layout.views(by_hand.gradient)["coefficient"]
    off = torch.tril(torch.ones(K, K), -2).bool()
    assert torch.isfinite(by_hand.gradient).all()
    assert (gradient[0][off] == 0).all()
    assert (gradient[1][off] != 0).all()


@pytest.mark.parametrize("batch", [1, 31, 64, 128, 129, 1000])
@pytest.mark.parametrize("n", [8, 100, 177, 500])
def test_a_batch_is_cut_into_near_equal_pieces_of_small_products(batch: int, n: int) -> None:
    rows = piece_rows(batch, n)
    last = batch - rows * ((batch - 1) // rows)
    assert rows - last < -(-batch // rows)
    assert rows == batch or 32 * n**2 <= rows * n**2 <= 1_000_000


def test_pieces_give_the_gradient_of_the_whole_batch_whatever_batch_was_before() -> None:
    by_hand, reference = bindings(mixed_genomes(), "sum", K, 1, negative_thresholds=False)
    generator = torch.Generator().manual_seed(3)
    # Pieces of 8,264 samples at n = 11: two of 4,500.
    b, x = (torch.randn(5, 9000, width, generator=generator, dtype=torch.float64) for width in (8, 11))
    compiled, autograd = CompiledListaStep(by_hand), AutogradStep(Lista(), reference)
    for batch in (7, 9000, 40):
        assert piece_rows(batch, 11) == min(batch, 4500)
        compiled.differentiate(b[:, :batch], x[:, :batch])
        autograd.differentiate(b[:, :batch], x[:, :batch])
        torch.testing.assert_close(by_hand.gradient, reference.gradient, rtol=1e-9, atol=1e-9)


@each_step
def test_what_diverges_is_not_hidden(by_hand_step: type[ListaStep | CompiledListaStep]) -> None:
    """The neurons are made of comparisons, which NaN fails: it must come out all the same."""
    by_hand, _ = bindings([Genome.lista(K), Genome.dense(K)], "sum", K, 1, negative_thresholds=False)
    by_hand.layout.views(by_hand.rows)["W_x"][1, 0, 0] = torch.nan
    step = by_hand_step(by_hand)
    b, x = torch.ones(2, 3, 8).double(), torch.ones(2, 3, 11).double()
    finite = torch.isfinite(step.outputs(b)).flatten(1)
    assert finite[0].all()
    assert not finite[1].any()
    step.differentiate(b, x)
    gradient = by_hand.layout.views(by_hand.gradient)
    for name in ("W_b", "W_x", "theta"):
        sound = torch.isfinite(gradient[name]).flatten(1)
        assert sound[0].all()
        assert not sound[1].all()
