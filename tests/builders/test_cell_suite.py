"""The conformance suite catches cells that break the contract, and the contract's own refusals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import pytest
import torch
from torch import Tensor

from builders import build
from builders.cells import Cell, Inputs
from builders.genes import Genes
from builders.parameters import ParameterSpec
from builders.testing import CellConformance
from builders.testing_cases import dictionary
from examples.primal_dual import PrimalDual
from genome import Genome, InputError

SUITE = CellConformance()


@dataclass(frozen=True)
class Misnamed(PrimalDual):
    name = "primal_dual"


@dataclass(frozen=True)
class Deaf(PrimalDual):
    """Hears nothing of momentum."""

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        return super().step(layer, replace(inputs, pull=0.0), shared, values, genes)


@dataclass(frozen=True)
class OneSided(PrimalDual):
    """Takes b in every layer, whatever the genome says."""

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        genes = replace(genes, side=torch.ones_like(genes.side))
        return super().step(layer, inputs, shared, values, genes)


@dataclass(frozen=True)
class Late(PrimalDual):
    """Uses a parameter before the layer that it says introduces it."""

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        specs = super().parameters(dictionary, layers)
        return (replace(specs[0], introduced=2), *specs[1:])


@dataclass(frozen=True)
class Sociable(PrimalDual):
    """Scales the measurements by those of all mates."""

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Tensor:
        del values
        return b / b.abs().max()


@dataclass(frozen=True)
class Rough(PrimalDual):
    """Its gradient is not finite where a sample is zero."""

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Tensor:
        size = (values["synthesis"].square().sum() * b.square().sum(dim=2, keepdim=True)).sqrt()
        return b * (1 + size)


@dataclass(frozen=True)
class Idle(PrimalDual):
    """Has a parameter that nothing uses."""

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        return (*super().parameters(dictionary, layers), ParameterSpec("idle", torch.ones(3), introduced=1))


def layers_test(cell: Cell) -> None:
    SUITE.test_layers_do_not_know_of_later_ones(cell, "sum")


def alone_test(cell: Cell) -> None:
    SUITE.test_a_member_has_the_same_bits_alone(cell, "sum")


def side_test(cell: Cell) -> None:
    SUITE.test_a_choice_counts_or_is_refused(cell, "side False")


@pytest.mark.parametrize(
    ("cell", "test", "message"),
    [
        (Deaf(), SUITE.test_momentum_reaches_the_signal, "inputs.pull must be added"),
        (OneSided(), side_test, "side False changes nothing"),
        (Late(), layers_test, "layer 1 uses what a later one introduces"),
        (Sociable(), alone_test, "differs alone"),
        (Rough(), SUITE.test_gradients_are_finite, "not finite after layer 1"),
        (Idle(), SUITE.test_no_parameter_is_idle, "no genome gives a gradient to idle"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Cell) else "",
)
def test_a_broken_cell_is_caught(cell: Cell, test: Callable[[Cell], None], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        test(cell)


def test_a_name_that_leads_nowhere_is_caught() -> None:
    with pytest.raises(InputError, match=r"package\.module:Class, got 'primal_dual'"):
        SUITE.test_its_description_makes_it_again(Misnamed())


@dataclass(frozen=True)
class Clashing(PrimalDual):
    """Has a parameter of the injection's name."""

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        return (*super().parameters(dictionary, layers), ParameterSpec("alpha", torch.ones(1), introduced=1))


def test_a_parameter_with_the_name_of_an_injections_is_refused() -> None:
    assert build(Genome.lista(3), dictionary(), cell=Clashing()).get_parameter("alpha").shape == (1,)
    with pytest.raises(InputError, match="must not have the names alpha with form 'naive', got 'alpha'"):
        build(Genome.lista(3), dictionary(), cell=Clashing(), form="naive")
