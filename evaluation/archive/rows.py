"""An evaluation as a row of the database, and back, to the bit."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row

from evaluation.archive.checksum import checksum
from evaluation.archive.errors import DamageError
from evaluation.archive.schema import EVALUATIONS
from genome.genome import Genome
from genome.records import Evaluation, Request
from genome.strict import shown

EvaluationRow = Row[*tuple[Any, ...]]

_CONTENT: Final = tuple(
    column.name for column in EVALUATIONS.columns if column.name not in ("id", "checksum")
)
_RESULT: Final = ("genome", "status", "valid_db", "test_db")


def to_row(evaluation: Evaluation, owner: str | None, created_at: float) -> dict[str, Any]:
    """Write an evaluation as the values of a row, all but its ``id``.

    Args:
        evaluation: The evaluation.
        owner: Who made it, for the record only.
        created_at: When it was recorded, in seconds since 1970, for the record only.
    """
    request = evaluation.request
    tests = (evaluation.test_nmse_db, evaluation.test_ratio_db)
    row: dict[str, Any] = {
        "key": evaluation.key,
        "setting": evaluation.setting,
        "genome_digest": request.genome.digest,
        "genome": request.genome.to_json(),
        "connections": request.genome.connections,
        "seed": request.seed,
        "draw": request.draw,
        "test": int(request.test),
        "stages": request.stages,
        "status": evaluation.status,
        "score": _plain(evaluation.score),
        "valid_db": _pack((*evaluation.valid_nmse_db, *evaluation.valid_ratio_db)),
        "test_db": _pack([value for value in tests if value is not None]) if request.test else None,
        "seconds": _plain(evaluation.seconds),
        "owner": owner,
        "created_at": _plain(created_at),
    }
    return row | {"checksum": checksum(*(row[name] for name in _CONTENT))}


def check_row(row: EvaluationRow, place: str) -> None:
    """Refuse a row that is not what was written.

    Raises:
        DamageError: Its checksum differs from its content; the message names the row.
    """
    values = row._mapping
    if values["checksum"] != checksum(*(values[name] for name in _CONTENT)):
        raise DamageError(
            f"The archive {place} is damaged: evaluation {values['id']} (key {shown(values['key'])}) does not"
            f" fit its checksum; DELETE FROM evaluations WHERE id = {values['id']} has it evaluated again."
        )


def from_row(row: EvaluationRow, place: str) -> Evaluation:
    """Read an evaluation from a row of the table of evaluations, ``place`` being the archive in messages.

    Raises:
        DamageError: The row is not what was written.
    """
    check_row(row, place)
    values = row._mapping
    genome = Genome.from_json(values["genome"])
    numbers = _unpack(values["valid_db"])
    tests = (None, None) if values["test_db"] is None else _unpack(values["test_db"])
    return Evaluation(
        request=Request(genome, values["seed"], values["draw"], bool(values["test"]), values["stages"]),
        setting=values["setting"],
        status=values["status"],
        valid_nmse_db=numbers[: len(numbers) // 2],
        valid_ratio_db=numbers[len(numbers) // 2 :],
        test_nmse_db=tests[0],
        test_ratio_db=tests[1],
        seconds=values["seconds"],
    )


def differences(stored: EvaluationRow, given: Mapping[str, Any]) -> list[str]:
    """List the columns in which two rows with the same key differ as results; bits count.

    How long the training took, who did it and when may differ.
    """
    return [name for name in _RESULT if stored._mapping[name] != given[name]]


def _plain(value: float) -> float:
    """Give ``value`` as a float that a REAL column keeps: SQLite drops the sign of zero."""
    return float(value) + 0.0


def _pack(values: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def _unpack(data: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(data) // 8}d", data)
