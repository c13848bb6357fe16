"""Cells by name and by dotted path: what is known, and what is refused in one sentence."""

from typing import Any

import pytest
import torch
from torch import Tensor

from builders import build
from builders.cells import Cell, Lista, cell_from, cell_names, create_cell
from builders.parameters import ParameterSpec
from genome import Genome, InputError


def test_every_name_makes_its_cell() -> None:
    assert cell_names() == ("alista", "dladmm", "hybrid", "hyperlista", "lista", "lista_cp", "step_lista")
    for name in cell_names():
        made = create_cell(name)
        assert (made.name, made.describe(), cell_from(made.describe())) == (name, name, made)


def test_options_are_part_of_a_cell() -> None:
    untied = create_cell("lista", {"tied": False})
    assert untied != create_cell("lista")
    assert untied.describe() == {"name": "lista", "tied": False}
    assert cell_from(untied.describe()) == untied


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("gru", {}, "must be one of alista, .*, or package.module:Class, got 'gru'"),
        ("lista", {"depth": 3}, "Cell 'lista' has no option 'depth'; its options: tied"),
        ("hybrid", {"tied": True}, "has no option 'tied'; its options: none"),
        ("nowhere.at_all:Cell", {}, "cannot be loaded: No module named 'nowhere'"),
        (".cells:Cell", {}, "cannot be loaded: .* relative import"),
        ("builders.cells:Nothing", {}, "cannot be loaded: .* has no attribute 'Nothing'"),
        ("genome:Genome", {}, "must be a subclass of builders.cells.Cell"),
        ("builders.cells.base:Cell", {}, "cannot be made: .*abstract"),
    ],
)
def test_what_is_no_cell_is_refused(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        create_cell(name, options)


def test_a_description_needs_a_name() -> None:
    with pytest.raises(InputError, match="must have a name, got"):
        cell_from({"tied": False})


def test_a_cell_of_ones_own_cannot_take_the_name_of_another() -> None:
    class Mine(Cell):
        name = "lista"

        def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
            return Lista().parameters(dictionary, layers)

        def step(self, *given: Any) -> Tensor:
            return Lista().step(*given)

    with pytest.raises(InputError, match="must have its own name, got 'lista' for Mine"):
        build(Genome.lista(3), torch.eye(4), cell=Mine())


def test_cells_are_values() -> None:
    with pytest.raises(AttributeError, match="cannot assign to field 'tied'"):
        create_cell("lista").tied = False  # type: ignore[attr-defined]
    assert issubclass(type(create_cell("lista")), Cell)
