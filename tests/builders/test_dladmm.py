"""D-LADMM: the published network, linearized ADMM in NumPy, and what connections join."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders import build
from builders.cells import Inputs, create_cell
from builders.cells.base import Cell
from builders.cells.dladmm import Dladmm, Joins
from builders.costs import costs
from builders.genes import Genes
from builders.injections import COEFFICIENT
from genome import Genome, InputError, Neuron

Floats = NDArray[np.floating]
M, N, K = 9, 14, 5


def soft(u: Floats, threshold: float) -> Floats:
    return np.sign(u) * np.maximum(np.abs(u) - threshold, 0)


def linearized_admm(dictionary: Floats, b: Floats, penalty: float, iterations: int) -> list[Floats]:
    """Z after each iteration for ``min |Z|_1 + |E|_1``, ``A Z + E = b``, with the multiplier itself."""
    bound = 1.001 * penalty * float(np.linalg.norm(dictionary, 2)) ** 2
    z: Floats = np.zeros((len(b), dictionary.shape[1]))
    e: Floats = np.zeros_like(b)
    multiplier: Floats = np.zeros_like(b)
    signals: list[Floats] = []
    for _ in range(iterations):
        gradient = (multiplier + penalty * (z @ dictionary.T + e - b)) @ dictionary
        z = soft(z - gradient / bound, 1 / bound)
        e = soft(b - z @ dictionary.T - multiplier / penalty, 1 / penalty)
        multiplier = multiplier + penalty * (z @ dictionary.T + e - b)
        signals.append(z)
    return signals


def unrolled(
    dictionary: Floats, b: Floats, values: Mapping[str, Floats], factors: Floats, joins: Joins
) -> list[Floats]:
    """The network sample by sample, with a weighted sum of earlier states as the input of a layer."""
    m, n = dictionary.shape
    layers = len(factors)
    signals: list[Floats] = [np.zeros((len(b), n)) for _ in range(layers)]
    for sample, measured in enumerate(b):
        states: list[tuple[Floats, ...]] = []
        for k in range(layers):
            z, e, multiplier = states[-1] if k else (np.zeros(n), np.zeros(m), np.zeros(m))
            if k:
                mixed = [np.tensordot(factors[k, :k], list(each), 1) for each in zip(*states, strict=True)]
                z, e, multiplier = mixed if joins == "all" else (mixed[0], e, multiplier)
            beta_1, beta_2 = values["beta_1"][k], values["beta_2"][k]
            direction = multiplier + beta_1 * (dictionary @ z + e - measured)
            z = soft(z - values["W"][k].T @ direction, values["theta_Z"][k])
            e = soft(measured - dictionary @ z - beta_2 * multiplier, values["theta_E"][k])
            states.append((z, e, multiplier + beta_1 * (dictionary @ z + e - measured)))
            signals[k][sample] = z
    return signals


@pytest.fixture
def dictionary() -> Floats:
    matrix = np.random.default_rng(4).standard_normal((M, N))
    unit: Floats = matrix / np.linalg.norm(matrix, axis=0)
    return unit


def sparse(rng: np.random.Generator, samples: int, n: int, nonzero: int) -> Floats:
    places = np.argsort(rng.random((samples, n)), axis=1)
    return np.where(places < nonzero, rng.standard_normal((samples, n)), 0.0)


def outputs(
    cell: str | Cell, genome: Genome, dictionary: Floats, b: Floats, values: Mapping[str, Floats]
) -> Floats:
    network = build(genome, dictionary, cell=cell)
    with torch.no_grad():
        for name, value in values.items():
            network.get_parameter(name).copy_(torch.from_numpy(value))
        made: Floats = network.layer_outputs(torch.from_numpy(b).float()).double().numpy()
    return made


def test_the_published_network_is_reproduced_state_by_state(shared: Path) -> None:
    with np.load(shared / "data/reference/dladmm_released_outputs.npz") as file:
        data = {name: torch.from_numpy(file[name]) for name in file.files}
    layers, samples, n = data["Z"].shape
    values = {
        "D": data["dictionary"],
        "W": data["W"].mT[None],
        "beta_1": data["beta1"][None],
        "beta_2": data["beta2"][None],
        "theta_Z": data["threshold_z"].expand(1, layers),
        "theta_E": data["threshold_e"].expand(1, layers),
    }
    cell, genes = create_cell("dladmm"), Genes.of([Genome.lista(layers)])
    shared_values = cell.prepare(values, data["b"][None])
    state = torch.cat((data["x0"], torch.zeros(samples, cell.carried(*data["dictionary"].shape))), dim=1)[
        None
    ]
    for layer in range(layers):
        state = cell.step(layer, Inputs(state), shared_values, values, genes)
        for name, part in {"Z": slice(n), "E": slice(n, n + 16), "L": slice(n + 16, n + 32)}.items():
            error = float((state[0, :, part] - data[name][layer]).norm() / data[name][layer].norm())
            assert error < 1e-5, f"{name} after layer {layer + 1}: relative error {error:.2e}"


@pytest.mark.parametrize("joins", ["signal", "all"])
@pytest.mark.parametrize("genome", [Genome.lista(9), Genome.dense(9)], ids=["lista", "dense"])
def test_untrained_it_is_linearized_admm(dictionary: Floats, genome: Genome, joins: Joins) -> None:
    rng = np.random.default_rng(1)
    b = sparse(rng, 20, N, 3) @ dictionary.T + 0.5 * sparse(rng, 20, M, 1)
    expected = linearized_admm(dictionary, b, 2.5, 9)
    np.testing.assert_allclose(
        outputs(Dladmm(joins), genome, dictionary, b, {}), expected, rtol=2e-5, atol=2e-6
    )


def test_untrained_it_recovers_signals_and_sparse_errors_exactly() -> None:
    rng = np.random.default_rng(2)
    matrix = torch.from_numpy(rng.standard_normal((60, 80))).float()
    matrix /= matrix.norm(dim=0)
    x, gross = sparse(rng, 30, 80, 3), 2 * sparse(rng, 30, 60, 2)
    b = torch.from_numpy(x @ matrix.double().numpy().T + gross).float()
    cell, genes = create_cell("dladmm"), Genes.of([Genome.lista(1)])
    values = {spec.name: spec.initial[None] for spec in cell.parameters(matrix, 1)} | {"D": matrix}
    state, given = torch.zeros(1, 30, 80 + 120), cell.prepare(values, b[None])
    for _ in range(1500):
        state = cell.step(0, Inputs(state), given, values, genes)
    z, e = state[0, :, :80].double(), state[0, :, 80:140].double()
    assert float((z - torch.from_numpy(x)).norm() / np.linalg.norm(x)) < 1e-4
    assert float((e - torch.from_numpy(gross)).norm() / np.linalg.norm(gross)) < 1e-4


@pytest.mark.parametrize("joins", ["signal", "all"])
def test_connections_join_what_the_option_says(dictionary: Floats, joins: Joins) -> None:
    rng = np.random.default_rng(6)
    b = rng.standard_normal((4, M))
    genome = Genome.from_connections(K, [(3, 1), (5, 2), (5, 3)])
    values = {
        "W": 0.2 * rng.standard_normal((K, M, N)),
        "beta_1": rng.uniform(0.5, 1.5, (K, M)),
        "beta_2": rng.uniform(0.5, 1.5, (K, M)),
        "theta_Z": rng.uniform(0.0, 0.1, K),
        "theta_E": rng.uniform(0.0, 0.3, K),
        COEFFICIENT: rng.uniform(-0.5, 1.0, (K, K)),
    }
    gates = np.zeros((K, K))
    for destination in range(2, K + 1):
        gates[destination - 1, [source - 1 for source in genome.sources(destination)]] = 1
    expected = unrolled(dictionary, b, values, gates * values[COEFFICIENT], joins)
    made = outputs(Dladmm(joins), genome, dictionary, b, values)
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=2e-5)


def test_a_layer_without_side_connection_is_refused(dictionary: Floats) -> None:
    genome = Genome(Genome.lista(3).gates, ("soft",) * 3, (True, True, False))
    with pytest.raises(InputError, match=r"all side connections only, got none in layer 3\."):
        build(genome, dictionary, cell="dladmm")


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(InputError, match="joins of cell 'dladmm' must be one of signal, all, got 'some'"):
        create_cell("dladmm", {"joins": "some"})


@pytest.mark.parametrize("layers", [1, 2, 5])
def test_costs_are_the_parameters_that_the_output_depends_on(dictionary: Floats, layers: int) -> None:
    neurons: list[Neuron] = ["soft"] * layers
    neurons[-1] = "relu"
    genome = Genome(Genome.dense(layers).gates, tuple(neurons), (True,) * layers)
    network = build(genome, dictionary, cell="dladmm")
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(torch.rand(parameter.shape, generator=rng) + 0.5)
            parameter.add_(0.1 * torch.rand(parameter.shape, generator=rng))
    network(3 * torch.randn(300, M, generator=rng)).square().sum().backward()
    read = sum(int(torch.count_nonzero(p.grad)) for p in network.parameters() if p.grad is not None)
    assert costs(genome, create_cell("dladmm"), M, N, "sum").parameters == read


def test_multiply_adds_in_numbers() -> None:
    def count(layers: int) -> int:
        return create_cell("dladmm").costs(Genome.lista(layers), 10, 100).multiply_adds

    assert count(1) == 1000 + 10
    assert count(2) == count(1) + 3 * 1000 + 2 * 10
    assert count(3) == count(2) + 3 * 1000 + 3 * 10
