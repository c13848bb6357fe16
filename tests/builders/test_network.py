"""``build``: shapes, refusals, and what a user of the module sees."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders import build
from builders.neurons import NeuronSelection, neuron, soft_threshold
from genome import Genome, InputError
from genome.neurons import Neuron


def dictionary(m: int = 6, n: int = 10) -> NDArray[np.float64]:
    matrix = np.random.default_rng(0).standard_normal((m, n))
    unit: NDArray[np.float64] = matrix / np.linalg.norm(matrix, axis=0)
    return unit


def test_shapes_and_the_last_layer_is_the_output() -> None:
    network = build(Genome.lfista(5), dictionary())
    b = torch.randn(4, 6, generator=torch.Generator().manual_seed(0))
    outputs = network.layer_outputs(b)
    assert outputs.shape == (5, 4, 10)
    assert torch.equal(network(b), outputs[-1])


def test_parameters_are_the_papers_and_gradients_reach_them() -> None:
    network = build(Genome.lfista(5), dictionary())
    shapes = {name: tuple(p.shape) for name, p in network.named_parameters()}
    assert shapes == {"W_b": (6, 10), "W_x": (10, 10), "theta": (5,), "coefficient": (5, 5)}
    network(torch.ones(3, 6)).square().sum().backward()
    gradients = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
    assert gradients.keys() == shapes.keys()
    assert all(bool(gradient.abs().sum() > 0) for gradient in gradients.values())
    used = gradients["coefficient"].nonzero().tolist()
    assert used == [[1, 0], [2, 0], [2, 1], [3, 1], [3, 2], [4, 2], [4, 3]]


def test_a_gate_that_is_off_has_no_effect() -> None:
    network = build(Genome.lista(5), dictionary())
    b = torch.ones(2, 6)
    before = network(b)
    with torch.no_grad():
        network.get_parameter("coefficient")[4, 0] = 100.0
    assert torch.equal(network(b), before)


def test_side_gate_off_removes_the_measurement_from_that_layer() -> None:
    genome = Genome(Genome.lista(2).gates, ("relu", "relu"), (True, False))
    network = build(genome, dictionary())
    b = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    first, second = network.layer_outputs(b)
    assert torch.equal(first, torch.relu(b @ network.get_parameter("W_b")))
    torch.testing.assert_close(second, torch.relu(first @ network.get_parameter("W_x")))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("soft", [-1.5, 0.0, 0.0, 0.0, 1.5]),
        ("relu", [0, 0, 0, 0.3, 2]),
        ("leaky_relu", [-0.2, -0.03, 0, 0.3, 2]),
    ],
)
def test_neurons(name: Neuron, expected: list[float]) -> None:
    u = torch.tensor([[[-2.0, -0.3, 0.0, 0.3, 2.0]]])
    selected = NeuronSelection.of([[name]]).layer(0)
    torch.testing.assert_close(neuron(u, torch.tensor(0.5), selected)[0, 0], torch.tensor(expected).float())


def test_soft_threshold_solves_its_proximal_problem() -> None:
    u = torch.linspace(-3, 3, 41, dtype=torch.float64)
    threshold = torch.tensor(0.7, dtype=torch.float64)
    x = soft_threshold(u, threshold)
    residual = u - x  # Must be a subgradient of threshold * |x|.
    assert torch.allclose(residual[x != 0], threshold * x[x != 0].sign(), atol=1e-12)
    assert (residual[x == 0].abs() <= threshold + 1e-12).all()


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (np.ones(4), r"matrix \(m, n\), got shape \(4,\)"),
        (np.full((2, 3), 1e300), "finite, got inf at row 0, column 0"),
        (np.full((2, 3), 1e-25), "largest entry must be from 1e-15 to 1e[+]15 in magnitude, got 1.0e-25"),
        (np.array([[1.0, 1e-60], [1.0, 0.0]]), "no zero column, got one at column 1"),
        (np.full((2, 3), np.nan), "finite, got nan at row 0, column 0"),
        (np.array([[1.0, 0.0], [1.0, 0.0]]), "no zero column, got one at column 1"),
    ],
)
def test_unusable_dictionaries_are_refused_by_place(matrix: NDArray[np.float64], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(Genome.lista(3), matrix)


def test_refusals_name_the_rule_and_the_value() -> None:
    with pytest.raises(InputError, match=r"shape \(batch, 6\), got \(2, 7\)"):
        build(Genome.lista(3), dictionary())(torch.ones(2, 7))
    with pytest.raises(
        InputError, match=r"one of .*lista, lista_cp, .* or package\.module:Class, got 'nope'"
    ):
        build(Genome.lista(3), dictionary(), cell="nope")
    with pytest.raises(
        InputError,
        match=r"one of sum, mean, .*, momentum, got 'product'",
    ):
        build(Genome.lista(3), dictionary(), form="product")  # type: ignore[arg-type]
