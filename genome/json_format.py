"""The file format of a genome: a small JSON object with a version, read strictly.

``{"format": "lista-genome/genome", "version": 1, "layers": K, "connections": [[destination, source], ...],
"neurons": [...], "side": [...]}``; ``connections`` lists the extra connections. Version 2 has the lists
``"weights"`` and ``"thresholds"`` besides; it is written only for genomes with other than the usual ones.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NoReturn

from genome.errors import InputError
from genome.gates import Gates, check_layers, extra_connections, from_pairs
from genome.neurons import Neuron
from genome.strict import fields, items, shown
from genome.thresholds import ThresholdKind, check_thresholds
from genome.usual import all_usual
from genome.weights import Weight, check_weights

FORMAT: Final = "lista-genome/genome"

_NAMES: Final = ("format", "version", "layers", "connections", "neurons", "side")
_VERSIONS: Final = {1: _NAMES, 2: (*_NAMES, "weights", "thresholds")}
"""The keys of every version."""


def to_dict(
    gates: Gates,
    neurons: tuple[Neuron, ...],
    side: tuple[bool, ...],
    weights: tuple[Weight, ...],
    thresholds: tuple[ThresholdKind, ...],
) -> dict[str, Any]:
    """Write a genome as a dictionary that JSON can hold."""
    usual = all_usual(weights, thresholds)
    return {
        "format": FORMAT,
        "version": 1 if usual else 2,
        "layers": len(gates),
        "connections": [list(pair) for pair in extra_connections(gates)],
        "neurons": list(neurons),
        "side": list(side),
        **({} if usual else {"weights": list(weights), "thresholds": list(thresholds)}),
    }


def from_dict(
    data: Mapping[str, Any], layers: int | None = None
) -> tuple[Gates, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """Read gate rows, and the other fields of a genome that stand there; neurons and sides are unchecked.

    Args:
        data: What :func:`to_dict` writes.
        layers: The depth that is needed, or None for any.

    Raises:
        InputError: Another format, version or depth, a missing or unknown key, a value of another type, a
            connection that is listed twice or cannot exist.
    """
    fields(data, "A genome", _VERSIONS[_version(data)])
    depth = check_layers(data["layers"])
    if layers is not None and depth != layers:
        raise InputError(f"The genome must have {layers} layers, got {depth}.")
    gates = from_pairs(depth, items(data["connections"], "The connections of a genome"))
    neurons = tuple(items(data["neurons"], "The neurons of a genome"))
    side = tuple(items(data["side"], "The side connections of a genome"))
    if "weights" not in data:
        return gates, neurons, side, (), ()
    weights = tuple(items(data["weights"], "The weights of a genome"))
    thresholds = tuple(items(data["thresholds"], "The thresholds of a genome"))
    # A genome takes an empty tuple for the usual ones; a file has one name a layer.
    check_weights(weights, depth)
    check_thresholds(thresholds, depth)
    return gates, neurons, side, weights, thresholds


def _version(data: object) -> int:
    """Refuse another format or version first: the keys of another version are not an error of the file."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT:
        raise InputError(f'A genome must be an object with "format": "{FORMAT}", got {shown(data)}.')
    version = data.get("version")
    if type(version) is not int or version not in _VERSIONS:
        known = " or ".join(map(str, _VERSIONS))
        raise InputError(f"The version of a genome must be {known}, got {shown(version)}.")
    return version


def parse(text: str) -> Any:
    """Parse JSON text strictly: complete, no key twice in an object, no NaN or infinity.

    Raises:
        InputError: The text is not such JSON; the message has the line and the column where there is one.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InputError(
            f"A genome must be complete JSON, got {error.msg.lower()} at line {error.lineno}, "
            f"column {error.colno}."
        ) from None
    except InputError:
        raise
    except (ValueError, RecursionError, TypeError) as error:
        raise InputError(f"A genome must be plain JSON text, got {error}.") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InputError(f"Every key of a genome must stand once, got {shown(twice)} twice.")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"A genome must hold no {name}.")
