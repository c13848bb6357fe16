"""Solvers by name."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from evaluation.solvers.base import Solver
from evaluation.solvers.greedy import OmpResidual, OmpSize
from evaluation.solvers.iterative import Fista, Ista
from evaluation.solvers.lasso import ScikitLasso, SkglmLasso
from genome import InputError

_FAMILIES: Final[Mapping[str, Callable[[Collection[int]], Sequence[Solver]]]] = MappingProxyType(
    {
        "ista": lambda iterations: [Ista(iterations=count) for count in iterations],
        "fista": lambda iterations: [Fista(iterations=count) for count in iterations],
        "lasso": lambda _: [ScikitLasso()],
        "skglm": lambda _: [SkglmLasso()],
        "omp": lambda _: [OmpSize(), OmpResidual()],
    }
)


def solver_names() -> tuple[str, ...]:
    """The names that ``create_solvers`` knows."""
    return tuple(_FAMILIES)


def create_solvers(names: Sequence[str], iterations: Collection[int]) -> list[Solver]:
    """Make solvers, not yet tuned.

    Args:
        names: of ``solver_names()``.
        iterations: of ISTA and FISTA: one solver for every number.

    Raises:
        InputError: a name is not known or comes twice, or the package that a solver needs is not installed.
    """
    for name in names:
        if name not in _FAMILIES:
            raise InputError(f"Solver must be one of {', '.join(_FAMILIES)}, got {name!r}.")
        if names.count(name) > 1:
            raise InputError(f"Solvers must differ, got {name!r} twice.")
    solvers = [(name, solver) for name in names for solver in _FAMILIES[name](iterations)]
    for name, solver in solvers:
        _check_package(name, solver)
    return [solver for _, solver in solvers]


def _check_package(name: str, solver: Solver) -> None:
    if not solver.package:
        return
    try:
        importlib.metadata.version(solver.package)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(
            f"Solver {name!r} needs the package {solver.package}, which is not installed: "
            "pip install 'lista-genome[baselines]', or leave the solver out."
        ) from None
