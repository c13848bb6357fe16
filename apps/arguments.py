"""What the command lines of all applications share."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import NoReturn

Scalar = str | int | float | bool
"""Value of an option that is passed on."""


class Parser(argparse.ArgumentParser):
    """Refuses in one sentence, like every other refusal; the usage would hide it."""

    def error(self, message: str) -> NoReturn:
        """End with the message."""
        self.exit(2, f"{message.removeprefix('argument ')}; {self.prog} --help lists the options.\n")


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Says the defaults that say something."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, (), [], {}) else super()._get_help_string(action)


def at_least(least: int) -> type[int]:
    """A type of whole numbers, for ``add_argument``, that refuses those below ``least``."""

    def convert(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, got {value}")
        return value

    convert.__name__ = "int"
    return convert  # type: ignore[return-value]


def target(text: str) -> str:
    """A type of files, URLs and names, for ``add_argument``, that refuses an empty one."""
    if not text:
        raise argparse.ArgumentTypeError("must not be empty, got ''")
    return text


def path(text: str) -> Path:
    """A type of files and folders, for ``add_argument``; an empty text would be the working directory."""
    return Path(target(text))


def assignment(text: str) -> tuple[str, Scalar]:
    """Read ``NAME=VALUE``: a value that is a finite number, true or false in JSON is one, or else text.

    Raises:
        ValueError: there is no such name, or no ``=``.
    """
    name, equals, value = text.partition("=")
    if not (equals and name.isidentifier()):
        raise ValueError(text)
    try:
        read = json.loads(value, parse_constant=str)
    except (ValueError, RecursionError):
        return name, value
    number = isinstance(read, int) or (isinstance(read, float) and math.isfinite(read))
    return name, read if number else value


def named_options(text: str, what: str) -> tuple[str, dict[str, Scalar]]:
    """Read ``NAME[,OPTION=VALUE...]``; values as ``assignment`` reads them.

    Args:
        text: what the user wrote.
        what: what it names, as the subject of messages.

    Raises:
        InputError: an option has no name or no value, or is given twice.
    """
    # Imported here, for --help must be quick and must work where NumPy is missing.
    from genome.errors import InputError

    name, *assignments = text.split(",")
    options: dict[str, Scalar] = {}
    for each in assignments:
        try:
            option, value = assignment(each)
        except ValueError:
            raise InputError(f"{what} must be NAME,OPTION=VALUE,..., got {text!r}.") from None
        if option in options:
            raise InputError(f"An option must be given once, got {option!r} twice in {text!r}.")
        options[option] = value
    return name, options
