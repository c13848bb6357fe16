"""The tables of an archive.

The NMSE of all stages is packed into one binary column of little-endian float64, not kept as one row a stage.
Bits must survive: SQLite turns -0.0 into 0.0 and NaN into NULL in a REAL column, a binary column keeps every
float64 on both databases. It is also 16 times fewer rows to write, to check and to read at K = 16. What a
query sorts or filters by (setting, score, connections, genome digest) has a column of its own.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    Table,
    Text,
    TypedColumns,
)

FORMAT: Final = "2"
"""Version of the tables and of what their columns mean; an archive of another version is refused."""

METADATA: Final = MetaData()


class NoteColumns(TypedColumns):
    """What holds for the archive as a whole, as name and value: its format version."""

    name: Named[str] = Column(Text, primary_key=True)
    value: Named[str] = Column(Text)
    checksum: Named[str] = Column(Text)


class EvaluationColumns(TypedColumns):
    """One finished evaluation a row; ``id`` grows in the order of recording.

    ``stages`` is NULL where all stages were trained; otherwise only so many were, and ``score`` is the NMSE
    after the last of these.
    """

    id: Named[int] = Column(Integer, primary_key=True)
    key: Named[str] = Column(Text, unique=True)
    setting: Named[str] = Column(Text)
    genome_digest: Named[str] = Column(Text)
    genome: Named[str] = Column(Text)
    connections: Named[int] = Column(Integer)
    seed: Named[int] = Column(BigInteger)
    draw: Named[int] = Column(BigInteger)
    test: Named[int] = Column(Integer)
    stages: Named[int | None] = Column(Integer)
    status: Named[str] = Column(Text)
    score: Named[float] = Column(Double)
    valid_db: Named[bytes] = Column(LargeBinary)
    test_db: Named[bytes | None] = Column(LargeBinary)
    seconds: Named[float] = Column(Double)
    owner: Named[str | None] = Column(Text)
    created_at: Named[float] = Column(Double)
    checksum: Named[str] = Column(Text)


class LeaseColumns(TypedColumns):
    """Who works on an evaluation that is not recorded yet; times are the database's, seconds since 1970."""

    key: Named[str] = Column(Text, primary_key=True)
    owner: Named[str] = Column(Text, index=True)
    taken_at: Named[float] = Column(Double)
    expires_at: Named[float] = Column(Double)


NOTES: Final = Table("notes", METADATA, NoteColumns)
EVALUATIONS: Final = Table("evaluations", METADATA, EvaluationColumns)
LEASES: Final = Table("leases", METADATA, LeaseColumns)

Index("evaluations_in_order", EVALUATIONS.c.setting, EVALUATIONS.c.id)
