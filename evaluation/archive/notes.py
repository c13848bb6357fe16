"""What is noted about an archive as a whole: its format version and the settings of the run that made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, select

from evaluation.archive.backends import Backend
from evaluation.archive.checksum import checksum
from evaluation.archive.errors import DamageError
from evaluation.archive.schema import NOTES
from genome.errors import InputError

FORMAT_VERSION: Final = "format"
SETTINGS: Final = "settings"


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


def keep_settings(connection: Connection, backend: Backend, settings: Mapping[str, Any]) -> None:
    """Keep a run's settings, unless some are kept already."""
    add(connection, backend, SETTINGS, _json(dict(settings)))


def settings(connection: Connection, place: str) -> dict[str, Any] | None:
    """Give the settings kept, or None.

    Raises:
        DamageError: They are not what was written.
    """
    value = read(connection, SETTINGS, place)
    return None if value is None else dict(json.loads(value))


def check_settings(kept: Mapping[str, Any], given: Mapping[str, Any], place: str) -> None:
    """Refuse given settings that differ from those kept; values are equal if they are the same JSON.

    Raises:
        InputError: Some differ; the message has each one's name, kept value and given value.
    """
    sides = [{name: _json(value) for name, value in side.items()} for side in (kept, given)]
    names = sorted(sides[0].keys() | sides[1].keys())
    pairs = [(name, *(side.get(name, "absent") for side in sides)) for name in names]
    differing = [f"{name} is {there} there and {here} here" for name, there, here in pairs if there != here]
    if differing:
        raise InputError(f"The archive {place} must be used with its own settings: {'; '.join(differing)}.")


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
