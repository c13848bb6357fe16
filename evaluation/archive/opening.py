"""What happens to a database before it is used as an archive: checked, or made, or refused."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect

from evaluation.archive import notes
from evaluation.archive.errors import StorageError
from evaluation.archive.refusals import damage
from evaluation.archive.schema import FORMAT, METADATA, NOTES
from evaluation.archive.storage import Storage
from genome.errors import InputError
from genome.strict import shown

_MAGIC: Final = b"SQLite format 3\0"


def prepare(storage: Storage) -> None:
    """Make a new database an archive, and see that an existing one is a sound archive of this version.

    A database that is refused is left as it was. A process killed in here leaves nothing, an empty database
    or an archive, never part of one: the tables are made in one transaction.

    Raises:
        InputError: The file or database is something else, or of another version.
        DamageError: The file is torn.
        StorageError: It cannot be opened, or cannot be written.
    """
    if storage.path is not None:
        try:
            _check_file(storage.path)
        except OSError as error:
            raise StorageError(f"The archive {storage.place} cannot be read ({error.strerror}).") from error
        storage.read(lambda connection: _check_pages(connection, storage.place))
    storage.read(lambda connection: _has_tables(connection, storage.place))
    if storage.path is not None:
        _use_log(storage)
    storage.write(lambda connection: _establish(connection, storage))


def _check_file(path: Path) -> None:
    """Refuse what SQLite would misread, or would overwrite as if it were a new database."""
    if path.is_dir():
        raise InputError(f"An archive must be a file, got the directory {path}.")
    if not path.parent.is_dir():
        raise InputError(f"An archive must be in an existing folder, got {path}.")
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(len(_MAGIC))
    log = path.with_name(path.name + "-wal")
    if not head and log.exists() and log.stat().st_size:
        raise damage(f"it is empty, and its log {log.name} is not", str(path))
    if head and head != _MAGIC:
        raise InputError(f"An archive must be a SQLite file, got {path}, which begins with {head!r}.")


def _check_pages(connection: Connection, place: str) -> None:
    """Have SQLite read every page, and compare every index with its table.

    The quick check would leave the indexes out, and a row that its index misses would be evaluated again.
    """
    problem = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    if problem != "ok":
        raise damage(problem.splitlines()[-1], place)


def _has_tables(connection: Connection, place: str) -> bool:
    """Tell whether the tables are there; refuse a database that has others, or those of another version."""
    columns = inspect(connection).get_multi_columns()
    found = {table: {column["name"] for column in columns[schema, table]} for schema, table in columns}
    if not found:
        return False
    ours = {table.name: set(table.columns.keys()) for table in METADATA.sorted_tables}
    if found.get(NOTES.name) == ours[NOTES.name]:
        version = notes.read(connection, notes.FORMAT_VERSION, place)
        if version != FORMAT:
            raise InputError(
                f"An archive must be of format version {FORMAT}, got version {version} in {place}."
            )
    for table, names in ours.items():
        if found.get(table) != names:
            raise InputError(
                f"An archive must have the table {table} with the columns {', '.join(sorted(names))}, "
                f"got the database {place} with the tables {shown(sorted(found))}."
            )
    return True


def _use_log(storage: Storage) -> None:
    """Switch the file to a write-ahead log, in which readers and the writer do not block each other."""
    if storage.outside("PRAGMA journal_mode = WAL") != "wal":
        raise StorageError(
            f"The archive {storage.place} must be on a local disk: SQLite cannot share a log on this one."
        )


def _establish(connection: Connection, storage: Storage) -> None:
    if not _has_tables(connection, storage.place):
        METADATA.create_all(connection)
        notes.add(connection, storage.backend, notes.FORMAT_VERSION, FORMAT)
