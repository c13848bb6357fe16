"""Which members of a population chose one of several, layer by layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

_Name = TypeVar("_Name", bound=str)


@dataclass(frozen=True, slots=True)
class Selection:
    """The members that chose one of several.

    Attributes:
        members: ``(K, P, 1, 1)``, bool.
        any: per layer, whether any member did.
    """

    members: Tensor
    any: tuple[bool, ...]


def selections(
    names: Iterable[_Name], chosen: Sequence[Sequence[str | None]], device: torch.device | None = None
) -> Mapping[_Name, Selection]:
    """Who chose what.

    Args:
        names: what there is to choose.
        chosen: K names per member (P members); None where there was nothing to choose.
        device: where the tensors live.

    Returns:
        The selection of each name.
    """
    layers = list(zip(*chosen, strict=True))
    return {name: _selection([[one == name for one in layer] for layer in layers], device) for name in names}


def _selection(layers: list[list[bool]], device: torch.device | None) -> Selection:
    return Selection(torch.tensor(layers, device=device)[:, :, None, None], tuple(map(any, layers)))
