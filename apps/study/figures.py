"""Where a study's figures go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Drawings:
    """Writes figures beside the pieces.

    Attributes:
        folder: that they are written to.
    """

    folder: Path

    def draw(self, name: str, write: Callable[[Path], None]) -> str:
        """Have a figure written as ``name.png`` and ``name.pdf``; returns the name."""
        write(self.folder / name)
        return name
