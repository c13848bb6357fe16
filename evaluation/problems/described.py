"""Values that JSON can hold: problems and their parts, by kind and fields."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, ClassVar, Self, get_type_hints

import numpy as np
from numpy.typing import NDArray

from evaluation.digest import Json, digest


class Described(ABC):
    """A problem, or a part of one, that a JSON file can describe.

    Subclasses are frozen dataclasses, of which the fields are the description, or give a ``to_dict`` of their
    own. A field that is a path says where something lies, and is no part of the value.

    Attributes:
        kind: name in descriptions.
    """

    kind: ClassVar[str]

    def to_dict(self) -> dict[str, Json]:
        """The kind, and every field that the data depends on."""
        described: dict[str, Json] = {"kind": self.kind}
        hints = get_type_hints(type(self))
        for field in fields(self):  # type: ignore[arg-type]
            if hints[field.name] not in (Path, Path | None):
                described[field.name] = _json(getattr(self, field.name), hints[field.name])
        return described


class FromFile(Described):
    """Content that stands in a file or folder, and is told by its digest: equal content is equal.

    Attributes:
        path: where it was read; None where it was made in memory.
    """

    path: Path | None

    @classmethod
    @abstractmethod
    def read(cls, path: str | Path) -> Self:
        """Read it.

        Raises:
            InputError: there is nothing usable at the path.
        """

    @abstractmethod
    def to_dict(self) -> dict[str, Json]:
        """The kind, the digest of the content and its sizes; not the path."""

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.to_dict() == self.to_dict()

    def __hash__(self) -> int:
        return hash(digest(self.to_dict()))


def content_digest(arrays: Mapping[str, NDArray[np.generic]]) -> str:
    """SHA-256 of names, shapes and values, the first 32 hex digits."""
    content = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        content.update(f"{name}{values.shape}".encode())
        content.update(values.tobytes())
    return content.hexdigest()[:32]


def _json(value: Any, hint: Any) -> Json:
    if hasattr(value, "to_dict"):
        part: dict[str, Json] = value.to_dict()
        return part
    # 1 and 1.0 are the same value and so have the same description.
    return float(value) if type(value) is int and hint in (float, float | None) else value
