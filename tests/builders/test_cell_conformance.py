"""Every cell of the library passes the public conformance suite."""

import numpy as np
import pytest
from numpy.typing import NDArray

from builders.cells import Cell, cell_names, create_cell
from builders.cells.dladmm import Dladmm
from builders.testing import AlgorithmConformance, CellConformance, Reference


class TestEveryCell(CellConformance):
    @pytest.fixture(params=[*cell_names(), Dladmm("all")], ids=str)
    def cell(self, request: pytest.FixtureRequest) -> Cell:
        made: str | Cell = request.param
        return create_cell(made) if isinstance(made, str) else made


def ista(dictionary: NDArray[np.float64], b: NDArray[np.float64], iterations: int) -> NDArray[np.float64]:
    """All iterates for ``||b - D x||^2 / 2 + 0.4 ||x||_1``."""
    step = 1 / (1.001 * np.linalg.norm(dictionary, 2) ** 2)
    x, iterates = np.zeros((len(b), dictionary.shape[1])), []
    for _ in range(iterations):
        u = x + step * (b - x @ dictionary.T) @ dictionary
        x = np.sign(u) * np.maximum(np.abs(u) - 0.4 * step, 0)
        iterates.append(x)
    return np.stack(iterates)


class TestCellsThatStartAsIsta(AlgorithmConformance):
    @pytest.fixture(params=["lista", "lista_cp", "step_lista", "hybrid"])
    def cell(self, request: pytest.FixtureRequest) -> Cell:
        return create_cell(request.param)

    @pytest.fixture
    def reference(self) -> Reference:
        return ista
