"""Network files: weights, genome and settings in one safetensors file; nothing in it is executed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from builders.cells import Cell, cell_from, cell_names
from builders.network import UnrolledNetwork, build
from genome import Genome, InputError
from genome.files import write_atomic
from genome.strict import shown

FORMAT = "lista-genome/network"
VERSION = 1


def save_network(path: str | Path, network: UnrolledNetwork, settings: Mapping[str, Any]) -> None:
    """Write a network, whole or not at all.

    Args:
        path: the file.
        network: with whatever weights it has.
        settings: how it was trained; any JSON.

    Raises:
        OSError: the folder is missing or read-only, or the disk is full; nothing is left behind.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.named_parameters()}
    tensors["dictionary"] = network.dictionary.cpu().contiguous()
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "genome": network.genome.to_json(),
        "cell": _cell_text(network.cell.describe()),
        "form": network.form,
        "settings": json.dumps(settings, sort_keys=True),
    }
    write_atomic(path, save(tensors, metadata))


def load_network(path: str | Path, cell: Cell | None = None) -> UnrolledNetwork:
    """Read a network that ``save_network`` wrote.

    Args:
        path: the file.
        cell: the network's, where it is a user's own: no module is imported because a file names it.

    Raises:
        InputError: the file cannot be read, is damaged, is no network or one of another version, its weights
            do not fit its genome, or its cell is another one than was given or must be given; the message
            names the file.
    """
    metadata, tensors = _read(Path(path))
    if metadata.get("format") != FORMAT or metadata.get("version") != str(VERSION):
        found = f"{metadata.get('format', 'no format')} {metadata.get('version', '')}".strip()
        raise InputError(f"A network file must be {FORMAT} {VERSION}, got {found} in {path}.")
    try:
        genome = Genome.from_json(metadata["genome"])
        dictionary = tensors.pop("dictionary")
        made = _cell(metadata["cell"], cell)
        network = build(genome, dictionary, form=metadata["form"], cell=made)  # type: ignore[arg-type]
        network.load_state_dict(tensors)
    except (InputError, KeyError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[-1].strip().rstrip(".")
        raise InputError(f"A network file's weights must fit its genome, got {path}: {reason}.") from None
    return network


def _cell_text(description: str | Mapping[str, Any]) -> str:
    """A name as it is; a name with options as JSON."""
    return description if isinstance(description, str) else json.dumps(description, sort_keys=True)


def _cell(text: str, given: Cell | None) -> Cell:
    if given is not None:
        if _cell_text(given.describe()) != text:
            raise InputError(f"The cell must be {text}, got {_cell_text(given.describe())}")
        return given
    try:
        description = json.loads(text) if text.startswith("{") else text
    except (ValueError, RecursionError):
        raise InputError(f"The description of a cell must be a name or JSON, got {shown(text)}") from None
    name = description if isinstance(description, str) else description.get("name")
    if name not in cell_names():
        raise InputError(f"Its cell {name!r} is none of the library's and must be given")
    return cell_from(description)


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise InputError(f"A network file must be readable safetensors, got {path}: {error}.") from None
