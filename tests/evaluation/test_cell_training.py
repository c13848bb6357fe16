"""Every cell that is trained by stages, a user's too, passes the public training suite."""

import pytest

from builders.cells import Cell, cell_names, create_cell
from builders.cells.dladmm import Dladmm
from evaluation.cell_testing import CellTrainingConformance
from examples.primal_dual import PrimalDual

CELLS = [*map(create_cell, cell_names()), Dladmm("all"), PrimalDual()]


class TestEveryCellTrains(CellTrainingConformance):
    @pytest.fixture(params=[cell for cell in CELLS if cell.trained_by_stages], ids=repr)
    def cell(self, request: pytest.FixtureRequest) -> Cell:
        made: Cell = request.param
        return made
