"""Cells by name."""

from __future__ import annotations

from builders.cells.base import Cell
from builders.cells.lista import Lista
from genome import InputError

_CELLS: dict[str, type[Cell]] = {Lista.name: Lista}


def cell_names() -> tuple[str, ...]:
    """The names that ``create_cell`` knows."""
    return tuple(sorted(_CELLS))


def create_cell(name: str) -> Cell:
    """The cell of that name.

    Raises:
        InputError: the name is not known.
    """
    try:
        return _CELLS[name]()
    except KeyError:
        raise InputError(f"The cell must be one of {', '.join(cell_names())}, got {name!r}.") from None
