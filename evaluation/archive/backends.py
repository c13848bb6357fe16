"""The two databases an archive can live in, and everything in which they differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

BUSY_SECONDS: Final = 60.0
"""How long a SQLite connection waits for another process's write before it gives up."""

_CONNECT_SECONDS: Final = 10
_WRITER_LOCK: Final = 0x4C495354  # "LIST": any number that no other program on the server is likely to use


@dataclass(frozen=True, slots=True)
class Backend:
    """How one kind of database is spoken to.

    Attributes:
        driver: SQLAlchemy's name of the dialect and the driver.
        insert_new: Makes an INSERT that leaves rows alone whose key is there already.
        begin_read: Statement that starts a reading transaction, or "" if the driver does it.
        begin_write: Statement that starts a writing transaction. It waits until no other one is open:
            writing transactions run one after the other, on both databases, so that what one has read stays
            true until it commits, and two of them cannot deadlock.
        clock: Expression for the time now, in seconds since 1970.
        on_connect: Statements for every new connection.
        options: Further arguments of ``create_engine``.
    """

    driver: str
    insert_new: Callable[[Table[Any]], sqlite.Insert | postgresql.Insert]
    begin_read: str
    begin_write: str
    clock: str
    on_connect: tuple[str, ...]
    options: Mapping[str, Any]


_SQLITE: Final = Backend(
    driver="sqlite+pysqlite",
    insert_new=lambda table: sqlite.insert(table).on_conflict_do_nothing(),
    begin_read="BEGIN",
    # A transaction that begins by reading and writes later fails at once, whatever the busy timeout, if
    # another process wrote in between; one that takes the write lock first waits its turn.
    begin_write="BEGIN IMMEDIATE",
    clock="(julianday('now') - 2440587.5) * 86400.0",
    # In WAL mode NORMAL syncs at checkpoints only: a killed process loses nothing, a power cut loses the last
    # commits. FULL syncs the log at every commit, so that what was acknowledged is on the disk. fullfsync has
    # an effect on macOS alone, where a plain fsync stops at the drive's cache.
    on_connect=("PRAGMA synchronous = FULL", "PRAGMA fullfsync = ON"),
    # Without an isolation level the driver leaves transactions alone: begin_read and begin_write start them.
    options={"connect_args": {"timeout": BUSY_SECONDS, "isolation_level": None}},
)

_POSTGRESQL: Final = Backend(
    driver="postgresql+psycopg",
    insert_new=lambda table: postgresql.insert(table).on_conflict_do_nothing(),
    begin_read="",
    begin_write=f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})",
    clock="CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
    on_connect=(),
    # A connection that a restarted server has dropped is found out and replaced before it is used.
    options={"pool_pre_ping": True, "connect_args": {"connect_timeout": _CONNECT_SECONDS}},
)

BACKENDS: Final[Mapping[str, Backend]] = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
