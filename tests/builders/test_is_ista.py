"""An unrolled network that was never trained is the algorithm it unrolls."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders import UnrolledNetwork, build
from genome import Genome

LAMBDA = 0.4

Floats = NDArray[np.float64]
Case = tuple[Floats, Floats]


def shrink(u: Floats, threshold: float) -> Floats:
    return np.sign(u) * np.maximum(np.abs(u) - threshold, 0)


def ista(dictionary: Floats, b: Floats, iterations: int) -> Floats:
    """Plain ISTA for 0.5 ||b - D x||^2 + lambda ||x||_1, all iterates, in float64."""
    lipschitz = 1.001 * float(np.linalg.norm(dictionary, 2)) ** 2
    x = np.zeros((b.shape[0], dictionary.shape[1]))
    iterates = []
    for _ in range(iterations):
        x = shrink(x + (b - x @ dictionary.T) @ dictionary / lipschitz, LAMBDA / lipschitz)
        iterates.append(x)
    return np.stack(iterates)


def fista(dictionary: Floats, b: Floats, iterations: int) -> tuple[Floats, list[float]]:
    """FISTA (Beck and Teboulle 2009) for the same problem; also the momentum of each extrapolation."""
    lipschitz = 1.001 * float(np.linalg.norm(dictionary, 2)) ** 2
    x = y = np.zeros((b.shape[0], dictionary.shape[1]))
    t = 1.0
    iterates, momenta = [], []
    for _ in range(iterations):
        new = shrink(y + (b - y @ dictionary.T) @ dictionary / lipschitz, LAMBDA / lipschitz)
        t_new = (1 + np.sqrt(1 + 4 * t**2)) / 2
        momenta.append((t - 1) / t_new)
        y = new + momenta[-1] * (new - x)
        x, t = new, t_new
        iterates.append(x)
    return np.stack(iterates), momenta


@pytest.fixture
def case() -> Case:
    rng = np.random.default_rng(3)
    dictionary = rng.standard_normal((12, 20))
    return dictionary / np.linalg.norm(dictionary, axis=0), rng.standard_normal((7, 12))


def iterates(network: UnrolledNetwork, b: Floats) -> Floats:
    with torch.no_grad():
        outputs: Floats = network.layer_outputs(torch.from_numpy(b).float()).double().numpy()
    return outputs


@pytest.mark.parametrize("extra", [0, 1])
def test_untrained_sum_form_is_ista_whatever_is_connected(case: Case, extra: int) -> None:
    dictionary, b = case
    genome = [Genome.lista(9), Genome.dense(9)][extra]
    network = build(genome, dictionary)
    np.testing.assert_allclose(iterates(network, b), ista(dictionary, b, 9), rtol=2e-5, atol=2e-6)


def test_untrained_mean_form_of_lista_is_ista(case: Case) -> None:
    dictionary, b = case
    network = build(Genome.lista(9), dictionary, form="mean")
    np.testing.assert_allclose(iterates(network, b), ista(dictionary, b, 9), rtol=2e-5, atol=2e-6)


def test_untrained_mean_form_of_dense_averages_and_is_not_ista(case: Case) -> None:
    dictionary, b = case
    network = build(Genome.dense(9), dictionary, form="mean")
    assert np.abs(iterates(network, b) - ista(dictionary, b, 9)).max() > 0.01


def test_lfista_with_momentum_coefficients_is_fista(case: Case) -> None:
    dictionary, b = case
    expected, momenta = fista(dictionary, b, 10)
    network = build(Genome.lfista(10), dictionary)
    with_its_own_start = build(Genome.lfista(10), dictionary, form="fista")
    coefficient = network.get_parameter("coefficient")
    with torch.no_grad():
        for layer in range(2, 10):
            coefficient[layer, layer - 1] = 1 + momenta[layer - 1]
            coefficient[layer, layer - 2] = -momenta[layer - 1]
    for each in (network, with_its_own_start):
        np.testing.assert_allclose(iterates(each, b), expected, rtol=2e-5, atol=5e-6)
