"""Neurons: the support-selecting soft threshold by its definition, and beside others in a population."""

import numpy as np
import pytest
import torch
from torch import Tensor

from builders.neurons import NeuronSelection, neuron, soft_threshold, support_count, support_selected
from genome import Neuron
from genome.neurons import ALL_NEURONS, support_share

LAYERS = 14


def pre_activations(members: int, batch: int, n: int, seed: int = 0) -> Tensor:
    return torch.randn(members, batch, n, generator=torch.Generator().manual_seed(seed))


def in_layer(names: list[Neuron], layer: int, u: Tensor, threshold: Tensor) -> Tensor:
    selection = NeuronSelection.of([[name] * LAYERS for name in names])
    return neuron(u, threshold, selection.layer(layer))


def test_the_share_grows_by_layer_up_to_a_bound_and_counts_entries() -> None:
    shares = [support_share(layer) for layer in (1, 2, 10, 11, 16)]
    assert shares == pytest.approx([0.012, 0.024, 0.12, 0.13, 0.13])
    assert [support_count(share, 500) for share in shares] == [6, 12, 60, 65, 65]
    assert [support_count(share, 50) for share in shares] == [1, 1, 6, 7, 7]
    assert support_count(0.012, 20) == 0


@pytest.mark.parametrize("layer", [0, 4, 9, 13])
def test_the_largest_entries_above_the_threshold_pass_and_the_others_shrink(layer: int) -> None:
    u, threshold = pre_activations(1, 40, 100, layer), 1.5
    count = support_count(support_share(layer + 1), 100)
    expected = np.zeros((40, 100))
    for sample, row in enumerate(u[0].double().numpy()):
        largest = set(np.argsort(-np.abs(row))[:count])
        for entry, value in enumerate(row):
            passes = entry in largest and abs(value) > threshold
            shrunk = np.sign(value) * max(abs(value) - threshold, 0)
            expected[sample, entry] = value if passes else shrunk
    output = in_layer(["support"], layer, u, torch.tensor(threshold))
    np.testing.assert_allclose(output[0].numpy(), expected, rtol=1e-6, atol=1e-7)


def test_entries_that_tie_with_the_smallest_selected_one_are_selected_too() -> None:
    u = torch.tensor([[[3.0, -2.0, 2.0, 1.0, 0.0]]])
    selected = support_selected(u, torch.tensor(0.5), 0.4)
    assert selected[0, 0].tolist() == [True, True, True, False, False]


def test_no_entry_is_selected_where_the_share_is_less_than_half_an_entry() -> None:
    u, threshold = pre_activations(1, 5, 20), torch.tensor(0.3)
    assert torch.equal(in_layer(["support"], 0, u, threshold), soft_threshold(u, threshold))


def test_a_selected_entry_passes_its_gradient_and_takes_none_from_the_threshold() -> None:
    u = torch.tensor([[[3.0, -2.0, 0.4, 0.1, 0.0, 0.0, 0.0, 0.0]]], requires_grad=True)
    threshold = torch.tensor([[[0.3]]], requires_grad=True)
    output = in_layer(["support"], 13, u, threshold)  # 0.13 of eight entries is one.
    torch.testing.assert_close(output[0, 0, :4], torch.tensor([3.0, -1.7, 0.1, 0.0]))
    ours, thresholds = torch.autograd.grad(2 * output.sum() + output[0, 0, 2], (u, threshold))
    assert ours[0, 0].tolist() == [2.0, 2.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    assert float(thresholds) == 2.0 - 3.0


@pytest.mark.parametrize("shape", [(1, 1), (32, 1)])
def test_a_member_is_the_same_to_the_bit_whatever_neurons_its_mates_have(shape: tuple[int, int]) -> None:
    names = [*ALL_NEURONS, "soft", "support"]
    u = pre_activations(len(names), 32, 30).requires_grad_(True)
    threshold = torch.rand(len(names), *shape, generator=torch.Generator().manual_seed(1))
    threshold.requires_grad_(True)
    output = in_layer(names, 11, u, threshold)
    together = torch.autograd.grad(output.square().sum(), (u, threshold))
    for member, name in enumerate(names):
        own = slice(member, member + 1)
        alone = [part.detach()[own].clone().requires_grad_(True) for part in (u, threshold)]
        single = in_layer([name], 11, *alone)
        assert torch.equal(single, output[own])
        gradients = torch.autograd.grad(single.square().sum(), alone, materialize_grads=True)
        for one, all_of_them in zip(gradients, together, strict=True):
            assert torch.equal(one, all_of_them[own])


def test_a_pre_activation_that_is_not_a_number_stays_one_in_its_place() -> None:
    u = pre_activations(1, 3, 40)
    u[0, 1, 7] = torch.nan
    output = in_layer(["support"], 13, u, torch.tensor(0.5))
    assert torch.isnan(output[0, 1, 7])
    assert torch.isfinite(output).sum() == output.numel() - 1
