"""Optimizers by name."""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from genome.errors import InputError
from genome.space import DesignSpace
from optimizers.base import Optimizer
from optimizers.goals import SCORE, Goal, checked, several_refused
from optimizers.loading import check_options, load, subclass, takes

# Paths, so that naming an optimizer does not import the libraries that the others stand on.
_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "evolution": "optimizers.evolution:RegularizedEvolution",
        "random": "optimizers.random_search:RandomSearch",
        "reinforce": "optimizers.reinforce:Reinforce",
    }
)
_SEVERAL_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {"evolution": "optimizers.nondominated:NondominatedEvolution"}
)
"""Where another class than for one goal is needed."""

_OPTUNA: Final = "optimizers.optuna_sampler:OptunaSearch"
_SAMPLERS: Final = ("cmaes", "gp", "nsga2", "tpe")
"""Optuna's that have a name of their own."""


def names() -> tuple[str, ...]:
    """Return the registered names, sorted."""
    return tuple(sorted((*_PATHS, *_SAMPLERS)))


def create(name: str, space: DesignSpace, seed: int, **options: object) -> Optimizer:
    """Make an optimizer.

    Args:
        name: A registered name, or the dotted path of an ``Optimizer`` subclass, as ``package.module:Class``
            or ``package.module.Class``, whose constructor must take ``space`` and ``seed``; or the path of a
            sampler of Optuna, as ``optuna.samplers.QMCSampler``.
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        **options: Whatever else the optimizer's constructor takes. ``goals``, what is minimized, may be the
            score alone for every optimizer; ``optimizers.goals.SEVERAL`` take several, and ``evolution`` is
            NSGA-II then.

    Raises:
        InputError: If the name is neither registered nor a path, if the path does not lead to an optimizer
            that can be made, if an option is unknown or missing, or if the optimizer refuses a value.
    """
    goals = checked(options["goals"]) if "goals" in options else (SCORE,)  # type: ignore[arg-type]
    paths = {**_PATHS, **_SEVERAL_PATHS} if len(goals) > 1 else _PATHS
    path = _OPTUNA if name in _SAMPLERS else paths.get(name, name)
    found = _load(path)
    if _is_sampler(found):
        path, found = _OPTUNA, _load(_OPTUNA)
    if path == _OPTUNA:
        if "sampler" in options:
            raise InputError(f"Optimizer {name!r} has no option 'sampler': the name says it already.")
        options = {**options, "sampler": name}
    optimizer = subclass("optimizer", path, found, Optimizer, "optimizers.Optimizer")
    if "goals" in options and not takes(optimizer, "goals"):
        _check_goals(name, goals)
        del options["goals"]
    check_options("optimizer", name, optimizer, {"space": "", "seed": ""}, options)
    make: Callable[..., Optimizer] = optimizer
    return make(space=space, seed=seed, **options)


def _check_goals(name: str, goals: tuple[Goal, ...]) -> None:
    """Check the goals of an optimizer that knows of scores alone."""
    if len(goals) > 1:
        raise several_refused(f"Optimizer {name!r}", goals)
    if goals != (SCORE,):
        raise InputError(
            f"Optimizer {name!r} minimizes {SCORE.name} and has no option 'goals', got {goals[0].name}."
        )


def _load(path: str) -> object:
    return load("optimizer", path, names(), "package.module:Class")


def _is_sampler(found: object) -> bool:
    """Whether this is a class of samplers, told without importing Optuna."""
    bases = found.__mro__ if inspect.isclass(found) else ()
    return any((base.__module__, base.__name__) == ("optuna.samplers._base", "BaseSampler") for base in bases)
