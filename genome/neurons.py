"""The neurons (nonlinearities) that a layer can have.

They are the three of Section 3 of *A Design Space Study for LISTA and Beyond* (ICLR 2021): the soft
threshold with a learned threshold, ReLU, and LeakyReLU with slope 0.1 on the negative side.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from genome.errors import InputError
from genome.strict import shown

Neuron = Literal["soft", "relu", "leaky_relu"]
"""Name of a neuron, as it stands in files and in encodings."""

NEURONS: Final[tuple[Neuron, ...]] = get_args(Neuron)
"""All neurons, in the order in which a search space lists them."""

LEAKY_SLOPE: Final = 0.1
"""Slope of ``leaky_relu`` for negative inputs."""


def check_neurons(neurons: tuple[Neuron, ...], layers: int) -> None:
    """Check that there is one known neuron for each layer.

    Raises:
        InputError: It is no tuple of that length, or a name is unknown; the message names the layer.
    """
    if type(neurons) is not tuple or len(neurons) != layers:
        raise InputError(
            f"Neurons must be a tuple with one name for each of {layers} layers, got {shown(neurons)}."
        )
    for layer, neuron in enumerate(neurons, 1):
        check_neuron(neuron, f"The neuron of layer {layer}")


def check_neuron(neuron: object, what: str) -> None:
    """Check that ``neuron`` is the name of a neuron.

    Raises:
        InputError: It is not; the message lists the known names.
    """
    if type(neuron) is not str or neuron not in NEURONS:
        raise InputError(f"{what} must be one of {', '.join(NEURONS)}, got {shown(neuron)}.")
