"""Cells: what one iteration of an unrolled algorithm does."""

from builders.cells.base import Cell
from builders.cells.lista import Lista
from builders.cells.registry import cell_names, create_cell

__all__ = ["Cell", "Lista", "cell_names", "create_cell"]
