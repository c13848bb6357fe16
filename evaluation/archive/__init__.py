"""The archive: every finished evaluation, kept in a database that survives kills and is shared by processes.

SQLite in the run directory by default, PostgreSQL by URL; the same tables and statements serve both.
"""

from evaluation.archive.archive import Archive
from evaluation.archive.errors import ConflictError, DamageError, StorageError

__all__ = ["Archive", "ConflictError", "DamageError", "StorageError"]
