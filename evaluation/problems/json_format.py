"""Problems from their descriptions: by kind and fields, read strictly."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

from evaluation.problems.base import Problem
from evaluation.problems.described import Described, FromFile
from evaluation.problems.kinds import KINDS
from genome import InputError
from genome.strict import shorten, shown

_PLAIN: Final = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}


def problem_from_dict(values: Mapping[str, Any], folder: str | Path = ".") -> Problem:
    """The problem of a description, ``problem.to_dict()`` or one written by hand.

    Fields that have a default may be left out. What stands in a file (``data_file``, ``given_dictionary``,
    ``images``) needs a ``path`` beside its kind; what is also said of its content (``sha256``, sizes) must
    hold.

    Args:
        values: ``{"kind": ..., field: value, ...}``; problems and parts inside it likewise.
        folder: where relative paths start.

    Raises:
        InputError: an unknown kind or key, a missing key, a value of another type or against its rule, or a
            file that is not there or has other content.
    """
    problem = _part(values, Problem, "The problem", Path(folder))
    assert isinstance(problem, Problem)
    return problem


def _part(values: object, role: type, what: str, folder: Path) -> object:
    """A problem or a part of one; ``role`` is the class that it must have."""
    known = tuple(sorted(name for name, each in KINDS.items() if issubclass(each, role)))
    if not isinstance(values, Mapping) or "kind" not in values:
        raise InputError(f'{what} must be an object with the key "kind", got {shown(values)}.')
    kind = values["kind"]
    if not isinstance(kind, str) or kind not in known:
        raise InputError(f"{what} must be of kind {shorten(known, 20)}, got {shown(kind)}.")
    rest = {key: value for key, value in values.items() if key != "kind"}
    made = KINDS[kind]
    return _from_file(made, rest, folder) if issubclass(made, FromFile) else _from_fields(made, rest, folder)


def _from_fields(made: type[Described], values: Mapping[str, Any], folder: Path) -> Described:
    hints = get_type_hints(made)
    known = {field.name: field for field in fields(made)}  # type: ignore[arg-type]
    _refuse_unknown(made, values, tuple(known))
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InputError(f"A problem of kind {made.kind} must have the key {name!r}, which is missing.")
    return made(
        **{
            name: _value(value, hints[name], f"Key {name!r} of {made.kind}", folder)
            for name, value in values.items()
        }
    )


def _value(value: object, hint: Any, what: str, folder: Path) -> object:
    """A value that has the type of its field; numbers stay as they were written."""
    types = get_args(hint) or (hint,)
    if value is None and type(None) in types:
        return None
    wanted = types[0]
    if isinstance(wanted, str):  # of a Literal; which ones are allowed is the field's own rule
        wanted = str
    if wanted is Path:
        return folder / str(_plain(value, str, what))
    return _plain(value, wanted, what) if wanted in _PLAIN else _part(value, wanted, what, folder)


def _plain(value: object, wanted: type, what: str) -> object:
    allowed = (int, float) if wanted is float else (wanted,)
    too_large = wanted is float and type(value) in allowed and abs(value) > sys.float_info.max  # type: ignore[arg-type]
    if type(value) not in allowed or too_large:
        raise InputError(f"{what} must be {_PLAIN[wanted]}, got {shown(value)}.")
    return value


def _from_file(made: type[FromFile], values: Mapping[str, Any], folder: Path) -> FromFile:
    path = values.get("path")
    if not isinstance(path, str):
        raise InputError(f'A {made.kind} must have its "path" beside its kind, got {shown(path)}.')
    content = made.read(folder / path)
    found = content.to_dict()
    _refuse_unknown(made, values, ("path", *(key for key in found if key != "kind")))
    for key, value in values.items():
        if key != "path" and value != found[key]:
            raise InputError(
                f"The {made.kind} {folder / path} must have the {key} {shown(value)} of its description, "
                f"got {shown(found[key])}."
            )
    return content


def _refuse_unknown(made: type[Described], values: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in values:
        if key not in known:
            raise InputError(f"A {made.kind} has no key {shown(key)}; it has {shorten(known, 20)}.")
