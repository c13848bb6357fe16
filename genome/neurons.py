"""The neurons (nonlinearities) that a layer can have.

Three are those of Section 3 of *A Design Space Study for LISTA and Beyond* (ICLR 2021): the soft threshold
with a learned threshold, ReLU, and LeakyReLU with slope 0.1 on the negative side. The fourth, ``support``, is
the support-selecting soft threshold of X. Chen, J. Liu, Z. Wang and W. Yin, *Theoretical Linear Convergence
of Unfolded ISTA and its Practical Weights and Thresholds* (NeurIPS 2018): the entries that are largest in
magnitude pass unshrunk where they exceed the threshold, and the others are soft-thresholded.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from genome.gates import MAX_LAYERS
from genome.strict import integer, name, names

Neuron = Literal["soft", "relu", "leaky_relu", "support"]
"""Name of a neuron, as it stands in files and in encodings."""

NEURONS: Final[tuple[Neuron, ...]] = ("soft", "relu", "leaky_relu")
"""The neurons of the design-space study, in the order in which a search space lists them."""

ALL_NEURONS: Final[tuple[Neuron, ...]] = get_args(Neuron)
"""All neurons: those of the study, in its order, and ``support``."""

LEAKY_SLOPE: Final = 0.1
"""Slope of ``leaky_relu`` for negative inputs."""


def support_share(layer: int) -> float:
    """Share of the n entries that may pass the neuron ``support`` of a layer unshrunk.

    It is ``min(0.012 layer, 0.13)``, the published setting for 16 layers and signals with 10% non-zeros
    (p = 1.2 and at most 13, in percent, in the authors' code of LISTA-CPSS).

    Args:
        layer: The layer, 1..K.

    Raises:
        InputError: It is no layer that a genome can have.
    """
    return min(0.012 * integer(layer, "The layer of a neuron", 1, MAX_LAYERS), 0.13)


def check_neurons(neurons: tuple[Neuron, ...], layers: int) -> None:
    """Check that there is one known neuron for each layer.

    Raises:
        InputError: It is no tuple of that length, or a name is unknown; the message names the layer.
    """
    names(neurons, "neuron", ALL_NEURONS, layers)


def check_neuron(neuron: object, what: str) -> None:
    """Check that ``neuron`` is the name of a neuron.

    Raises:
        InputError: It is not; the message lists the known names.
    """
    name(neuron, what, ALL_NEURONS)
