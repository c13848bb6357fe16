"""What a search evaluated, read from its run directory and its archive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import inspect

from evaluation.archive import Archive
from evaluation.archive.schema import EVALUATIONS
from evaluation.archive.storage import Storage
from evaluation.digest import digest
from genome import DesignSpace, Evaluation, InputError
from genome.records import MAX_SEED
from genome.strict import fields, integer, shown

_FILE: Final = "settings.json"
_SEARCH: Final = ("optimizer", "seed", "batch", "space")
_SETTING: Final = ("engine", "cell", "problem", "protocol", "arithmetic")
_TUNING: Final = "tuning"
"""The settings of a run that its evaluator has, whose digest is the setting of its evaluations; the tuning
only where the cell is not trained by stages."""

_KINDS: Final[Mapping[str, tuple[tuple[type, ...], str]]] = {
    "optimizer": ((str,), "a name"),
    "cell": ((str, dict), "a name or an object"),
    **dict.fromkeys(("problem", "protocol", "options", "halving"), ((dict,), "an object")),
    **dict.fromkeys(("goals", "founders"), ((list,), "a list")),
}
"""Of which types settings are that are looked into, and what these are in words."""


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search evaluated.

    Attributes:
        name: of the run directory.
        settings: of the run.
        space: the design space.
        evaluations: one for every network that it asked and that is settled, in the order asked.
        finished: whether they were taken from the run's result; otherwise there may be more to come.
    """

    name: str
    settings: dict[str, Any]
    space: DesignSpace
    evaluations: tuple[Evaluation, ...]
    finished: bool


def read_search(folder: Path, archive: str | None = None) -> Searched:
    """Read what the search in a run directory asked and evaluated; it may be at work there.

    The run's ``result.json`` lists it. Where there is none yet, the search is replayed over the archive,
    which costs what its optimizer's asking and telling costs, and trains nothing.

    Args:
        folder: the run directory.
        archive: file or URL of its archive; None for the one in the run directory.

    Raises:
        InputError: there is no run or no archive, one of them is damaged, or nothing was evaluated yet.
    """
    settings = _settings(folder)
    space = _space(settings, folder / _FILE)
    result = folder / "result.json"
    with _open(folder, archive) as opened:
        finished = result.exists()
        found = _listed(opened, result) if finished else _replayed(opened, settings, space)
        if not found:
            raise InputError(f"The archive {opened.place} has no evaluation of the search in {folder} yet.")
    return Searched(folder.resolve().name, settings, space, tuple(found), finished)


def _settings(folder: Path) -> dict[str, Any]:
    file = folder / _FILE
    if not file.is_file():
        raise InputError(f"A run directory must have a settings.json, got {folder} without one.")
    settings = read_json(file)
    for name in (*_SEARCH, *_SETTING):
        if not isinstance(settings, dict) or name not in settings:
            raise InputError(f"The settings of a run must have the entry {name!r}, got {file} without it.")
    integer(settings["seed"], f"The seed in {file}", 0, MAX_SEED)
    integer(settings["batch"], f"The batch in {file}", 1, MAX_SEED)
    for name, (types, words) in _KINDS.items():
        if name in settings and not isinstance(settings[name], types):
            raise InputError(f"The {name} in {file} must be {words}, got {shown(settings[name])}.")
    if "metric" in settings:
        what = f"The metric in {file}"
        metric = fields(settings["metric"], what, ("name", "sign"))
        if not isinstance(metric["name"], str) or metric["sign"] not in (1, -1):
            raise InputError(f"{what} must have a name and the sign 1 or -1, got {shown(metric)}.")
    return dict(settings)


def _space(settings: Mapping[str, Any], file: Path) -> DesignSpace:
    try:
        return DesignSpace.from_dict(settings["space"])
    except InputError as error:
        raise InputError(f"{str(error).removesuffix('.')}, in {file}.") from None


def read_json(file: Path) -> Any:
    """Read a file of a run.

    Raises:
        InputError: it is no JSON text.
    """
    try:
        return json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"The files of a run must be readable JSON, got {file}: {error}.") from None


def _open(folder: Path, target: str | None) -> Archive:
    """Open an archive that is there; unlike a search, an export makes none."""
    own = folder / "archive.sqlite"
    if target is None and not own.exists():
        raise InputError(
            f"The run {folder} has no archive.sqlite of its own; name with --archive what the search's"
            " --storage named."
        )
    storage = Storage(target or own)
    try:
        if storage.path is not None:
            there = storage.path.exists()
        else:
            there = storage.read(lambda connection: inspect(connection).has_table(EVALUATIONS.name))
    finally:
        storage.close()
    if not there:
        raise InputError(f"The archive of a run must be there, got {storage.place} without one.")
    return Archive.open(target or own)


def _listed(archive: Archive, result: Path) -> list[Evaluation]:
    """What a result says that the search asked, in that order."""
    try:
        keys = [str(step["key"]) for step in read_json(result)["search"]]
    except (KeyError, TypeError):
        raise InputError(f"A result must list its search, got {result}.") from None
    found = archive.get(keys)
    missing = sum(key not in found for key in keys)
    if missing:
        raise InputError(
            f"The archive {archive.place} lacks {missing} of the {len(keys)} evaluations that {result} lists;"
            " run the search again, or name the right one with --archive."
        )
    return [found[key] for key in keys]


def _replayed(archive: Archive, settings: dict[str, Any], space: DesignSpace) -> list[Evaluation]:
    # Loads what the optimizer stands on, which a finished search's export can do without.
    from apps.export.replay import replay

    names = (*_SETTING, *((_TUNING,) if _TUNING in settings else ()))
    setting = digest({name: settings[name] for name in names})
    return replay(settings, setting, space, archive)
