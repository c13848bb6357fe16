"""Classes by dotted path, and what their constructors take; every refusal says what was named."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

from genome.errors import InputError


def load(kind: str, path: str, known: Sequence[str], example: str) -> object:
    """Load what a path leads to.

    Args:
        kind: What is looked for, in lower case; for the message.
        path: ``package.module:Class`` or ``package.module.Class``.
        known: Names that would have done instead.
        example: A path that would have done.

    Raises:
        InputError: If it is no path, if its module does not import, or if the module has no such attribute.
    """
    module_name, _, attribute = path.rpartition(":" if ":" in path else ".")
    if not module_name or not attribute:
        raise InputError(
            f"Unknown {kind} {path!r}: the known ones are {', '.join(known)}, and the path of a class, "
            f"{example!r}, names any other."
        )
    try:
        module = import_module(module_name)
    except Exception as error:  # A user's module may fail in any way while it is imported.
        reason = f"{type(error).__name__}: {error}"
        raise InputError(
            f"{kind.capitalize()} {path!r}: module {module_name!r} does not import ({reason})."
        ) from error
    found: object = getattr(module, attribute, None)
    if found is None:
        raise InputError(f"{kind.capitalize()} {path!r}: module {module_name!r} has no {attribute!r}.")
    return found


def subclass(kind: str, path: str, found: object, base: type[Any], described: str) -> Callable[..., Any]:
    """Check that what was loaded can be made.

    Args:
        kind: What was looked for.
        path: Where.
        found: What was there.
        base: What it must be a subclass of.
        described: The full name of that.

    Returns:
        The class.

    Raises:
        InputError: If it is no subclass, or an abstract one.
    """
    attribute = path.rpartition(":" if ":" in path else ".")[2]
    if not (inspect.isclass(found) and issubclass(found, base)):
        raise InputError(f"{kind.capitalize()} {path!r}: {attribute!r} is no subclass of {described}.")
    if inspect.isabstract(found):
        missing = ", ".join(sorted(getattr(found, "__abstractmethods__", ())))
        raise InputError(
            f"{kind.capitalize()} {path!r}: {attribute!r} is abstract, it does not define {missing}."
        )
    return found


def check_options(
    kind: str,
    name: str,
    made: Callable[..., Any],
    required: Mapping[str, str],
    options: Mapping[str, object],
) -> None:
    """Check options against a constructor's signature.

    Args:
        kind: What is made.
        name: What it was called.
        made: The class.
        required: Parameters that it must have, which are no options, and why, or nothing, to end the message.
        options: Names and values.

    Raises:
        InputError: If a required parameter is not there, or if an option is unknown or missing.
    """
    known, anything = _parameters(made)
    for each, why in required.items():
        if known.pop(each, None) is None and not anything:
            raise InputError(f"{kind.capitalize()} {name!r}: its constructor must take {each!r}{why}.")
    for option in options:
        if option not in known and not anything:
            listed = f"its options are {', '.join(sorted(known))}" if known else "it takes none"
            raise InputError(f"{kind.capitalize()} {name!r} has no option {option!r}: {listed}.")
    for option, parameter in known.items():
        if parameter.default is parameter.empty and option not in options:
            raise InputError(f"{kind.capitalize()} {name!r} needs a value for its option {option!r}.")


def takes(made: Callable[..., Any], option: str) -> bool:
    """Say whether a constructor takes an option.

    Args:
        made: The class.
        option: Name of the option.
    """
    known, anything = _parameters(made)
    return anything or option in known


def _parameters(made: Callable[..., Any]) -> tuple[dict[str, inspect.Parameter], bool]:
    """Return what can be given by name, and whether anything can."""
    parameters = inspect.signature(made).parameters.values()
    known = {
        parameter.name: parameter
        for parameter in parameters
        if parameter.kind in {parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD}
    }
    return known, any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
