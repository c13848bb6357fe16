"""Where the threshold of a layer comes from.

- ``learned``: one trained number (LISTA; Gregor and LeCun, 2010);
- ``adaptive``: a trained number times ``||D^+ (D z - b)||_1`` of the sample, for the layer's input z, the
  measurement b and the pseudo-inverse D^+ of the dictionary D (HyperLISTA; Chen, Liu, Wang and Yin,
  NeurIPS 2021).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from genome.strict import name, names

ThresholdKind = Literal["learned", "adaptive"]
"""Name of a kind of threshold, as it stands in files and in encodings."""

THRESHOLDS: Final[tuple[ThresholdKind, ...]] = get_args(ThresholdKind)
"""All kinds of thresholds."""


def check_thresholds(thresholds: tuple[ThresholdKind, ...], layers: int) -> None:
    """Check that there is one known kind of threshold for each layer.

    Raises:
        InputError: It is no tuple of that length, or a name is unknown; the message names the layer.
    """
    names(thresholds, "threshold", THRESHOLDS, layers)


def check_threshold(threshold: object, what: str) -> None:
    """Check that ``threshold`` is the name of a kind of threshold.

    Raises:
        InputError: It is not; the message lists the known names.
    """
    name(threshold, what, THRESHOLDS)
