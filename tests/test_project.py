"""The project's own files agree with each other and with what is installed."""

import importlib
import importlib.metadata
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
ROOMS = [name for name in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"] if "." not in name]
EXTRAS = PROJECT["optional-dependencies"]


def requirements() -> list[Requirement]:
    return [Requirement(text) for texts in (PROJECT["dependencies"], *EXTRAS.values()) for text in texts]


def pins() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found: dict[str, Version] = {}
    for line in filter(None, (line.partition("#")[0].strip() for line in lines)):
        match = re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)", line)
        assert match, f"constraints.txt has {line!r}: every line must be an exact pin, name==version"
        name = canonicalize_name(match[1])
        assert name not in found, f"constraints.txt pins {name} twice"
        found[name] = Version(match[2])
    return found


def test_the_installed_version_is_the_projects() -> None:
    assert importlib.metadata.version("lista-genome") == PROJECT["version"]


def test_the_citation_names_the_projects_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {PROJECT['version']}" in citation


@pytest.mark.parametrize("room", ROOMS)
def test_every_package_is_there_documented_and_typed(room: str) -> None:
    package = importlib.import_module(room)
    assert package.__doc__
    assert package.__file__ is not None
    assert Path(package.__file__) == ROOT / room / "__init__.py"
    assert (ROOT / room / "py.typed").is_file()


def test_every_folder_with_modules_is_a_package() -> None:
    # setuptools leaves out a folder without an __init__.py, and only an installed copy would show it.
    folders = {source.parent for room in ROOMS for source in (ROOT / room).rglob("*.py")}
    assert sorted(folder for folder in folders if not (folder / "__init__.py").is_file()) == []


def test_every_requirement_is_pinned_within_its_bounds() -> None:
    pinned = pins()
    for requirement in requirements():
        pin = pinned.get(canonicalize_name(requirement.name))
        assert pin is not None, f"constraints.txt has no pin for {requirement.name}"
        assert requirement.specifier.contains(pin), (
            f"constraints.txt pins {requirement.name}=={pin}: {requirement}"
        )


def test_every_requirement_has_a_lower_bound() -> None:
    unbounded = [str(r) for r in requirements() if [s.operator for s in r.specifier] != [">="]]
    assert unbounded == []


def test_torch_runs_on_one_thread_in_tests() -> None:
    assert torch.get_num_threads() == 1
