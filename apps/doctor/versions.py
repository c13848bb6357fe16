"""Is what is installed what the project asks for, and can it be imported?"""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Final

from apps.doctor.finding import REINSTALL, Finding

if TYPE_CHECKING:
    from packaging.requirements import Requirement

DISTRIBUTION: Final = "lista-genome"


def versions(distribution: str = DISTRIBUTION) -> Finding:
    """Installed versions against the requirements in the installed distributions' metadata.

    A requirement of the project itself that is not met is a failure. One of a requirement's own is a warning:
    some systems package those without saying so.

    Args:
        distribution: the project's.
    """
    name = "versions"
    try:
        project = metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return Finding(name, "failed", f"the distribution {distribution} is not installed", REINSTALL)
    direct = _requirements(distribution)
    own = [*_python(project), *(problem for one in direct for problem in _problem(distribution, one))]
    further, count = _further(direct)
    if own or further:
        return Finding(name, "failed" if own else "warning", "; ".join(own + further), REINSTALL)
    found = ", ".join(f"{requirement.name} {metadata.version(requirement.name)}" for requirement in direct)
    return Finding(name, "ok", f"python {platform.python_version()}, {found}; {count} distributions in all")


def imports(distribution: str = DISTRIBUTION) -> Finding:
    """Whether every requirement, and the checks that need them, can be imported.

    Args:
        distribution: the project's; the requirements of one that is not installed are not known.
    """
    try:
        wanted = [requirement.name for requirement in _requirements(distribution)]
    except metadata.PackageNotFoundError:
        wanted = []
    problems = []
    for module in (*wanted, "apps.doctor.examination"):
        try:
            importlib.import_module(module)
        except Exception as error:  # A broken binary raises whatever its loader does.
            reason = next(iter(str(error).splitlines()), "no message")
            problems.append(f"{module} ({type(error).__name__}: {reason})")
    if problems:
        measured = f"cannot be imported, and nothing more is checked: {'; '.join(problems)}"
        return Finding("imports", "failed", measured, REINSTALL)
    return Finding("imports", "ok", f"{len(wanted)} packages and the project's own")


def _requirements(distribution: str, extra: str = "") -> list[Requirement]:
    from packaging.requirements import Requirement

    stated = [Requirement(text) for text in metadata.requires(distribution) or ()]
    return [one for one in stated if one.marker is None or one.marker.evaluate({"extra": extra})]


def _python(project: metadata.Distribution) -> Iterator[str]:
    from packaging.specifiers import SpecifierSet

    wanted = ",".join(project.metadata.get_all("Requires-Python", ()))
    found = platform.python_version()
    if not SpecifierSet(wanted).contains(found, prereleases=True):
        yield f"python is {found}, {project.name} needs {wanted}"


def _problem(owner: str, requirement: Requirement) -> Iterator[str]:
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        yield f"{requirement.name} is missing, {owner} needs {requirement}"
    else:
        if not requirement.specifier.contains(found, prereleases=True):
            yield f"{requirement.name} is {found}, {owner} needs {requirement}"


def _further(direct: list[Requirement]) -> tuple[list[str], int]:
    """Problems with the requirements' own requirements, and how many distributions there are in all."""
    from packaging.utils import canonicalize_name

    problems: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(one, extra) for one in direct for extra in ("", *one.extras)]
    while waiting:
        owner, extra = waiting.pop()
        place = (canonicalize_name(owner.name), extra)
        if place in seen or any(_problem("", owner)):
            continue
        seen.add(place)
        for one in _requirements(owner.name, extra):
            problems.update(_problem(owner.name, one))
            waiting += [(one, wanted) for wanted in ("", *one.extras)]
    return sorted(problems), len({name for name, _ in seen})
