"""Cells by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final

from builders.cells.base import Cell
from genome import InputError

_CELLS: Final[Mapping[str, str]] = {
    "alista": "builders.cells.alista:Alista",
    "dladmm": "builders.cells.dladmm:Dladmm",
    "hybrid": "builders.cells.hybrid:Hybrid",
    "hyperlista": "builders.cells.hyperlista:HyperLista",
    "lista": "builders.cells.lista:Lista",
    "lista_cp": "builders.cells.lista_cp:ListaCp",
    "step_lista": "builders.cells.step_lista:StepLista",
}
"""Name -> module and class; modules are loaded when they are asked for."""


def cell_names() -> tuple[str, ...]:
    """The names that ``create_cell`` knows."""
    return tuple(sorted(_CELLS))


def create_cell(name: str, options: Mapping[str, Any] | None = None) -> Cell:
    """The cell of that name.

    Args:
        name: a known name, or the dotted path of a class, as ``package.module:Class``.
        options: what its constructor takes, by name.

    Raises:
        InputError: the name is not known, there is no such class, or it refuses an option.
    """
    given = dict(options or {})
    kind = _load(name)
    known = [field.name for field in fields(kind)]
    for option in given:
        if option not in known:
            has = ", ".join(known) or "none"
            raise InputError(f"Cell {name!r} has no option {option!r}; its options: {has}.")
    try:
        return kind(**given)
    except TypeError as error:
        raise InputError(f"Cell {name!r} cannot be made: {error}.") from None


def cell_from(description: str | Mapping[str, Any]) -> Cell:
    """The cell that ``describe`` writes.

    Raises:
        InputError: as for ``create_cell``, or no name is given.
    """
    if isinstance(description, str):
        return create_cell(description)
    options = dict(description)
    name = options.pop("name", None)
    if not isinstance(name, str):
        raise InputError(f"The description of a cell must have a name, got {dict(description)}.")
    return create_cell(name, options)


def check_name(cell: Cell) -> None:
    """Refuse a cell of one's own under the name of one of the library's: their results would be mixed up.

    Raises:
        InputError: it has such a name.
    """
    kind = type(cell)
    if _CELLS.get(cell.name) not in (None, f"{kind.__module__}:{kind.__qualname__}"):
        raise InputError(
            f"A cell of one's own must have its own name, got {cell.name!r} for {kind.__name__}."
        )


def _load(name: str) -> type[Cell]:
    path = _CELLS.get(name, name)
    module, colon, attribute = path.partition(":")
    if not colon:
        raise InputError(
            f"The cell must be one of {', '.join(cell_names())}, or package.module:Class, got {name!r}."
        )
    try:
        kind = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"Cell {name!r} cannot be loaded: {error}.") from None
    if not (isinstance(kind, type) and issubclass(kind, Cell)):
        raise InputError(f"Cell {name!r} must be a subclass of builders.cells.Cell.")
    return kind
