"""Genome files: read with a limit, written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from genome.errors import InputError
from genome.genome import Genome

MAX_BYTES: Final = 1_000_000
"""Largest genome file: a bound against opening something else by mistake."""


def save_genome(path: str | os.PathLike[str], genome: Genome) -> None:
    """Write a genome as a JSON file that :func:`load_genome` reads, replacing a file that is there.

    Raises:
        InputError: The file cannot be written, or would be larger than 1 MB.
    """
    text = genome.to_json() + "\n"
    if len(text) > MAX_BYTES:
        raise InputError(f"A genome file must be at most {MAX_BYTES} bytes, got {len(text)} for {path}.")
    try:
        write_atomic(path, text)
    except OSError as error:
        raise InputError(f"The genome file must be writable, got {error.strerror} for {path}.") from error


def load_genome(path: str | os.PathLike[str], layers: int | None = None) -> Genome:
    """Read a genome from a JSON file.

    Args:
        path: The file.
        layers: The depth that is needed, or None for any.

    Raises:
        InputError: The file cannot be read, is larger than 1 MB, is truncated, or holds no genome of this
            version and depth; the message ends with the path.
    """
    data = read_bounded(path, "genome file")
    try:
        return Genome.from_json(data.decode("utf-8"), layers)
    except UnicodeDecodeError as error:
        raise InputError(f"A genome file must be UTF-8 text, got other bytes in {path}.") from error
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')}, in {path}.") from error


def read_bounded(path: str | os.PathLike[str], what: str) -> bytes:
    """Read a small file.

    Args:
        path: The file.
        what: What it is, for messages.

    Raises:
        InputError: The file cannot be read, or is larger than 1 MB; the message ends with the path.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"The {what} must be readable, got {error.strerror} for {path}.") from error
    if len(data) > MAX_BYTES:
        raise InputError(f"A {what} must be at most {MAX_BYTES} bytes, got more in {path}.")
    return data


def write_atomic(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file whole or not at all: a temporary file in the same folder takes the name at the end.

    Args:
        path: The file; an existing one is replaced.
        content: Its contents; text is written as UTF-8.

    Raises:
        OSError: The folder is missing or read-only, or the disk is full; it names ``path``, and nothing is
            left behind.
    """
    target = Path(path)
    temporary = target.parent / f".{target.name}.{secrets.token_hex(8)}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            # A full disk names no file, and a folder that cannot be written names the temporary one.
            raise OSError(error.errno, error.strerror, str(target)) from error
        raise
