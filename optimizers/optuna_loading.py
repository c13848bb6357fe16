"""Optuna's samplers by name."""

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import optuna
from optuna.samplers import BaseSampler

from genome.errors import InputError
from optimizers.loading import check_options, load, subclass

_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cmaes": "optuna.samplers:CmaEsSampler",
        "gp": "optuna.samplers:GPSampler",
        "nsga2": "optuna.samplers:NSGAIISampler",
        "tpe": "optuna.samplers:TPESampler",
    }
)

# Optuna's own population of 50 leaves a budget of 200 evaluations four generations. On synthetic landscapes
# over 8 layers, in batches of 16, a population of 8 was better than 16, 24 and 50. With several goals its TPE
# models every parameter by itself unless told otherwise: in 64 evaluations it then proposed known genomes 750
# times, against 6 times in 192.
_DEFAULTS: Final[Mapping[str, Mapping[str, object]]] = MappingProxyType(
    {"nsga2": {"population_size": 8}, "tpe": {"multivariate": True}}
)


def names() -> tuple[str, ...]:
    """Return the short names of samplers, sorted."""
    return tuple(sorted(_PATHS))


def make_sampler(name: str, seed: int, options: Mapping[str, object]) -> BaseSampler:
    """Make a sampler.

    Args:
        name: One of :func:`names`, whose defaults are those of this project, or the path of a subclass of
            ``optuna.samplers.BaseSampler``, as ``package.module:Class`` or ``package.module.Class``, whose
            defaults are its own. Its constructor must take ``seed``.
        seed: Seed of the sampler's own generators, from 0 to 2**32 - 1.
        options: Whatever else the sampler's constructor takes.

    Raises:
        InputError: If the name is neither known nor a path, if the path does not lead to a sampler that can
            be seeded, or if an option is unknown, missing, or refused by the sampler.
    """
    path = _PATHS.get(name, name)
    found = load("sampler", path, names(), "optuna.samplers.QMCSampler")
    sampler = subclass("sampler", path, found, BaseSampler, "optuna.samplers.BaseSampler")
    check_options("sampler", name, sampler, {"seed": ", so that a search repeats"}, options)
    make: Callable[..., BaseSampler] = sampler
    try:
        with warnings.catch_warnings():
            # Whoever names an experimental sampler or option has chosen it.
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return make(seed=seed, **{**_DEFAULTS.get(name, {}), **options})
    except (TypeError, ValueError) as error:
        raise InputError(f"Sampler {name!r} refuses its options {dict(options)}: {error}") from error
