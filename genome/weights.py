"""How the matrices of a layer depend on each other and on the dictionary.

A layer turns its input z, the combined outputs of earlier layers, and the measurement b into a pre-activation
in one of three ways:

- ``free``: ``W_b b + W_x z`` with both matrices trained (LISTA; Gregor and LeCun, 2010);
- ``coupled``: ``z + W^T (b - D z)`` with W trained, for the dictionary D (LISTA-CP; Chen, Liu, Wang and Yin,
  NeurIPS 2018);
- ``analytic``: ``z + gamma W^T (b - D z)`` with W computed from D and only the step size gamma trained
  (ALISTA; Liu, Chen, Wang and Yin, ICLR 2019).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from genome.strict import name, names

Weight = Literal["free", "coupled", "analytic"]
"""Name of a kind of weights, as it stands in files and in encodings."""

WEIGHTS: Final[tuple[Weight, ...]] = get_args(Weight)
"""All kinds of weights."""


def check_weights(weights: tuple[Weight, ...], layers: int) -> None:
    """Check that there is one known kind of weights for each layer.

    Raises:
        InputError: It is no tuple of that length, or a name is unknown; the message names the layer.
    """
    names(weights, "weight", WEIGHTS, layers)


def check_weight(weight: object, what: str) -> None:
    """Check that ``weight`` is the name of a kind of weights.

    Raises:
        InputError: It is not; the message lists the known names.
    """
    name(weight, what, WEIGHTS)
