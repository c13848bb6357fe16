"""Digests of settings: one short name for everything that a result depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

Json = str | int | float | bool | None | Sequence["Json"] | Mapping[str, "Json"]


def digest(value: Json) -> str:
    """SHA-256 of the canonical JSON of ``value``, the first 32 hex digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
