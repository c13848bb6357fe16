"""The contract of a training step: loss gradient of a whole population with respect to its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from builders.genes import Genes
from builders.injections import Injection
from builders.objective import Objective
from builders.parameters import Layout


@dataclass(frozen=True, slots=True)
class Binding:
    """Everything a step of one (depth, phase) works on; the tensors are shared, not copied.

    Attributes:
        layout: where each parameter lies in a row.
        injection: how earlier states are combined.
        n: entries of a signal.
        genes: gates, neurons and side connections of the P members.
        weights: the injection's, ``(P, K, K)``.
        rows: parameters, ``(P, layout.size)``; the optimizer changes them in place.
        gradient: ``(P, layout.size)``, zero at first; a step writes the entries that train.
        depth: layers that exist so far; the loss is on the output of the deepest.
        lowest: only parameters introduced by layers ``lowest..depth`` (1-based) train.
        in_tensor_operations: whether the step must consist of these, for a device or a recording.
        constants: the cell's, by name.
        objective: the loss.
    """

    layout: Layout
    injection: Injection
    n: int
    genes: Genes
    weights: Tensor
    rows: Tensor
    gradient: Tensor
    depth: int
    lowest: int
    in_tensor_operations: bool
    constants: Mapping[str, Tensor] = field(default_factory=dict)
    objective: Objective = field(default_factory=Objective)

    @property
    def fusible(self) -> bool:
        """Whether a cell's hand-written step applies."""
        return self.injection.fusible and self.objective.plain


class PopulationStep(ABC):
    """Loss of each member's output at the deepest layer, summed over the batch, and its gradient."""

    @abstractmethod
    def outputs(self, b: Tensor) -> Tensor:
        """Output of the deepest layer.

        Args:
            b: measurements, ``(P, batch, m)``.

        Returns:
            ``(P, batch, n)``; valid until the next call.
        """

    @abstractmethod
    def differentiate(self, b: Tensor, target: Tensor) -> None:
        """Write the loss gradient into the binding's ``gradient``.

        Args:
            b: measurements, ``(P, batch, m)``.
            target: what the objective compares with, signals ``(P, batch, n)`` where it does not say.
        """
