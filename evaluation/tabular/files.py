"""Table files: compressed arrays and a description, read without executing anything."""

from __future__ import annotations

import io
import json
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np

from evaluation.tabular.table import ARRAYS, Table
from genome import DesignSpace, InputError
from genome.files import write_atomic

FORMAT: Final = "lista-genome/table/1"
MOST_BYTES: Final = 1 << 30
"""Largest array of a table that is read: a bound against files that would fill the memory."""

_SUFFIX: Final = ".npz"
_NO_TABLE: Final = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    RecursionError,
    zipfile.BadZipFile,
)
"""What NumPy, its ZIP reader and JSON raise for bytes that are no table, or part of one."""


def table_names() -> tuple[str, ...]:
    """Names of the tables that ship with the library."""
    names = (Path(entry.name) for entry in files("evaluation.tabular").joinpath("data").iterdir())
    return tuple(sorted(name.stem for name in names if name.suffix == _SUFFIX))


def load_table(name: str | Path) -> Table:
    """Read a table.

    Args:
        name: of a table that ships with the library, or path of a file that ``save_table`` wrote.

    Raises:
        InputError: there is no such table, or the file is no table, damaged, or too large.
    """
    if str(name) in table_names():
        content = files("evaluation.tabular").joinpath("data", f"{name}{_SUFFIX}").read_bytes()
        return _read(content, str(name))
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        known = ", ".join(table_names())
        raise InputError(
            f"A table must be one of {known}, or a readable file, got {name} ({error.strerror})."
        ) from error
    return _read(content, str(name))


def save_table(path: Path, table: Table) -> None:
    """Write a table, whole or not at all; the same table gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    about = {
        "format": FORMAT,
        "name": table.name,
        "space": table.space.to_dict(),
        "settings": dict(table.settings),
    }
    # Stage by stage: genomes that share a prefix share the numbers of its stages, which then repeat.
    arrays = {name: np.swapaxes(getattr(table, name), 1, -1) for name in ARRAYS}
    content = io.BytesIO()
    np.savez_compressed(content, allow_pickle=False, about=np.array(json.dumps(about)), **arrays)
    write_atomic(path, content.getvalue())


def _read(content: bytes, place: str) -> Table:
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            _check_sizes(stored.zip, place)
            about: dict[str, Any] = json.loads(str(stored["about"]))
            arrays = {name: np.ascontiguousarray(np.swapaxes(stored[name], 1, -1)) for name in ARRAYS}
        if about["format"] != FORMAT:
            raise InputError(f"A table must be of format {FORMAT}, got {about['format']!r} in {place}.")
        space = DesignSpace.from_dict(about["space"])
        return Table(about["name"], space, about["settings"], **arrays)
    except InputError:
        raise
    except _NO_TABLE as error:
        raise InputError(f"A table must be a file that save_table wrote, got {place} ({error}).") from error


def _check_sizes(archive: zipfile.ZipFile, place: str) -> None:
    for entry in archive.infolist():
        if entry.file_size > MOST_BYTES:
            raise InputError(
                f"An array of a table must be at most {MOST_BYTES} bytes, got {entry.file_size} in {place}."
            )
