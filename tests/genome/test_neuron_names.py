"""The neurons there are, and the schedule of the one that selects a support."""

from __future__ import annotations

import pytest

from genome import ALL_NEURONS, NEURONS, DesignSpace, InputError, support_share


def test_a_space_takes_the_neurons_of_the_study_unless_told() -> None:
    assert NEURONS == ("soft", "relu", "leaky_relu") == DesignSpace(4).neurons
    assert (*NEURONS, "support") == ALL_NEURONS


def test_the_share_grows_by_the_layer_to_its_most() -> None:
    shares = [support_share(layer) for layer in range(1, 17)]
    assert shares[:3] == pytest.approx([0.012, 0.024, 0.036])
    assert shares[9] == pytest.approx(0.12)
    assert shares[10:] == [0.13] * 6


@pytest.mark.parametrize("layer", [0, -1, 1025, 1.0, True])
def test_a_layer_that_is_none_has_no_share(layer: int) -> None:
    with pytest.raises(InputError, match=r"layer of a neuron must be an integer from 1 to 1024"):
        support_share(layer)
