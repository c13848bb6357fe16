"""How the reports of an analysis name a connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def connection(named: Mapping[str, Any]) -> str:
    """A connection in short: "16<3" where layer 16 takes x(3)."""
    return f"{named['destination']}<{named['source']}"
