"""The checksum that every stored row carries, so that a row that changed on the disk is never used."""

from __future__ import annotations

import hashlib


def checksum(*values: str | bytes | int | float | None) -> str:
    """Digest the values of a row into 16 hexadecimal characters (64 bits of SHA-256).

    ``ascii`` writes every value with its type, exactly, and the same under every Python version.
    """
    return hashlib.sha256(ascii(values).encode("ascii")).hexdigest()[:16]
