"""Injections against NumPy: what a layer is given, for any genome, with any numbers in the parameters."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders import UnrolledNetwork, build
from builders.costs import costs
from builders.injections import Form, injection
from genome import DesignSpace, Genome

Floats = NDArray[np.float64]

K, M, N = 6, 8, 13
FORMS: tuple[Form, ...] = (
    "sum",
    "mean",
    "fista",
    "sum_from_mean",
    "mean_from_chain",
    "naive",
    "momentum",
)
RNG = np.random.default_rng(4)
DICTIONARY = RNG.standard_normal((M, N)) / np.sqrt(M)
B = RNG.standard_normal((5, M))
SAMPLED = [DesignSpace(K, search_side=True).sample(RNG) for _ in range(4)]
GENOMES = [Genome.lista(K), Genome.lfista(K), Genome.dense(K), *SAMPLED]

every_genome = pytest.mark.parametrize("genome", GENOMES, ids=lambda genome: genome.digest)


def shaken(genome: Genome, form: Form) -> UnrolledNetwork:
    """A network whose parameters are off their start."""
    network = build(genome, DICTIONARY, form=form)
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return network


def activate(u: Floats, threshold: float, kind: str) -> Floats:
    if kind == "soft":
        return np.sign(u) * np.maximum(np.abs(u) - threshold, 0)
    return np.where(u > 0, u, (0.1 if kind == "leaky_relu" else 0.0) * u)


def by_hand(network: UnrolledNetwork, form: Form) -> Floats:
    """Equations (4) and (6) of the paper, (NA) and (MM) of its appendix, layer by layer in float64."""
    values = {name: value.detach().double().numpy() for name, value in network.named_parameters()}
    genome, outputs = network.genome, list[Floats]()
    for d in range(1, K + 1):
        u = B @ values["W_b"] * genome.side[d - 1]
        sources = genome.sources(d)
        for s in sources:
            match form:
                case "sum" | "sum_from_mean":
                    factor = values["coefficient"][d - 1, s - 1]
                case "mean" | "mean_from_chain":
                    factor = values["coefficient"][d - 1, s - 1] / len(sources)
                case "fista":
                    alone = s == d - 1 and d > 2 and d - 2 not in sources
                    factor = values["coefficient"][d - 1, s - 1] / (1 + (momentum(d) if alone else 0))
                case "naive":
                    factor = values["alpha"][d - 1] / len(sources)
                case "momentum":
                    factor = values["coefficient"][d - 1, s - 1]
            own = form == "momentum" and s < d - 1
            u = u + factor * outputs[s - 1] @ values[f"W_{d - s}" if own else "W_x"]
        outputs.append(activate(u, values["theta"][d - 1], genome.neurons[d - 1]))
    return np.stack(outputs)


def momentum(destination: int) -> float:
    """FISTA's ``(t_{d-1} - 1) / t_d``."""
    t = [1.0]
    while len(t) < destination:
        t.append((1 + np.sqrt(1 + 4 * t[-1] ** 2)) / 2)
    return float((t[-2] - 1) / t[-1])


@every_genome
@pytest.mark.parametrize("form", FORMS)
def test_every_injection_computes_its_equation(genome: Genome, form: Form) -> None:
    network = shaken(genome, form)
    with torch.no_grad():
        outputs = network.layer_outputs(torch.from_numpy(B).float()).numpy()
    np.testing.assert_allclose(outputs, by_hand(network, form), rtol=1e-5, atol=1e-5)


@every_genome
@pytest.mark.parametrize("form", ["sum", "mean_from_chain", "momentum"])
def test_three_forms_start_as_the_plain_chain_whatever_is_connected(genome: Genome, form: Form) -> None:
    chain = Genome.from_connections(K, (), genome.neurons, genome.side)
    b = torch.from_numpy(B).float()
    with torch.no_grad():
        torch.testing.assert_close(
            build(genome, DICTIONARY, form=form)(b), build(chain, DICTIONARY)(b), rtol=1e-6, atol=1e-7
        )


@every_genome
def test_a_sum_that_starts_from_the_mean_starts_as_the_mean_does(genome: Genome) -> None:
    b = torch.from_numpy(B).float()
    with torch.no_grad():
        torch.testing.assert_close(
            build(genome, DICTIONARY, form="sum_from_mean")(b), build(genome, DICTIONARY, form="mean")(b)
        )


def test_fista_starts_as_the_plain_chain_where_nothing_is_two_layers_back() -> None:
    genome = Genome.from_connections(K, [(d, 1) for d in range(4, K + 1)])
    b = torch.from_numpy(B).float()
    with torch.no_grad():
        expected = build(Genome.lista(K), DICTIONARY)(b)
        torch.testing.assert_close(build(genome, DICTIONARY, form="fista")(b), expected)


@pytest.mark.parametrize("form", FORMS)
def test_without_extra_connections_every_injection_is_the_same_network(form: Form) -> None:
    b = torch.from_numpy(B).float()
    with torch.no_grad():
        expected = build(Genome.lista(K), DICTIONARY)(b)
        torch.testing.assert_close(build(Genome.lista(K), DICTIONARY, form=form)(b), expected)


def test_momentum_matrices_come_in_with_the_first_layer_that_can_use_them() -> None:
    specs = {spec.name: spec for spec in injection("momentum").parameters(K, N)}
    assert {name: spec.introduced for name, spec in specs.items()} == {
        "coefficient": None,
        "W_2": 3,
        "W_3": 4,
        "W_4": 5,
        "W_5": 6,
    }


@every_genome
@pytest.mark.parametrize("form", FORMS)
def test_costs_count_the_numbers_that_the_output_depends_on(genome: Genome, form: Form) -> None:
    network = shaken(genome, form).double()
    b = torch.from_numpy(B)
    network(b).square().sum().backward()
    read = 0
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None
        # Matrices are read whole, though an entry's gradient may vanish by chance of the batch.
        if parameter.dim() == 2 and name != "coefficient":
            read += bool(parameter.grad.any()) * parameter.numel()
        else:
            read += int(parameter.grad.count_nonzero())
    counted = costs(genome, network.cell, M, N, form)
    assert counted.parameters == read
    distances = [d - s for d in range(1, K + 1) for s in genome.sources(d)]
    products = N * N * sum(distance > 1 for distance in distances) if form == "momentum" else 0
    assert counted.multiply_adds == M * N + (K - 1) * N * N + N * len(distances) + products
