"""Entries that tie at the edge of the support, in the precision that networks train in."""

import pytest
import torch
from torch import Tensor

from builders.autograd_step import AutogradStep
from builders.cells import create_cell
from builders.cells.lista_compiled_step import CompiledListaStep
from builders.genes import Genes
from builders.injections import injection
from builders.step import Binding
from builders.unroll import network_layout
from genome import Genome

M, N, BATCH = 6, 200, 32


def signs(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    return 2.0 * torch.randint(2, shape, generator=generator) - 1


@pytest.mark.parametrize("copies", [1, 2, 5, 200])
def test_ties_pass_together_and_the_search_for_them_ends(copies: int) -> None:
    """Whole numbers, so that sums are exact and repeated columns make entries that no number parts.

    They are so large that the next float32 is the next whole number: a search in float64 would find another
    number between the two, without end. Two of 200 entries are selected in the first layer, and all that tie
    with the second.
    """
    generator = torch.Generator().manual_seed(3)
    dictionary = torch.randn(M, N, generator=generator)
    cell, combination = create_cell("lista_cp", {"tied": True}), injection("sum")
    layout = network_layout(cell, combination, dictionary, layers=1)
    genes = Genes.of([Genome.from_connections(1, (), neurons=("support",))])
    rows = layout.initial()[None]
    shape = (M, N // copies)
    whole = torch.randint(2_000_000, 2_700_000, shape, generator=generator) * signs(shape, generator)
    layout.views(rows)["W"].copy_(whole.repeat_interleave(copies, dim=1))
    layout.views(rows)["theta"].fill_(1000.0)
    b = signs((1, BATCH, M), generator)
    target, constants = torch.zeros(1, BATCH, N), cell.constants(dictionary)

    def bound() -> Binding:
        gates, gradient = genes.gates, torch.zeros_like(rows)
        return Binding(layout, combination, N, genes, gates, rows, gradient, 1, 1, False, constants)

    own, reference = bound(), bound()
    step, by_autograd = cell.fused_step(own), AutogradStep(cell, reference)
    assert isinstance(step, CompiledListaStep)
    assert torch.equal(step.outputs(b), by_autograd.outputs(b))
    step.differentiate(b, target)
    by_autograd.differentiate(b, target)
    rounding = 1e-5 * float(reference.gradient.abs().max())
    torch.testing.assert_close(own.gradient, reference.gradient, rtol=0, atol=rounding)
