"""Leases: who is evaluating what, so that searches that share an archive do not do the same work at once.

All times are the database's own clock, since the machines that share a PostgreSQL database need not agree
on the time; on SQLite it is the clock of the one machine that has the file. That clock may be set forward or
back. Forward, leases end early, and an evaluation may be made twice, which costs time and harms nothing:
recording is idempotent. Back by D seconds, a lease would last D longer, and block its evaluation for as long
if its owner is dead. So a lease that claims to begin further in the future than its own length is void:
whatever the clock does, no lease outlives twice its length without being renewed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, text, update

from evaluation.archive.backends import Backend
from evaluation.archive.schema import EVALUATIONS, LEASES
from genome.errors import InputError


def check_terms(owner: str, seconds: float) -> None:
    """Refuse a lease without an owner, or without an end.

    Raises:
        InputError: The owner is empty, or the time is not a positive number of seconds.
    """
    if not owner:
        raise InputError("A lease must have an owner, got an empty name.")
    if not 0 < seconds < math.inf:
        raise InputError(f"A lease must last a positive number of seconds, got {seconds}.")


def clock(connection: Connection, backend: Backend) -> float:
    """Give the time now by the database's clock, in seconds since 1970."""
    return float(connection.execute(text(f"SELECT {backend.clock}")).scalar_one())


def claim(
    connection: Connection, backend: Backend, keys: Sequence[str], owner: str, now: float, end: float
) -> set[str]:
    """Lease those of ``keys`` that are neither recorded nor under a living lease of another owner.

    Args:
        connection: In a writing transaction.
        backend: How this database is spoken to.
        keys: Keys of evaluations, at most a few hundred.
        owner: Who asks. A lease it has already is renewed.
        now: The time now.
        end: When the leases end.

    Returns:
        The keys now leased by ``owner``.
    """
    done = set(connection.scalars(select(EVALUATIONS.c.key).where(EVALUATIONS.c.key.in_(keys))))
    free = or_(LEASES.c.owner == owner, ~_living(now))
    connection.execute(delete(LEASES).where(LEASES.c.key.in_(keys), free))
    wanted = [key for key in keys if key not in done]
    if wanted:
        rows = [{"key": key, "owner": owner, "taken_at": now, "expires_at": end} for key in wanted]
        connection.execute(backend.insert_new(LEASES), rows)
    return _held(connection, wanted, owner)


def renew(connection: Connection, keys: Sequence[str], owner: str, now: float, end: float) -> set[str]:
    """Extend those of ``owner``'s leases on ``keys`` that it still has, and give their keys."""
    mine = and_(LEASES.c.key.in_(keys), LEASES.c.owner == owner)
    connection.execute(update(LEASES).where(mine).values(taken_at=now, expires_at=end))
    return _held(connection, keys, owner)


def _living(now: float) -> ColumnElement[bool]:
    length = LEASES.c.expires_at - LEASES.c.taken_at
    return and_(LEASES.c.expires_at > now, LEASES.c.taken_at <= now + length)


def _held(connection: Connection, keys: Sequence[str], owner: str) -> set[str]:
    return set(
        connection.scalars(select(LEASES.c.key).where(LEASES.c.key.in_(keys), LEASES.c.owner == owner))
    )
