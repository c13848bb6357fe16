"""The connection to an archive's database, and transactions on it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from evaluation.archive.backends import BACKENDS, Backend
from evaluation.archive.refusals import damage, is_locked, refusal, server_is_away
from genome.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

PATIENCE_SECONDS: Final = 60.0
"""How long an operation waits for a lock, or for a database server that went away."""

_RETRY_SECONDS: Final = 0.05

T = TypeVar("T")


class Storage:
    """One process's connections to the database of an archive.

    Threads may share it; every transaction has a connection to itself.

    Args:
        target: Path of a SQLite file, or a SQLAlchemy URL of one or of a PostgreSQL database.

    Raises:
        InputError: The URL is malformed, of another kind of database, in memory, or its driver is missing.

    Attributes:
        place: The file or URL as messages name it, without a password.
        path: The SQLite file, or None if the archive is on a server.
        backend: How this kind of database is spoken to.
    """

    def __init__(self, target: str | os.PathLike[str]) -> None:
        url = _url(target)
        self.backend = BACKENDS[url.get_backend_name()]
        self.path = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None
        self.place = str(self.path or url.render_as_string(hide_password=True))
        self._process = os.getpid()
        self._answered = False
        self._engine = _engine(url, self.backend)

    def read(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction that only reads, again if the server goes away and comes back.

        Raises:
            StorageError: The database cannot be used.
        """
        return self._run(self.backend.begin_read, work)

    def write(self, work: Callable[[Connection], T]) -> T:
        """Run ``work`` in a transaction, with no other writing transaction of any process beside it.

        When this returns, what ``work`` wrote is on the disk. If the server goes away, ``work`` runs again
        once it is back, and the first run may have been committed after all: ``work`` must be idempotent.

        Raises:
            StorageError: The database cannot be used.
        """
        return self._run(self.backend.begin_write, work)

    def outside(self, statement: str) -> object:
        """Run a statement that must be outside any transaction, and give the first value it returns.

        Raises:
            StorageError: The database cannot be used.
        """
        return self._run("", lambda connection: connection.exec_driver_sql(statement).scalar())

    def close(self) -> None:
        """Close every connection; closing the last one to a SQLite file moves its log into the file."""
        self._engine.dispose()

    def _run(self, begin: str, work: Callable[[Connection], T]) -> T:
        if os.getpid() != self._process:
            # A connection inherited through fork shares the parent's socket or file locks and harms both.
            raise RuntimeError(f"The archive {self.place} was opened in another process; open it again here.")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with self._engine.connect() as connection, connection.execution_options(begin=begin).begin():
                    result = work(connection)
            except UnicodeDecodeError as error:
                # SQLite's own message quotes a torn schema, and Python cannot decode it.
                raise damage("its schema is no text", self.place) from error
            except SQLAlchemyError as error:
                # A server that never answered is more likely a wrong URL than one that is restarting.
                may_pass = is_locked(error) or (self._answered and server_is_away(error))
                if not may_pass or time.monotonic() >= deadline:
                    raise refusal(error, self.place) from error
                time.sleep(_RETRY_SECONDS)
            else:
                self._answered = True
                return result


def _url(target: str | os.PathLike[str]) -> URL:
    text = os.fspath(target)
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        scheme = text.partition("://")[0]
        raise InputError(
            f"Storage must be a file or a URL like postgresql://user@host/name, got a malformed {scheme} URL."
        ) from None
    kind = url.get_backend_name()
    if kind not in BACKENDS or url.drivername not in (kind, BACKENDS[kind].driver):
        known = ", ".join(backend.driver for backend in BACKENDS.values())
        raise InputError(f"Storage must be a file or a URL of {known}, got one of {url.drivername!r}.")
    if kind == "sqlite" and (url.database in (None, "", ":memory:") or url.query):
        raise InputError(f"A SQLite URL must name a file and have no options, got {text!r}.")
    return url.set(drivername=BACKENDS[kind].driver)


def _engine(url: URL, backend: Backend) -> Engine:
    try:
        engine = create_engine(url, **backend.options)
    except ModuleNotFoundError as error:
        raise InputError(
            f"Storage in {url.get_backend_name()} needs the package {error.name}, which is not installed; "
            f"run: pip install 'lista-genome[{url.get_backend_name()}]'."
        ) from None

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        for statement in backend.on_connect:
            cursor.execute(statement)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if statement := connection.get_execution_options()["begin"]:
            connection.exec_driver_sql(statement)

    return engine
