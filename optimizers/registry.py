"""Optimizers by name."""

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from genome.errors import InputError
from genome.space import DesignSpace
from optimizers.base import Optimizer
from optimizers.loading import check_options, load, subclass

# Paths, so that naming an optimizer does not import the libraries that the others stand on.
_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "evolution": "optimizers.evolution:RegularizedEvolution",
        "random": "optimizers.random_search:RandomSearch",
        "reinforce": "optimizers.reinforce:Reinforce",
    }
)
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
        **options: Whatever else the optimizer's constructor takes.

    Raises:
        InputError: If the name is neither registered nor a path, if the path does not lead to an optimizer
            that can be made, if an option is unknown or missing, or if the optimizer refuses a value.
    """
    path = _OPTUNA if name in _SAMPLERS else _PATHS.get(name, name)
    found = _load(path)
    if _is_sampler(found):
        path, found = _OPTUNA, _load(_OPTUNA)
    if path == _OPTUNA:
        if "sampler" in options:
            raise InputError(f"Optimizer {name!r} has no option 'sampler': the name says it already.")
        options = {**options, "sampler": name}
    optimizer = subclass("optimizer", path, found, Optimizer, "optimizers.Optimizer")
    check_options("optimizer", name, optimizer, {"space": "", "seed": ""}, options)
    make: Callable[..., Optimizer] = optimizer
    return make(space=space, seed=seed, **options)


def _load(path: str) -> object:
    return load("optimizer", path, names(), "package.module:Class")


def _is_sampler(found: object) -> bool:
    """Whether this is a class of samplers, told without importing Optuna."""
    bases = found.__mro__ if inspect.isclass(found) else ()
    return any((base.__module__, base.__name__) == ("optuna.samplers._base", "BaseSampler") for base in bases)
