"""The archive: finished evaluations by key, and leases on unfinished ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, delete, func, select

from evaluation.archive import leases, opening
from evaluation.archive.errors import ConflictError
from evaluation.archive.rows import EvaluationRow, check_row, differences, from_row, to_row
from evaluation.archive.schema import EVALUATIONS, LEASES
from evaluation.archive.storage import Storage
from genome.errors import InputError
from genome.records import Evaluation

_BATCH: Final = 256
"""Rows in one statement: few enough for every database's limit on parameters, and for a page in memory."""

T = TypeVar("T")


class Archive:
    """Every finished evaluation of one or more runs, in SQLite or PostgreSQL.

    What :meth:`record` has returned from is on the disk. Processes may share an archive; each opens its own
    (an open one does not survive a fork), and a process's threads may share it. Made by :meth:`open`.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    @classmethod
    def open(cls, target: str | os.PathLike[str]) -> Self:
        """Open an archive, or make one where there is nothing.

        Args:
            target: Path of a SQLite file (its folder must exist), or a URL: ``sqlite:///FILE`` or
                ``postgresql://USER@HOST/DATABASE``.

        Raises:
            InputError: The target is malformed or something other than an archive, or an archive of another
                format version.
            DamageError: The file is torn.
            StorageError: It cannot be read or written, or the server does not answer.
        """
        storage = Storage(target)
        archive = cls(storage)
        try:
            opening.prepare(storage)
        except BaseException:
            archive.close()
            raise
        return archive

    @property
    def place(self) -> str:
        """The file or URL, without a password."""
        return self._storage.place

    # Evaluations

    def record(self, evaluations: Sequence[Evaluation], owner: str | None = None) -> None:
        """Keep evaluations, all or none of them, and end the leases on them, whoever has those.

        An evaluation that is there already with the same result is left as it is.

        Args:
            evaluations: What to keep.
            owner: Who made them, noted in their rows.

        Raises:
            ConflictError: One is there already with another result; the message has its key.
            StorageError: The database cannot be used, such as for a full disk.
        """
        now = time.time()
        rows = [to_row(evaluation, owner, now) for evaluation in evaluations]

        def work(connection: Connection) -> None:
            for batch in _batches(rows):
                self._insert(connection, batch)

        self._storage.write(work)

    def get(self, keys: Iterable[str]) -> dict[str, Evaluation]:
        """Give the evaluations with the given keys, by key; keys that are not there are left out.

        Raises:
            DamageError: A row is not what was written.
            StorageError: The database cannot be used.
        """
        found: dict[str, Evaluation] = {}
        for batch in _batches(list(keys)):
            rows = self._rows(select(EVALUATIONS).where(EVALUATIONS.c.key.in_(batch)))
            found |= {row._mapping["key"]: from_row(row, self.place) for row in rows}
        return found

    def evaluations(
        self, setting: str | None = None, *, draw: int | None = None, test: bool | None = None
    ) -> Iterator[Evaluation]:
        """Iterate over evaluations in the order of recording, a page in memory at a time.

        Every page is a transaction of its own, so that a slow consumer holds nothing back. What is recorded
        after the iteration began is left out.

        Args:
            setting: Only those in this setting.
            draw: Only those on this draw of the signals.
            test: Only those that read the test split, or only those that did not.

        Raises:
            DamageError: A row is not what was written.
            StorageError: The database cannot be used.
        """
        wanted = _filters(setting, draw, test)
        columns = EVALUATIONS.c
        last = self._storage.read(lambda connection: connection.scalar(select(func.max(columns.id)))) or 0
        seen = 0
        while seen < last:
            page = select(EVALUATIONS).where(*wanted, columns.id > seen, columns.id <= last)
            rows = self._rows(page.order_by(columns.id).limit(_BATCH))
            yield from (from_row(row, self.place) for row in rows)
            seen = rows[-1]._mapping["id"] if len(rows) == _BATCH else last

    def count(self, setting: str | None = None, *, draw: int | None = None, test: bool | None = None) -> int:
        """Count evaluations, with the same filters as :meth:`evaluations`."""
        statement = select(func.count()).select_from(EVALUATIONS).where(*_filters(setting, draw, test))
        return self._storage.read(lambda connection: connection.scalar(statement)) or 0

    def best(self, setting: str, k: int, *, draw: int = 0, test: bool = False) -> list[Evaluation]:
        """Give the ``k`` complete evaluations with the lowest scores, best first, or all if there are fewer.

        Networks that were not trained to their last stage are left out.

        Scores are compared on one draw of the signals only. Equal scores are ordered by genome digest, then
        seed, so that the answer does not depend on the order of recording.

        Raises:
            InputError: ``k`` is below 1.
            DamageError: A row is not what was written.
            StorageError: The database cannot be used.
        """
        if k < 1:
            raise InputError(f"The number of best evaluations must be at least 1, got {k}.")
        columns = EVALUATIONS.c
        statement = select(EVALUATIONS).where(
            *_filters(setting, draw, test), columns.status == "complete", columns.stages.is_(None)
        )
        order = (columns.score, columns.genome_digest, columns.seed)
        return [from_row(row, self.place) for row in self._rows(statement.order_by(*order).limit(k))]

    # Leases

    def claim(self, keys: Sequence[str], owner: str, seconds: float, now: float | None = None) -> list[str]:
        """Lease, in one transaction, those of ``keys`` that are not recorded and that nobody else has.

        Args:
            keys: Keys of evaluations.
            owner: Who asks; unique to a process. A lease that it has already is renewed.
            seconds: How long the leases last. One that has ended can be taken over by any other owner.
            now: The time, in seconds since 1970; the database's clock if None, which is what processes that
                share an archive must use.

        Returns:
            Those leased by ``owner`` now, in the order given.

        Raises:
            InputError: No owner, or a time that is not positive.
            StorageError: The database cannot be used.
        """

        def step(connection: Connection, batch: Sequence[str], start: float) -> set[str]:
            return leases.claim(connection, self._storage.backend, batch, owner, start, start + seconds)

        leases.check_terms(owner, seconds)
        return self._lease(keys, now, step)

    def renew(self, owner: str, keys: Sequence[str], seconds: float, now: float | None = None) -> list[str]:
        """Let ``owner``'s leases on ``keys`` last ``seconds`` from now.

        Returns:
            Those that ``owner`` still has, in the order given; the others were recorded or taken over.

        Raises:
            InputError: No owner, or a time that is not positive.
            StorageError: The database cannot be used.
        """

        def step(connection: Connection, batch: Sequence[str], start: float) -> set[str]:
            return leases.renew(connection, batch, owner, start, start + seconds)

        leases.check_terms(owner, seconds)
        return self._lease(keys, now, step)

    def release(self, owner: str) -> None:
        """End all of ``owner``'s leases.

        Raises:
            StorageError: The database cannot be used.
        """
        self._storage.write(
            lambda connection: connection.execute(delete(LEASES).where(LEASES.c.owner == owner))
        )

    # Closing

    def close(self) -> None:
        """Close the database; the last process to close a SQLite one leaves a single file, without a log."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _lease(
        self,
        keys: Sequence[str],
        now: float | None,
        step: Callable[[Connection, Sequence[str], float], set[str]],
    ) -> list[str]:
        distinct = list(dict.fromkeys(keys))

        def work(connection: Connection) -> set[str]:
            start = leases.clock(connection, self._storage.backend) if now is None else now
            return set().union(*(step(connection, batch, start) for batch in _batches(distinct)))

        held = self._storage.write(work)
        return [key for key in distinct if key in held]

    def _insert(self, connection: Connection, batch: Sequence[dict[str, Any]]) -> None:
        keys = [row["key"] for row in batch]
        connection.execute(delete(LEASES).where(LEASES.c.key.in_(keys)))
        connection.execute(self._storage.backend.insert_new(EVALUATIONS), batch)
        found = connection.execute(select(EVALUATIONS).where(EVALUATIONS.c.key.in_(keys)))
        stored = {row._mapping["key"]: row for row in found}
        for row in batch:
            check_row(stored[row["key"]], self.place)
            if differing := differences(stored[row["key"]], row):
                raise ConflictError(
                    f"An evaluation must come out the same every time, got for {row['key']} (genome "
                    f"{row['genome_digest']}, seed {row['seed']}) another {', '.join(differing)} than the "
                    f"archive {self.place} has."
                )

    def _rows(self, statement: Select[*tuple[Any, ...]]) -> Sequence[EvaluationRow]:
        return self._storage.read(lambda connection: connection.execute(statement).all())


def _filters(setting: str | None, draw: int | None, test: bool | None) -> list[ColumnElement[bool]]:
    columns = EVALUATIONS.c
    given = (
        (columns.setting, setting),
        (columns.draw, draw),
        (columns.test, None if test is None else int(test)),
    )
    return [column == value for column, value in given if value is not None]


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
