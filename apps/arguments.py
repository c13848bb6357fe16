"""What the command lines of all applications share."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """Refuses in one sentence, like every other refusal; the usage would hide it."""

    def error(self, message: str) -> NoReturn:
        """End with the message."""
        self.exit(2, f"{message.removeprefix('argument ')}; {self.prog} --help lists the options.\n")


def at_least(least: int) -> type[int]:
    """A type of whole numbers, for ``add_argument``, that refuses those below ``least``."""

    def convert(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, got {value}")
        return value

    convert.__name__ = "int"
    return convert  # type: ignore[return-value]
