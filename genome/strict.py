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


def items(value: object, what: str) -> list[Any] | tuple[Any, ...]:
    """Return ``value`` if it is a list or a tuple.

    Raises:
        InputError: It is of another type.
    """
    if not isinstance(value, list | tuple):
        raise InputError(f"{what} must be a list, got {shown(value)}.")
    return value


def fields(value: object, what: str, names: tuple[str, ...]) -> Mapping[str, Any]:
    """Return ``value`` if it is a mapping whose keys are exactly ``names``.

    Raises:
        InputError: It is no mapping, a key is missing or a key is unknown.
    """
    if not isinstance(value, Mapping):
        raise InputError(f"{what} must be a mapping with the keys {shorten(names)}, got {shown(value)}.")
    if set(value) != set(names):
        missing = [name for name in names if name not in value]
        if missing:
            raise InputError(f"{what} must have the key {shown(missing[0])}, which is missing.")
        unknown = next(key for key in value if key not in names)
        raise InputError(f"{what} has the unknown key {shown(unknown)}; known are {shorten(names)}.")
    return value
