"""Cells: what one iteration of an unrolled algorithm does."""

from builders.cells.base import Cell, Inputs
from builders.cells.lista import Lista
from builders.cells.registry import cell_from, cell_names, check_name, create_cell

__all__ = ["Cell", "Inputs", "Lista", "cell_from", "cell_names", "check_name", "create_cell"]
