"""The folder that a search writes to: one process at a time, one set of settings for good."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, final

from filelock import FileLock, Timeout

from genome import InputError
from genome.files import write_atomic

_SETTINGS, _LOCK = "settings.json", ".lock"


@final
class RunDirectory:
    """An exclusive hold on a run directory.

    Args:
        path: made where there is none.
        settings: everything that the run's results depend on.

    Raises:
        InputError: another process is at work there, the folder holds something other than a run, or a run
            with other settings (the message says which differ).
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self._settings = json.loads(json.dumps(settings))
        self._lock = FileLock(path / _LOCK)

    def __enter__(self) -> Self:
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"A run directory serves one process at a time, and another is at work in {self.path}."
            ) from None
        try:
            self._claim()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lock.release()

    def _claim(self) -> None:
        file = self.path / _SETTINGS
        if file.exists():
            self._check(file)
        elif foreign := [entry.name for entry in self.path.iterdir() if not entry.name.startswith(".")]:
            raise InputError(
                f"A run directory must be empty or hold a run, got {self.path} with {sorted(foreign)[0]!r} in it."
            )
        else:
            write_atomic(file, json.dumps(self._settings, indent=2, sort_keys=True) + "\n")

    def _check(self, file: Path) -> None:
        try:
            kept = json.loads(file.read_text("utf-8"))
        except ValueError as error:
            raise InputError(f"The settings of a run must be readable JSON, got {file}: {error}.") from None
        before, now = dict(_flat(kept)), dict(_flat(self._settings))
        differing = [
            f"{name} (there {before.get(name, 'absent')}, here {now.get(name, 'absent')})"
            for name in sorted(before.keys() | now.keys())
            if before.get(name, _ABSENT) != now.get(name, _ABSENT)
        ]
        if differing:
            raise InputError(
                f"A run goes on with the settings it began with; in {self.path} differ: {', '.join(differing)}."
            )


_ABSENT = object()


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Nested settings as (dotted name, value) pairs."""
    if not isinstance(value, dict):
        return [(name, value)]
    return [pair for key, inner in value.items() for pair in _flat(inner, f"{name}.{key}" if name else key)]
