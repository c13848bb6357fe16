"""A user's cell, named by its path, passes the conformance suite and is its algorithm."""

import numpy as np
import pytest
from numpy.typing import NDArray

from builders.cells import Cell, cell_from, cell_names, create_cell
from builders.testing import AlgorithmConformance, CellConformance, Reference
from examples.primal_dual import PrimalDual

PATH = "examples.primal_dual:PrimalDual"


def primal_dual(
    dictionary: NDArray[np.float64], b: NDArray[np.float64], iterations: int
) -> NDArray[np.float64]:
    """Chambolle and Pock (2011, algorithm 1), the dual variable extrapolated; l1 = 0.1, sigma = 0.5."""
    sigma = 0.5
    tau = 1 / (1.001 * sigma * np.linalg.norm(dictionary, 2) ** 2)
    x, y, iterates = np.zeros((len(b), dictionary.shape[1])), np.zeros_like(b), []
    for _ in range(iterations):
        moved = y + sigma * x @ dictionary.T
        new = (moved - sigma * b) / (1 + sigma)  # The proximal operator of ||y||^2 / 2 + <b, y>.
        u = x - tau * (new + (new - y)) @ dictionary
        x, y = np.sign(u) * np.maximum(np.abs(u) - 0.1 * tau, 0), new
        iterates.append(x)
    return np.stack(iterates)


class TestPrimalDual(CellConformance, AlgorithmConformance):
    @pytest.fixture
    def cell(self) -> Cell:
        return create_cell(PATH)

    @pytest.fixture
    def reference(self) -> Reference:
        return primal_dual


def test_it_is_known_by_its_path_alone() -> None:
    assert PATH not in cell_names()
    assert create_cell(PATH).describe() == PATH
    other = create_cell(PATH, {"l1": 0.2})
    assert other.describe() == {"name": PATH, "l1": 0.2, "sigma": 0.5}
    assert cell_from(other.describe()) == other == PrimalDual(l1=0.2)


def test_the_reference_solves_the_lasso() -> None:
    rng = np.random.default_rng(0)
    dictionary = rng.standard_normal((8, 12))
    b = rng.standard_normal((5, 8))
    x = primal_dual(dictionary, b, 5000)[-1]
    slope = (b - x @ dictionary.T) @ dictionary  # In 0.1 times the subdifferential of the l1 norm.
    assert np.all(np.abs(slope) <= 0.1 + 1e-9)
    np.testing.assert_allclose(slope[x != 0], 0.1 * np.sign(x[x != 0]), atol=1e-9)
