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
