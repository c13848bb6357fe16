"""ALISTA's analytic weights are optimal, whatever the rank of the dictionary."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders.analytic import analytic_weights, pseudo_inverse
from genome import InputError

Floats = NDArray[np.float64]


def rounded(matrix: Floats) -> Floats:
    """As dictionaries come: float32."""
    return matrix.astype(np.float32).astype(np.float64)


def gaussian(m: int, n: int, seed: int = 0) -> Floats:
    matrix = np.random.default_rng(seed).standard_normal((m, n))
    return rounded(matrix / np.linalg.norm(matrix, axis=0))


def low_rank() -> Floats:
    """Rank 5 before it is rounded, and 12 after."""
    return rounded(gaussian(12, 5) @ gaussian(5, 20, seed=1))


DICTIONARIES = {
    "25 x 50": gaussian(25, 50),
    "columns of other norms": rounded(gaussian(12, 20) * np.linspace(0.1, 3, 20)),
    "a row twice": np.concatenate((gaussian(6, 15), gaussian(6, 15)[:2])),
    "a row of zeros": np.concatenate((gaussian(6, 15), np.zeros((1, 15)))),
    "a column twice": np.concatenate((gaussian(6, 9), gaussian(6, 9)[:, :1]), axis=1),
    "low rank": low_rank(),
    "more rows than columns": gaussian(20, 12),
    "square": gaussian(10, 10),
}


def weights(dictionary: Floats) -> Floats:
    made: Floats = analytic_weights(torch.from_numpy(dictionary).float()).numpy()
    return made


@pytest.mark.parametrize("name", DICTIONARIES)
def test_weights_satisfy_the_optimality_condition(name: str) -> None:
    dictionary = DICTIONARIES[name]
    made = weights(dictionary)
    assert made.shape == dictionary.shape
    np.testing.assert_allclose((made * dictionary).sum(axis=0), 1, rtol=1e-9)
    # The constraint leaves the directions orthogonal to a weight's column; along these, no slope.
    gradient = 2 * dictionary @ (dictionary.T @ made)
    along = (gradient * dictionary).sum(axis=0) / np.square(dictionary).sum(axis=0)
    tangent = gradient - along * dictionary
    # What counts as rounding errors of a dictionary of low rank is left out.
    assert np.abs(tangent).max() < (1e-5 if name == "low rank" else 1e-9) * np.abs(gradient).max()


@pytest.mark.parametrize("name", DICTIONARIES)
def test_no_feasible_change_lowers_the_objective(name: str) -> None:
    dictionary = DICTIONARIES[name]
    made = weights(dictionary)
    least = np.linalg.norm(made.T @ dictionary)
    rng = np.random.default_rng(1)
    for size in (1e-3, 0.1, 1.0):
        change = size * rng.standard_normal(made.shape)
        change -= (change * dictionary).sum(0) / np.square(dictionary).sum(0) * dictionary
        assert np.linalg.norm((made + change).T @ dictionary) >= least * (1 - 1e-9)


def test_weights_of_a_dictionary_with_independent_columns_invert_it() -> None:
    dictionary = DICTIONARIES["more rows than columns"]
    np.testing.assert_allclose(weights(dictionary).T @ dictionary, np.eye(12), atol=1e-12)


def test_of_all_solutions_the_shortest() -> None:
    assert (weights(DICTIONARIES["a row of zeros"])[-1] == 0).all()
    twice = weights(DICTIONARIES["a row twice"])
    np.testing.assert_allclose(twice[:2], twice[-2:], rtol=1e-9)


def test_rank_lost_before_rounding_does_not_come_back() -> None:
    dictionary = low_rank()
    assert np.linalg.matrix_rank(dictionary) == 12
    inverse = pseudo_inverse(torch.from_numpy(dictionary).float()).numpy()
    assert np.linalg.matrix_rank(inverse) == 5
    assert np.abs(inverse).max() < 100


def test_a_column_within_the_rounding_errors_of_the_others_is_refused() -> None:
    dictionary = torch.zeros(4, 4)
    dictionary[:3, :3] = torch.eye(3)
    dictionary[3, 3] = 1e-9
    with pytest.raises(InputError, match=r"above the rounding errors .* column 3 of norm 1\.0e-09"):
        analytic_weights(dictionary)
    dictionary[3, 3] = 1e-2
    torch.testing.assert_close(analytic_weights(dictionary).diagonal()[3], torch.tensor(100.0).double())
