"""The cells of the LISTA family are their algorithms, layer by layer, as NumPy computes them in float64."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from builders import UnrolledNetwork, build
from builders.cells import Cell, cell_from, create_cell
from builders.files import load_network, save_network
from builders.genes import Genes
from builders.injections import Form, injection
from builders.unroll import network_layout, unroll
from genome import DesignSpace, Genome
from genome.neurons import ALL_NEURONS
from genome.thresholds import THRESHOLDS, ThresholdKind
from genome.weights import WEIGHTS

M, N, K = 12, 20, 6
LAMBDA = 0.4

Floats = NDArray[np.float64]
Values = Mapping[str, Floats]

CELLS: dict[str, Cell] = {
    "lista": create_cell("lista"),
    "lista untied": create_cell("lista", {"tied": False}),
    "lista_cp": create_cell("lista_cp"),
    "lista_cp tied": create_cell("lista_cp", {"tied": True}),
    "alista": create_cell("alista"),
    "step_lista": create_cell("step_lista"),
    "step_lista 0.1": create_cell("step_lista", {"l1": 0.1}),
    "hybrid": create_cell("hybrid"),
}
each_cell = pytest.mark.parametrize("name", CELLS)


def dictionary(m: int = M, n: int = N) -> Floats:
    matrix = np.random.default_rng(3).standard_normal((m, n))
    unit: Floats = (matrix / np.linalg.norm(matrix, axis=0)).astype(np.float32).astype(np.float64)
    return unit


def measurements(batch: int = 9, seed: int = 4) -> Tensor:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((batch, N)) * (rng.random((batch, N)) < 0.2)
    return torch.from_numpy(x @ dictionary().T).float()


def random_genome(name: str, seed: int) -> Genome:
    """Extra connections, side gates, all neurons and, for the hybrid, all weights and thresholds."""
    rng = np.random.default_rng(seed)

    def draw(names: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(names[i] for i in rng.integers(len(names), size=K))

    genome = replace(DesignSpace(K, search_side=True).sample(rng), neurons=draw(ALL_NEURONS))
    return replace(genome, weights=draw(WEIGHTS), thresholds=draw(THRESHOLDS)) if name == "hybrid" else genome


def with_thresholds(genome: Genome, kind: ThresholdKind) -> Genome:
    return replace(genome, thresholds=(kind,) * genome.layers)


def disturb(network: UnrolledNetwork, seed: int) -> UnrolledNetwork:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in network.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.mul_(1 + 0.1 * noise).add_(0.01 * noise.flip(0))
    return network


def neuron(name: str, u: Floats, threshold: Floats | float, layer: int) -> Floats:
    """Layers count from 1."""
    if name in ("relu", "leaky_relu"):
        slope = {"relu": 0.0, "leaky_relu": 0.1}[name]
        return np.where(u > 0, u, slope * u)
    shrunk = np.sign(u) * np.maximum(np.abs(u) - threshold, 0)
    if name == "support":
        count = round(min(1.2 * layer, 13) / 100 * u.shape[1])
        rank = np.argsort(np.argsort(-np.abs(u), axis=1), axis=1)
        return np.where((rank < count) & (np.abs(u) > threshold), u, shrunk)
    return shrunk


def pre_activation(
    cell: Cell, weights: str, layer: int, z: Floats, b: Floats, v: Values
) -> tuple[Floats, Floats | float]:
    """Pre-activation and threshold of a layer, counted from 0; b is zero without its side gate."""
    d = dictionary()
    residual = b - z @ d.T
    theta = float(v["theta"][layer]) if "theta" in v else 0.0
    if cell.name == "step_lista":
        gamma = float(v["gamma"][layer])
        return z + gamma * residual @ d, gamma * cell.l1  # type: ignore[attr-defined]
    own = layer if getattr(cell, "tied", True) is False else ...
    kind = {"lista": "free", "lista_cp": "coupled", "alista": "analytic"}.get(cell.name, weights)
    if kind == "free":
        return b @ v["W_b"][own] + z @ v["W_x"][own], theta
    if kind == "coupled":
        return z + residual @ v["W"][own], theta
    inverse = np.linalg.pinv(d @ d.T) @ d
    analytic = inverse / (d * inverse).sum(axis=0)
    return z + v["gamma"][layer] * residual @ analytic, theta


def layers_in_numpy(cell: Cell, genome: Genome, form: Form, v: Values, b: Floats) -> list[Floats]:
    outputs: list[Floats] = []
    d = dictionary()
    for layer in range(genome.layers):
        side = b * genome.side[layer]
        z, pull = np.zeros((len(b), N)), np.zeros((len(b), N))
        for source in genome.sources(layer + 1):
            scaled = v["coefficient"][layer, source - 1] * outputs[source - 1]
            if form == "momentum" and source < layer:
                pull += scaled @ v[f"W_{layer + 1 - source}"]
            else:
                z += scaled
        u, threshold = pre_activation(cell, genome.weights[layer], layer, z, side, v)
        if genome.thresholds[layer] == "adaptive":
            error = (z @ d.T - side) @ np.linalg.pinv(d).T
            threshold = v["kappa"][layer] * np.abs(error).sum(axis=1, keepdims=True)
        outputs.append(neuron(genome.neurons[layer], u + pull, threshold, layer + 1))
    return outputs


def values(network: UnrolledNetwork) -> Values:
    return {name: p.detach().double().numpy() for name, p in network.named_parameters()}


def check(network: UnrolledNetwork, v: Values) -> None:
    b = measurements()
    with torch.no_grad():
        outputs = network.layer_outputs(b).double().numpy()
    expected = layers_in_numpy(network.cell, network.genome, network.form, v, b.double().numpy())
    for layer, (ours, theirs) in enumerate(zip(outputs, expected, strict=True), 1):
        assert np.linalg.norm(theirs) > 1e-3
        error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        assert error < 1e-5, f"layer {layer}: relative error {error:.1e}"


@pytest.mark.parametrize("form", ["sum", "momentum"])
@pytest.mark.parametrize("seed", range(4))
@each_cell
def test_with_random_parameters_every_layer_is_numpys(name: str, seed: int, form: Form) -> None:
    genome = random_genome(name, seed)
    network = disturb(build(genome, dictionary(), cell=CELLS[name], form=form), seed)
    check(network, values(network))


@pytest.mark.parametrize("seed", range(2))
@each_cell
def test_untrained_every_layer_is_numpys_from_the_published_start(name: str, seed: int) -> None:
    cell, d = CELLS[name], dictionary()
    lipschitz = 1.001 * float(np.linalg.norm(d, 2)) ** 2
    gamma = 1 / lipschitz if cell.name == "step_lista" else 1.0
    start: dict[str, Floats] = {
        "W_b": d / lipschitz,
        "W_x": np.eye(N) - d.T @ d / lipschitz,
        "W": d / lipschitz,
        "gamma": np.full(K, gamma),
        "theta": np.full(K, LAMBDA / lipschitz),
        "kappa": np.full(K, 1 / N),
        "coefficient": np.eye(K, k=-1),
    }
    if getattr(cell, "tied", True) is False:
        start |= {weight: np.stack([start[weight]] * K) for weight in ("W_b", "W_x", "W")}
    check(build(random_genome(name, seed), d, cell=cell), start)


@pytest.mark.parametrize(
    "name", ["lista", "lista untied", "lista_cp", "lista_cp tied", "step_lista", "hybrid"]
)
def test_untrained_it_is_ista(name: str) -> None:
    d, b = dictionary(), measurements()
    lipschitz = 1.001 * float(np.linalg.norm(d, 2)) ** 2
    x = np.zeros((len(b), N))
    outputs = build(Genome.lista(K), d, cell=CELLS[name]).layer_outputs(b).detach().numpy()
    for ours in outputs:
        x = x + (b.double().numpy() - x @ d.T) @ d / lipschitz
        x = np.sign(x) * np.maximum(np.abs(x) - LAMBDA / lipschitz, 0)
        np.testing.assert_allclose(ours, x, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("weights", "other"),
    [("free", "lista"), ("coupled", "lista_cp tied"), ("analytic", "alista")],
)
def test_a_hybrid_of_one_kind_is_that_cell_start_and_bits(weights: Any, other: str) -> None:
    genome = random_genome(other, 5)
    hybrid = build(replace(genome, weights=(weights,) * K), dictionary(), cell="hybrid")
    same = build(genome, dictionary(), cell=CELLS[other])
    for trained in (False, True):
        if trained:
            disturb(hybrid, 1)
        for parameter, value in same.named_parameters():
            ours = hybrid.get_parameter(parameter)
            assert trained or torch.equal(ours, value)
            value.data.copy_(ours)
        assert torch.equal(hybrid.layer_outputs(measurements()), same.layer_outputs(measurements()))


def test_adaptive_thresholds_make_a_network_that_scales_with_its_input() -> None:
    genome = with_thresholds(random_genome("hybrid", 2), "adaptive")
    network = disturb(build(genome, dictionary(), cell="hybrid"), 2)
    assert torch.equal(network(4 * measurements()), 4 * network(measurements()))
    learned = disturb(build(with_thresholds(genome, "learned"), dictionary(), cell="hybrid"), 2)
    assert not torch.allclose(learned(4 * measurements()), 4 * learned(measurements()))


@pytest.mark.parametrize("form", ["sum", "momentum"])
@each_cell
def test_a_population_gives_each_member_what_it_gives_alone(name: str, form: Form) -> None:
    genomes = [random_genome(name, seed) for seed in range(7)]
    networks = [
        disturb(build(genome, dictionary(), cell=CELLS[name], form=form), seed)
        for seed, genome in enumerate(genomes)
    ]
    inputs = [measurements(9, seed) for seed in range(7)]
    stacked = {
        key: torch.stack([network.get_parameter(key).detach() for network in networks])
        for key, _ in networks[0].named_parameters()
    }
    constants = CELLS[name].constants(torch.from_numpy(dictionary()).float())
    genes, combination = Genes.of(genomes), injection(form)
    outputs = unroll(
        CELLS[name],
        combination,
        genes,
        combination.weights(genes.gates),
        {**stacked, **constants},
        torch.stack(inputs),
        N,
    )
    for member, (network, b) in enumerate(zip(networks, inputs, strict=True)):
        assert torch.equal(torch.stack([output[member] for output in outputs]), network.layer_outputs(b))


@pytest.mark.parametrize("seed", range(2))
@each_cell
def test_gradients_are_finite_and_those_of_finite_differences(name: str, seed: int) -> None:
    genome = random_genome(name, seed).prefix(3)
    if name == "hybrid":
        thresholds: Any = ("learned", "adaptive", "adaptive") if seed else ("adaptive",) * 3
        kinds: Any = ("coupled", "free", "analytic")
        genome = replace(Genome.lfista(3), weights=kinds, thresholds=thresholds)
    d, cell, combination = torch.from_numpy(dictionary(5, 8)).float(), CELLS[name], injection("sum")
    layout, genes = network_layout(cell, combination, d, 3), Genes.of([genome])
    noise = torch.randn(1, layout.size, generator=torch.Generator().manual_seed(seed))
    row = (layout.initial() * (1 + 0.1 * noise)).double().requires_grad_(True)
    constants = {key: value.double() for key, value in cell.constants(d).items()}
    b = torch.randn(1, 3, 5, generator=torch.Generator().manual_seed(1)).double()

    def outputs(flat: Tensor) -> Tensor:
        weights = combination.weights(genes.gates).double()
        return unroll(cell, combination, genes, weights, {**layout.views(flat), **constants}, b, 8)[-1]

    assert torch.autograd.gradcheck(outputs, (row,))
    (gradient,) = torch.autograd.grad(outputs(row).square().sum(), row)
    assert torch.isfinite(gradient).all()
    used = [key for key, value in layout.views(gradient).items() if bool(value.any())]
    unused = {"theta"} if name == "hybrid" and seed == 0 else set()
    assert {spec.name for spec in layout.specs} - set(used) == unused


@each_cell
def test_described_created_and_filed_it_is_the_same(name: str, tmp_path: Path) -> None:
    cell = CELLS[name]
    assert cell_from(cell.describe()) == cell
    network = disturb(build(random_genome(name, 3), dictionary(), cell=cell), 3)
    save_network(tmp_path / "network.safetensors", network, {})
    again = load_network(tmp_path / "network.safetensors")
    assert torch.equal(again(measurements()), network(measurements()))


def test_a_dictionary_of_less_than_full_rank_is_taken() -> None:
    d = dictionary()
    d[-1] = d[0]
    genome = random_genome("hybrid", 0)
    outputs = build(genome, d, cell="hybrid").layer_outputs(measurements())
    assert torch.isfinite(outputs).all()
    assert float(outputs.detach().abs().max()) < 100
