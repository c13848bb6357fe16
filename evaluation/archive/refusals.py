"""Database errors turned into one sentence that says what is wrong and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Final

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from evaluation.archive.backends import BUSY_SECONDS
from evaluation.archive.errors import DamageError, StorageError

_MAX_REASON: Final = 160
_FULL: Final = (
    "cannot be written because the disk is full; what was recorded is safe, so free some space and run again"
)
_DENIED: Final = "cannot be written; check the permissions of the file and of its folder"

_SQLITE_RULES: Final[Mapping[str, str]] = {
    "SQLITE_FULL": _FULL,
    "SQLITE_IOERR_SHMSIZE": _FULL,
    "SQLITE_IOERR": "cannot be read or written; its disk may be failing",
    "SQLITE_READONLY": _DENIED,
    "SQLITE_PERM": _DENIED,
    "SQLITE_CANTOPEN": "cannot be opened for writing; check that its folder exists and is writable",
    "SQLITE_BUSY": f"stayed locked by another process for more than {BUSY_SECONDS:.0f} seconds",
}
_SQLITE_DAMAGE: Final = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_IOERR_SHORT")
_POSTGRESQL_RULES: Final[Mapping[str, str]] = {"53100": _FULL, "42501": _DENIED, "25006": _DENIED}


def damage(reason: str, place: str) -> DamageError:
    """Give the error to raise for an archive that holds something other than what was written."""
    return DamageError(
        f"The archive {place} is damaged ({reason}); restore it from a copy, or move it away and begin anew."
    )


def refusal(error: SQLAlchemyError, place: str) -> StorageError:
    """Give the error to raise in place of a database's own.

    Args:
        error: What SQLAlchemy raised.
        place: The archive's file or URL, without a password.
    """
    origin = error.orig if isinstance(error, DBAPIError) else error
    reason = next(iter(str(origin).strip().splitlines()), type(origin).__name__).rstrip(".")[:_MAX_REASON]
    name = _origin_attribute(error, "sqlite_errorname")
    # Without a code it is Python's own: a text that cannot be decoded.
    if name.startswith(_SQLITE_DAMAGE) or (isinstance(origin, sqlite3.OperationalError) and not name):
        return damage(reason, place)
    rule = (
        _SQLITE_RULES.get(name)
        or _SQLITE_RULES.get("_".join(name.split("_")[:2]))
        or _POSTGRESQL_RULES.get(_origin_attribute(error, "sqlstate"))
    )
    return StorageError(f"The archive {place} {rule or 'cannot be used'} ({reason}).")


def is_locked(error: SQLAlchemyError) -> bool:
    """Tell whether another process holds a lock that SQLite did not wait for.

    The busy timeout does not cover everything: a switch to the write-ahead log and the recovery of one after
    a kill give up at once.
    """
    return _origin_attribute(error, "sqlite_errorname").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def server_is_away(error: SQLAlchemyError) -> bool:
    """Tell whether the server was lost, is starting or is stopping, and may come back.

    By SQLSTATE, which only a server's driver has: class 08 (connection), 57P (shutting down, starting up), or
    none at all if no connection was made.
    """
    if not isinstance(error, OperationalError | InterfaceError) or not hasattr(error.orig, "sqlstate"):
        return False
    code = _origin_attribute(error, "sqlstate")
    return error.connection_invalidated or not code or code.startswith(("08", "57P"))


def _origin_attribute(error: SQLAlchemyError, name: str) -> str:
    origin = error.orig if isinstance(error, DBAPIError) else None
    return str(getattr(origin, name, None) or "")
