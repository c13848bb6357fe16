"""Checks shared by the records and file formats: exact types, exact keys, one sentence when broken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from genome.errors import InputError

MAX_SHOWN = 60
"""Longest piece of a refused value that a message repeats."""


def shown(value: object) -> str:
    """Give a short printable form of a refused value, cut so that a message stays one readable sentence."""
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def shorten(names: tuple[str, ...], most: int = 10) -> str:
    """List names for a message, the first ``most`` of them."""
    more = "" if len(names) <= most else f", ... ({len(names)} in all)"
    return ", ".join(names[:most]) + more


def integer(value: object, what: str, low: int, high: int) -> int:
    """Return ``value`` if it is an ``int`` (never a bool) in ``[low, high]``.

    Args:
        value: The value to check.
        what: What the value is, as the message's subject.
        low: Smallest value allowed.
        high: Largest value allowed.

    Raises:
        InputError: It is of another type or out of range.
    """
    if type(value) is not int or not low <= value <= high:
        raise InputError(f"{what} must be an integer from {low} to {high}, got {shown(value)}.")
    return value


def boolean(value: object, what: str) -> bool:
    """Return ``value`` if it is a ``bool``.

    Raises:
        InputError: It is of another type; 0 and 1 are refused too.
    """
    if type(value) is not bool:
        raise InputError(f"{what} must be true or false, got {shown(value)}.")
    return value


def name(value: object, what: str, known: tuple[str, ...]) -> None:
    """Check that ``value`` is one of the ``known`` names.

    Raises:
        InputError: It is not; the message lists the known names.
    """
    if type(value) is not str or value not in known:
        raise InputError(f"{what} must be one of {', '.join(known)}, got {shown(value)}.")


def names(values: object, what: str, known: tuple[str, ...], layers: int) -> None:
    """Check that there is one known name for each layer.

    Args:
        values: The names to check.
        what: What one of them is, in lower case, such as "neuron".
        known: The names there are.
        layers: Depth K.

    Raises:
        InputError: It is no tuple of that length, or a name is unknown; the message names the layer.
    """
    if type(values) is not tuple or len(values) != layers:
        raise InputError(
            f"{what.capitalize()}s must be a tuple with one name for each of {layers} layers, "
            f"got {shown(values)}."
        )
    if not (set(map(type, values)) <= {str} and set(values) <= set(known)):
        for layer, value in enumerate(values, 1):
            name(value, f"The {what} of layer {layer}", known)


def items(value: object, what: str) -> list[Any] | tuple[Any, ...]:
    """Return ``value`` if it is a list or a tuple.

    Raises:
        InputError: It is of another type.
    """
    if not isinstance(value, list | tuple):
        raise InputError(f"{what} must be a list, got {shown(value)}.")
    return value


def fields(
    value: object, what: str, required: tuple[str, ...], optional: tuple[str, ...] = ()
) -> Mapping[str, Any]:
    """Return ``value`` if it is a mapping that has all ``required`` keys and besides only ``optional`` ones.

    Raises:
        InputError: It is no mapping, a key is missing or a key is unknown.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{what} must be a mapping with the keys {shorten(required)}, got {shown(value)}.")
    missing = [key for key in required if key not in value]
    if missing:
        raise InputError(f"{what} must have the key {shown(missing[0])}, which is missing.")
    known = (*required, *optional)
    unknown = [key for key in value if key not in known]
    if unknown:
        raise InputError(f"{what} has the unknown key {shown(unknown[0])}; known are {shorten(known)}.")
    return value
