"""HyperLISTA: its recurrence against an independent one, its weights, and what it refuses."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders import UnrolledNetwork, build
from builders.analytic import analytic_weights
from builders.cells import create_cell
from builders.cells.hyperlista import HyperLista
from builders.ranges import Range
from builders.symmetric import symmetric_weights
from genome import Genome, InputError

Floats = NDArray[np.float64]

K = 9
NUMBERS = {
    "mostly selected": (0.05, 0.02, 20.0),
    "hardly selected": (0.03, 0.06, 1.3),
    "soft": (0.02, 0.1, 0.1),
}


def unit(m: int, n: int, seed: int = 5) -> Floats:
    matrix = np.random.default_rng(seed).standard_normal((m, n))
    columns: Floats = matrix / np.linalg.norm(matrix, axis=0)
    return columns


def signals(samples: int, n: int) -> Floats:
    rng = np.random.default_rng(6)
    support = rng.random((samples, n)) < 0.12
    support[:, 0] |= ~support.any(axis=1)
    return rng.standard_normal((samples, n)) * support


def symmetric(dictionary: Floats) -> Floats:
    """The weights by another way: least norm in the symmetric matrices, by their m (m + 1) / 2 entries."""
    m, n = dictionary.shape
    rows, columns = np.triu_indices(m)
    basis = np.zeros((len(rows), m, m))
    basis[np.arange(len(rows)), rows, columns] = basis[np.arange(len(rows)), columns, rows] = 1
    images = np.einsum("mi,kml,lj->kij", dictionary, basis, dictionary)
    diagonals = images[:, np.arange(n), np.arange(n)].T
    gram = np.einsum("kij,lij->kl", images, images)
    zeros = np.zeros((n, n))
    system = np.block([[gram, diagonals.T], [diagonals, zeros]])
    solution = np.linalg.lstsq(system, np.r_[np.zeros(len(rows)), np.ones(n)], rcond=None)[0]
    result: Floats = np.einsum("k,kml->ml", solution[: len(rows)], basis) @ dictionary
    return result


def analytic(dictionary: Floats) -> Floats:
    weights = np.linalg.inv(dictionary @ dictionary.T) @ dictionary
    result: Floats = weights / (weights * dictionary).sum(axis=0)
    return result


def hyperlista(dictionary: Floats, weights: Floats, b: Floats, c: tuple[float, float, float]) -> Floats:
    """All iterates, one sample after the other, in float64."""
    inverse, n = np.linalg.pinv(dictionary), dictionary.shape[1]
    iterates = np.zeros((K, len(b), n))
    for sample, measured in enumerate(b):
        x = before = np.zeros(n)
        for layer in range(K):
            residual = dictionary @ x - measured
            error = np.abs(inverse @ residual).sum()
            ratio = np.abs(inverse @ measured).sum() / error
            count = int(np.floor(c[2] * min(max(np.log(ratio), 0), n) + 0.5))
            u = x - weights.T @ residual + c[1] * np.count_nonzero(x) * (x - before)
            new = np.sign(u) * np.maximum(np.abs(u) - c[0] * error, 0)
            for entry in np.argsort(-np.abs(u))[:count]:
                if abs(u[entry]) > c[0] * error:
                    new[entry] = u[entry]
            before, x = x, new
            iterates[layer, sample] = x
    return iterates


def network(dictionary: Floats, cell: HyperLista, c: tuple[float, float, float]) -> UnrolledNetwork:
    made = build(Genome.lista(K), torch.from_numpy(dictionary), cell=cell)
    with torch.no_grad():
        for name, number in zip(("c1", "c2", "c3"), c, strict=True):
            made.get_parameter(name).fill_(number)
    return made


@pytest.mark.parametrize("numbers", NUMBERS.values(), ids=NUMBERS.keys())
@pytest.mark.parametrize("form", ["analytic", "symmetric"])
def test_is_the_published_recurrence_layer_by_layer(form: str, numbers: tuple[float, float, float]) -> None:
    dictionary = unit(12, 20).astype(np.float32).astype(float)
    b = (signals(25, 20) @ dictionary.T).astype(np.float32)
    weights = {"analytic": analytic, "symmetric": symmetric}[form](dictionary)
    expected = hyperlista(dictionary, weights, b.astype(float), numbers)
    made = network(dictionary, HyperLista(symmetric=form == "symmetric"), numbers)
    with torch.no_grad():
        found = made.layer_outputs(torch.from_numpy(b)).double().numpy()
    for layer in range(K):
        assert np.linalg.norm(found[layer] - expected[layer]) <= 1e-5 * np.linalg.norm(expected[layer])


@pytest.mark.parametrize("shape", [(12, 20), (8, 33), (20, 20)])
def test_symmetric_weights_are_feasible_and_least(shape: tuple[int, int]) -> None:
    dictionary = unit(*shape)
    weights = symmetric_weights(torch.from_numpy(dictionary)).numpy()
    jacobian = weights.T @ dictionary
    np.testing.assert_allclose(np.diag(jacobian), 1, rtol=1e-9)
    np.testing.assert_allclose(jacobian, jacobian.T, atol=1e-9)
    assert np.linalg.eigvalsh(jacobian).min() > -1e-9
    np.testing.assert_allclose(weights, symmetric(dictionary), rtol=1e-6, atol=1e-8)
    norms = [np.linalg.norm(w.T @ dictionary) for w in (analytic(dictionary), weights, dictionary)]
    assert norms[0] <= norms[1] * (1 + 1e-12) <= norms[2] * (1 + 2e-12)


def test_symmetric_weights_of_an_orthonormal_dictionary_are_itself() -> None:
    dictionary = torch.linalg.qr(torch.from_numpy(unit(9, 9)))[0]
    torch.testing.assert_close(symmetric_weights(dictionary), dictionary)


def test_the_forms_of_the_weights_differ_and_are_the_options() -> None:
    dictionary = torch.from_numpy(unit(12, 20)).float()
    plain, other = HyperLista().constants(dictionary), HyperLista(symmetric=True).constants(dictionary)
    torch.testing.assert_close(plain["W_fixed"], analytic_weights(dictionary).float())
    assert (plain["W_fixed"] - other["W_fixed"]).abs().max() > 0.01
    assert create_cell("hyperlista", {"symmetric": True}) == HyperLista(symmetric=True)
    assert HyperLista(symmetric=True).describe() == {"name": "hyperlista", "symmetric": True}


def test_a_dictionary_without_symmetric_weights_is_refused() -> None:
    parallel = torch.tensor([[1.0, 2.0, 0.0], [0.0, 0.0, 1.0]])
    with pytest.raises(InputError, match=r"shape \(2, 3\) where the diagonal is off by"):
        symmetric_weights(parallel)
    with pytest.raises(InputError, match="the negative eigenvalue -"):
        symmetric_weights(torch.from_numpy(unit(3, 4, seed=12)))


def test_zero_measurements_and_exact_signals_stay_finite() -> None:
    dictionary = unit(12, 20)
    made = network(dictionary, HyperLista(), (0.05, 0.02, 20.0))
    with torch.no_grad():
        assert not made(torch.zeros(2, 12)).any()
        assert made(torch.zeros(0, 12)).shape == (0, 20)
    orthonormal = network(np.eye(6), HyperLista(), (0.01, 0.0, 1e6))
    b = torch.tensor([[3.0, 0.0, -2.0, 0.0, 0.0, 5.0]])
    with torch.no_grad():
        torch.testing.assert_close(orthonormal(b), b, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("genome", "what"),
    [
        (Genome.from_connections(4, [(4, 2)]), "a connection from layer 2 to layer 4"),
        (Genome.from_connections(3, [], side=(True, False, True)), "no side connection in layer 2"),
        (Genome.from_connections(3, [], neurons=("soft", "soft", "relu")), "neuron relu in layer 3"),
        (Genome.from_connections(2, [], neurons=("support", "soft")), "neuron support in layer 1"),
    ],
)
def test_genomes_other_than_listas_are_refused(genome: Genome, what: str) -> None:
    with pytest.raises(InputError, match=f"takes the genome of LISTA only, got {what}"):
        build(genome, torch.from_numpy(unit(6, 9)), cell="hyperlista")


def test_it_costs_three_numbers_and_the_products() -> None:
    counted = HyperLista().costs(Genome.lista(3), m=5, n=7)
    assert counted.parameters == 3
    assert counted.multiply_adds == 8 * 35 + 2 * 7


@pytest.mark.parametrize(("low", "high", "log"), [(2.0, 1.0, False), (0.0, 1.0, True), (0.0, np.inf, False)])
def test_impossible_ranges_are_refused(low: float, high: float, log: bool) -> None:
    with pytest.raises(InputError, match="The ends of a range must be"):
        Range(low, high, log)


def test_places_in_a_range() -> None:
    logarithmic = Range(1e-2, 1e2, log=True)
    np.testing.assert_allclose(logarithmic.at(np.array([0.0, 0.25, 0.5, 1.0])), [0.01, 0.1, 1.0, 100.0])
    assert logarithmic.place(10.0) == pytest.approx(0.75)
    assert Range(-1.0, 3.0).place(0.0) == 0.25
    assert Range(-1.0, 3.0).place(9.0) == 1.0
