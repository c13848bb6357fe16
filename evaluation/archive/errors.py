"""What can go wrong with an archive, each told to the user in one sentence."""

from __future__ import annotations

from genome.errors import InputError


class StorageError(InputError):
    """The database cannot be used: full disk, read-only directory, server down, locked for too long."""


class DamageError(StorageError):
    """The database holds something other than what was recorded; the message names the place."""


class ConflictError(StorageError):
    """An evaluation that is already recorded came out differently, so evaluations are not deterministic."""
