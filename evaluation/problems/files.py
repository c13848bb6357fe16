"""Problem files: JSON descriptions with the places of the files that they need."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from evaluation.problems.base import Problem
from evaluation.problems.described import FromFile
from evaluation.problems.json_format import problem_from_dict
from genome import InputError
from genome.files import read_bounded, write_atomic


def save_problem(path: str | Path, problem: Problem) -> None:
    """Write a problem as a JSON file that ``load_problem`` reads, replacing a file that is there.

    It has ``problem.to_dict()`` and, beside the digest of each file that the problem was read from, its path:
    relative where the file is in the folder of the JSON file or below, absolute elsewhere.

    Raises:
        InputError: the file cannot be written, or a part of the problem has no file of its own.
    """
    target = Path(path)
    text = json.dumps(_with_places(problem, target.resolve().parent), indent=2, allow_nan=False) + "\n"
    try:
        write_atomic(target, text)
    except OSError as error:
        raise InputError(f"The problem file must be writable, got {error.strerror} for {path}.") from error


def load_problem(path: str | Path) -> Problem:
    """Read a problem from a JSON file; paths in it start at its folder.

    Raises:
        InputError: the file cannot be read, is larger than 1 MB, is no JSON, or describes no problem, see
            ``problem_from_dict``; the message ends with the path.
    """
    data = read_bounded(path, "problem file")
    try:
        return problem_from_dict(json.loads(data, object_pairs_hook=_once), Path(path).parent)
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')}, in {path}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"A problem file must be JSON text: {error}, in {path}.") from None


def _with_places(value: Any, folder: Path) -> Any:
    """The description of a problem or a part, with the paths that it leaves out."""
    if isinstance(value, FromFile):
        if value.path is None:
            raise InputError(
                f"To be saved with a problem, its {value.kind} must come from a file, got one made in memory."
            )
        return {**value.to_dict(), "path": _place(value.path, folder)}
    described = dict(value.to_dict())
    for field in fields(value) if is_dataclass(value) else ():
        part = getattr(value, field.name)
        if isinstance(part, Path):
            described[field.name] = _place(part, folder)
        elif hasattr(part, "to_dict"):
            described[field.name] = _with_places(part, folder)
    return described


def _place(path: Path, folder: Path) -> str:
    whole = path.resolve()
    return str(whole.relative_to(folder) if whole.is_relative_to(folder) else whole)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"Every key of an object must stand once, got {twice!r} twice.")
    return result
