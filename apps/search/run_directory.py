"""The folder that a search writes to: one process at a time, one set of settings for good."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, final

from filelock import FileLock, Timeout

from genome import InputError
from genome.files import write_atomic
from genome.strict import MAX_SHOWN

_SETTINGS, _LOCK = "settings.json", ".lock"
_MOST: Final = 5
"""Settings that differ and are named, at most."""


def owner(folder: Path) -> str:
    """The name under which a run takes work from an archive: the host, and where its folder is.

    A path may have bytes that are no text, or none in the locale; they are read as UTF-8 where they are that,
    and are written as escapes elsewhere.
    """
    place = os.fsencode(folder.resolve()).decode("utf-8", "backslashreplace")
    return f"{socket.gethostname()}:{place}"


@final
class RunDirectory:
    """An exclusive hold on a run directory.

    A run that ends in an error before it kept anything there leaves no trace.

    Args:
        path: made where there is none.
        settings: everything that the run's results depend on.

    Raises:
        InputError: another process is at work there, the folder cannot be made or written, or holds
            something other than a run, or a run with other settings (the message says which differ).
    """

    def __init__(self, path: Path, settings: Mapping[str, Any]) -> None:
        self.path = path
        self._settings = json.loads(json.dumps(settings))
        self._lock = FileLock(path / _LOCK)
        self._made: list[Path] = []
        self._before: frozenset[str] = frozenset()

    def __enter__(self) -> Self:
        try:
            self._made = [folder for folder in (self.path, *self.path.parents) if not folder.exists()]
            self.path.mkdir(parents=True, exist_ok=True)
            self._before = self._content()
            self._check()  # Before the lock, whose file must not be left in a folder that is refused.
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"A run directory serves one process at a time, and another is at work in {self.path}."
            ) from None
        except OSError as error:
            reason = error.strerror or error
            raise InputError(
                f"A run directory must be a folder that can be written, got {self.path} ({reason})."
            ) from None
        try:
            self._clear_unfinished()
            if not self._check():
                text = json.dumps(self._settings, indent=2, sort_keys=True) + "\n"
                write_atomic(self.path / _SETTINGS, text)
        except BaseException:
            self._leave(failed=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave(failed=kind is not None)

    def _leave(self, *, failed: bool) -> None:
        with contextlib.suppress(OSError):
            ours = {_SETTINGS, _LOCK} - self._before
            if failed and _SETTINGS in ours and self._content() <= self._before | ours:
                for name in ours:
                    (self.path / name).unlink(missing_ok=True)
                for folder in self._made:
                    folder.rmdir()
        self._lock.release()

    def _clear_unfinished(self) -> None:
        """Remove what a killed process was writing; nobody else writes here while the lock is held."""
        for folder in (self.path, self.path / "prefixes"):
            for file in folder.glob(".*.tmp"):
                file.unlink(missing_ok=True)

    def _content(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self.path.iterdir())

    def _check(self) -> bool:
        """Refuse a folder that the run cannot use; tell whether the run has begun there."""
        file = self.path / _SETTINGS
        if file.exists():
            self._compare(file)
            return True
        foreign = [name for name in self._content() if not name.startswith(".")]
        if foreign:
            raise InputError(
                f"A run directory must be empty or hold a run, got {self.path} with {min(foreign)!r} in it."
            )
        return False

    def _compare(self, file: Path) -> None:
        before, now = _read(file), dict(_flat(self._settings))
        differing = [
            f"{name} (there {_short(before.get(name, 'absent'))}, here {_short(now.get(name, 'absent'))})"
            for name in sorted(before.keys() | now.keys())
            if before.get(name, _ABSENT) != now.get(name, _ABSENT)
        ]
        if differing:
            more = f" and {len(differing) - _MOST} more" if len(differing) > _MOST else ""
            raise InputError(
                f"A run goes on with the settings it began with; in {self.path} differ: "
                f"{', '.join(differing[:_MOST])}{more}."
            )


_ABSENT = object()


def _read(file: Path) -> dict[str, Any]:
    """The settings in a file, flat."""
    try:
        kept = json.loads(file.read_text("utf-8"))
        flat = dict(_flat(kept))
    except (ValueError, RecursionError) as error:
        raise InputError(f"The settings of a run must be readable JSON, got {file}: {error}.") from None
    if not isinstance(kept, dict):
        raise InputError(f"The settings of a run must be readable JSON, got {file}: it is no object.")
    return flat


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."


def _flat(value: Any, name: str = "") -> list[tuple[str, Any]]:
    """Nested settings as (dotted name, value) pairs."""
    if not isinstance(value, dict):
        return [(name, value)]
    return [pair for key, inner in value.items() for pair in _flat(inner, f"{name}.{key}" if name else key)]
