"""The sizes that say how much memory a training step takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StepShape:
    """One member's share of a step.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        layers: depth K of the networks.
        depth: layers that exist so far.
        batch: samples a step.
        size: floats of a row of parameters.
        parameters: named parameters in it.
        in_tensor_operations: see ``Binding``.
        fusible: see ``Binding``.
    """

    m: int
    n: int
    layers: int
    depth: int
    batch: int
    size: int
    parameters: int
    in_tensor_operations: bool
    fusible: bool = True

    @property
    def activation(self) -> int:
        """Floats of one layer's output."""
        return self.batch * self.n


@dataclass(frozen=True, slots=True)
class StepFloats:
    """Floats that a step allocates at one batch size.

    Attributes:
        member: of each member.
        unit: once, however many members there are.
    """

    member: int
    unit: int = 0
