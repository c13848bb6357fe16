"""Checks of the numbers that optimizers take."""

import operator
from typing import SupportsIndex

from genome.errors import InputError


def whole_number(name: str, value: SupportsIndex, *, least: int) -> int:
    """Return ``value`` as an int.

    Args:
        name: What the value is, as the refusal shall call it.
        value: The value; any integer type is taken, a bool or a float is not.
        least: The smallest value allowed.

    Raises:
        InputError: If the value is no integer or smaller than ``least``.
    """
    rule = f"{name} must be a whole number of at least {least}"
    if isinstance(value, bool):
        raise InputError(f"{rule}, got {value!r}.")
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{rule}, got {value!r}.") from None
    if number < least:
        raise InputError(f"{rule}, got {number}.")
    return number


def fraction(name: str, value: object, *, closed: bool = True) -> float:
    """Return ``value`` as a float.

    Args:
        name: What the value is, as the refusal shall call it.
        value: The value; any real number but a bool.
        closed: Whether 1 is allowed.

    Raises:
        InputError: If the value is no number, or not in [0, 1], or [0, 1) where 1 is not allowed.
    """
    within = (
        not isinstance(value, bool)
        and isinstance(value, int | float)
        and (0.0 <= value < 1.0 or (closed and value == 1))
    )
    if not within:
        bound = "at most 1" if closed else "below 1"
        raise InputError(f"{name} must be a number of at least 0 and {bound}, got {value!r}.")
    return float(value)  # type: ignore[arg-type]  # checked above
