"""What is noted about an archive as a whole: its format version."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from evaluation.archive.backends import Backend
from evaluation.archive.checksum import checksum
from evaluation.archive.errors import DamageError
from evaluation.archive.schema import NOTES

FORMAT_VERSION: Final = "format"


def read(connection: Connection, name: str, place: str) -> str | None:
    """Give the value noted under ``name``, or None if there is none.

    Raises:
        DamageError: The row is not what was written.
    """
    row = connection.execute(select(NOTES).where(NOTES.c.name == name)).one_or_none()
    if row is None:
        return None
    if row.checksum != checksum(row.name, row.value):
        raise DamageError(f"The archive {place} is damaged: its note {name!r} does not fit its checksum.")
    return str(row.value)


def add(connection: Connection, backend: Backend, name: str, value: str) -> None:
    """Note ``value`` under ``name`` if nothing is noted there yet."""
    row = {"name": name, "value": value, "checksum": checksum(name, value)}
    connection.execute(backend.insert_new(NOTES), row)
