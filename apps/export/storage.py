"""Where a study is written: a database, by its URL, or a journal file, by its path."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from optuna.exceptions import StorageInternalError
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from sqlalchemy import URL, NullPool, create_engine, inspect, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from genome import InputError

_CONNECT_SECONDS: Final = 10
_MAX_REASON: Final = 300
_SQLITE_HEAD: Final = b"SQLite format 3\0"
_SQLITE_SUFFIXES: Final = (".db", ".sqlite", ".sqlite3")
_OURS: Final = frozenset({"studies", "version_info"})  # the first tables that Optuna makes


def place(target: str) -> str:
    """The URL without its password, or the path.

    Raises:
        InputError: the URL is malformed.
    """
    return _url(target).render_as_string(hide_password=True) if "://" in target else target


@contextmanager
def opened(target: str) -> Iterator[BaseStorage]:
    """Open a storage for studies, or make one where there is nothing.

    A database takes trial by trial. A journal file is written beside and takes its place at the end: Optuna
    could never open one again to which an interrupted write gave a torn line.

    Args:
        target: URL of a database, as SQLAlchemy and Optuna take it, or path of a journal file.

    Raises:
        InputError: the URL is malformed, its driver is missing, the storage cannot be used or breaks down,
            or it holds something other than Optuna's studies.
    """
    with _database(target) if "://" in target else _journal(Path(target)) as storage:
        yield storage


@contextmanager
def _database(target: str) -> Iterator[BaseStorage]:
    url = _url(target)
    named = url.render_as_string(hide_password=True)
    try:
        options = _engine_options(url)
        _check_tables(url, named)
        storage = _connected(target, options, named)
        try:
            yield storage
        finally:
            storage.remove_session()
    except (SQLAlchemyError, StorageInternalError) as error:
        raise InputError(
            f"The storage {named} cannot be used ({_reason(error)}); once it can, run the same command again,"
            " which adds the trials that are missing."
        ) from error


def _url(target: str) -> URL:
    try:
        url = make_url(target)
        url.get_dialect()
    except (SQLAlchemyError, ValueError):  # the second for a port that is no number
        scheme = target.partition("://")[0]
        raise InputError(
            "A storage must be the path of a journal file, or a database URL that SQLAlchemy knows such as"
            f" sqlite:///study.db, got a malformed or unknown {scheme} URL."
        ) from None
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise InputError(f"A SQLite URL must name a file, got {target}.")
        folder = Path(str(url.database)).parent
        if not url.query and not folder.is_dir():
            raise InputError(f"A study's database must be in an existing folder, got {url.database}.")
    return url


def _engine_options(url: URL) -> dict[str, Any]:
    if url.get_backend_name() == "sqlite":
        return {"poolclass": NullPool}
    if url.get_driver_name() in ("psycopg", "psycopg2"):
        return {"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_SECONDS}}
    return {"pool_pre_ping": True}


def _check_tables(url: URL, named: str) -> None:
    """Refuse a database of something else, such as an archive, before Optuna makes its tables there."""
    try:
        engine = create_engine(url, poolclass=NullPool)
    except ImportError as error:
        raise InputError(
            f"The storage {named} needs the package {error.name}, which cannot be imported here."
        ) from None
    tables = set(inspect(engine).get_table_names())
    if tables and not tables & _OURS:
        raise InputError(
            f"A study's database must be new or Optuna's, got {named} with the table {min(tables)!r}."
        )


def _connected(target: str, options: dict[str, Any], named: str) -> RDBStorage:
    try:
        return RDBStorage(target, engine_kwargs=options)
    except RuntimeError as error:
        # A database of another version of Optuna; the message says how to bring it up to date.
        raise InputError(f"The storage {named} cannot be used ({_first_line(error)}).") from None


def _reason(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, StorageInternalError) and error.__cause__ else error
    return _first_line(cause.orig if isinstance(cause, DBAPIError) and cause.orig else cause)


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")[:_MAX_REASON]


@contextmanager
def _journal(path: Path) -> Iterator[BaseStorage]:
    _check_journal(path)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
            copy = Path(folder) / path.name
            if path.exists():
                shutil.copy2(path, copy)
            yield _replayed(copy, path)
            copy.replace(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The journal file {path} cannot be written ({reason}); it is as it was before."
        ) from error


def _check_journal(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"A journal file must be a file in an existing folder, got {path}.")
    try:
        content = path.open("rb") if path.exists() else None
    except OSError as error:
        raise InputError(f"The journal file {path} cannot be read ({error.strerror}).") from None
    head, last = b"", b"\n"
    if content is not None:
        with content:
            head = content.read(len(_SQLITE_HEAD))
            if head:
                content.seek(-1, 2)
                last = content.read()
    if head == _SQLITE_HEAD or (not head and path.suffix in _SQLITE_SUFFIXES):
        raise InputError(f"A SQLite database is named by its URL, sqlite:///{path}, got {path}.")
    if last != b"\n":
        raise InputError(f"A journal file must be Optuna's and end with a whole line, got {path}.")


def _replayed(copy: Path, path: Path) -> BaseStorage:
    try:
        return JournalStorage(JournalFileBackend(str(copy)))
    except (ValueError, LookupError, TypeError) as error:
        raise InputError(f"A journal file must be Optuna's, got {path} ({_first_line(error)}).") from None
