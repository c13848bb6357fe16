"""Parameters of a population: one flat row per member, with named views into it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

_ALIGNMENT = 16
"""Floats. Every parameter starts on a 64-byte boundary of its row, and rows are a multiple of it, so that
vectorised elementwise kernels treat an element alike wherever its member stands in the population."""


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """One trainable parameter of a network.

    Attributes:
        name: its name in the network's ``state_dict``.
        initial: one member's start value; any shape.
        introduced: the layer (1-based) that brings it, or None when row ``l`` of ``initial`` belongs to
            layer ``l + 1``.
    """

    name: str
    initial: Tensor
    introduced: int | None

    def introduced_by(self, layers: int) -> Tensor:
        """The layer (1-based) that introduces each element, same shape as ``initial``."""
        if self.introduced is not None:
            return torch.full(self.initial.shape, self.introduced, dtype=torch.int64)
        rows = torch.arange(1, layers + 1).view(-1, *([1] * (self.initial.dim() - 1)))
        return rows.expand(self.initial.shape)


class Layout:
    """Where each parameter lies in a member's flat row.

    Args:
        specs: the parameters, in the order in which they are laid out.
        layers: depth K of the networks.
    """

    def __init__(self, specs: Iterable[ParameterSpec], layers: int) -> None:
        self.specs = tuple(specs)
        self.layers = layers
        offset = 0
        self._places: dict[str, tuple[int, torch.Size]] = {}
        for spec in self.specs:
            self._places[spec.name] = (offset, spec.initial.shape)
            offset += -(-spec.initial.numel() // _ALIGNMENT) * _ALIGNMENT
        self.size = offset

    def start(self, name: str) -> int:
        """Where a parameter begins in a row."""
        return self._places[name][0]

    def shape(self, name: str) -> torch.Size:
        """One member's shape of a parameter."""
        return self._places[name][1]

    def views(self, flat: Tensor) -> dict[str, Tensor]:
        """Named views ``(P, *shape)`` into rows ``flat: (P, size)``."""
        return {
            name: flat[:, start : start + prod(shape)].view(flat.shape[0], *shape)
            for name, (start, shape) in self._places.items()
        }

    def initial(self) -> Tensor:
        """One member's start, ``(size,)``."""
        flat = torch.zeros(1, self.size)
        for spec in self.specs:
            self.views(flat)[spec.name].copy_(spec.initial)
        return flat[0]

    def introduced(self) -> Tensor:
        """The layer (1-based) that introduces each element, ``(size,)``; 0 on the padding."""
        flat = torch.zeros(1, self.size, dtype=torch.int64)
        for spec in self.specs:
            self.views(flat)[spec.name].copy_(spec.introduced_by(self.layers))
        return flat[0]
