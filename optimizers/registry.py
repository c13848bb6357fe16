"""Optimizers by name."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Final

from genome.errors import InputError
from genome.space import DesignSpace
from optimizers.base import Optimizer

# Paths, so that naming an optimizer does not import the libraries that the others stand on.
_PATHS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "evolution": "optimizers.evolution:RegularizedEvolution",
        "random": "optimizers.random_search:RandomSearch",
    }
)


def names() -> tuple[str, ...]:
    """Return the registered names, sorted."""
    return tuple(sorted(_PATHS))


def create(name: str, space: DesignSpace, seed: int, **options: object) -> Optimizer:
    """Make an optimizer.

    Args:
        name: A registered name, or the dotted path of an ``Optimizer`` subclass, as ``package.module:Class``
            or ``package.module.Class``. Its constructor must take ``space`` and ``seed``.
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        **options: Whatever else the optimizer's constructor takes.

    Raises:
        InputError: If the name is neither registered nor a path, if the path does not lead to an optimizer
            that can be made, if an option is unknown or missing, or if the optimizer refuses a value.
    """
    optimizer = _load(_PATHS.get(name, name))
    _check_options(name, optimizer, options)
    make: Callable[..., Optimizer] = optimizer
    return make(space=space, seed=seed, **options)


def _load(path: str) -> type[Optimizer]:
    module_name, _, attribute = path.rpartition(":" if ":" in path else ".")
    if not module_name or not attribute:
        raise InputError(
            f"Unknown optimizer {path!r}: the known ones are {', '.join(names())}, and the path of a class, "
            "'package.module:Class', names any other."
        )
    try:
        module = import_module(module_name)
    except Exception as error:  # A user's module may fail in any way while it is imported.
        reason = f"{type(error).__name__}: {error}"
        raise InputError(f"Optimizer {path!r}: module {module_name!r} does not import ({reason}).") from error
    found = getattr(module, attribute, None)
    if found is None:
        raise InputError(f"Optimizer {path!r}: module {module_name!r} has no {attribute!r}.")
    if not (inspect.isclass(found) and issubclass(found, Optimizer)):
        raise InputError(f"Optimizer {path!r}: {attribute!r} is no subclass of optimizers.Optimizer.")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(found.__abstractmethods__))
        raise InputError(f"Optimizer {path!r}: {attribute!r} is abstract, it does not define {missing}.")
    return found


def _check_options(name: str, optimizer: type[Optimizer], options: Mapping[str, object]) -> None:
    parameters = inspect.signature(optimizer).parameters.values()
    known = {
        parameter.name: parameter
        for parameter in parameters
        if parameter.kind in {parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    }
    anything = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    for required in ("space", "seed"):
        if known.pop(required, None) is None and not anything:
            raise InputError(f"Optimizer {name!r}: its constructor must take {required!r}.")
    for option in options:
        if option not in known and not anything:
            listed = f"its options are {', '.join(sorted(known))}" if known else "it takes none"
            raise InputError(f"Optimizer {name!r} has no option {option!r}: {listed}.")
    for option, parameter in known.items():
        if parameter.default is parameter.empty and option not in options:
            raise InputError(f"Optimizer {name!r} needs a value for its option {option!r}.")
