"""The contract of a cell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor

from builders.costs import Costs
from builders.genes import Genes
from builders.parameters import ParameterSpec
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome, InputError


class Cell(ABC):
    """One iteration of an unrolled algorithm, for a whole population at once.

    A cell owns its parameters and their start; how the outputs of earlier layers are combined is the
    injection's business, and which of them are combined is the genome's.
    """

    name: ClassVar[str]

    @abstractmethod
    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """The cell's trainable parameters and how they start.

        Args:
            dictionary: ``(m, n)``.
            layers: depth K.
        """

    @abstractmethod
    def prepare(self, parameters: Mapping[str, Tensor], b: Tensor) -> Tensor:
        """What every layer shares and is computed once a forward pass.

        Args:
            parameters: stacked parameters, ``(P, *shape)`` each.
            b: measurements, ``(P, batch, m)``.
        """

    @abstractmethod
    def step(
        self,
        layer: int,
        inputs: Tensor | None,
        shared: Tensor,
        parameters: Mapping[str, Tensor],
        genes: Genes,
    ) -> Tensor:
        """One iteration.

        Args:
            layer: 0-based layer.
            inputs: combined earlier outputs, ``(P, batch, n)``; None at the first layer, where the iterate
                starts at zero.
            shared: what ``prepare`` returned.
            parameters: stacked parameters, ``(P, *shape)`` each.
            genes: gates, neurons and side connections of the population.

        Returns:
            The layer's output, ``(P, batch, n)``.
        """

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """A hand-written training step that agrees with autograd, or None to use autograd."""
        del binding
        return None

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """Floats that ``fused_step`` allocates at one batch size; None estimates autograd's."""
        del shape
        return None

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """What ``prepare`` and all steps of a trained network take, see `builders.costs`.

        The combination of earlier outputs is not the cell's, and is left out.

        Args:
            genome: the architecture.
            m: measurements.
            n: entries of a signal.

        Raises:
            InputError: the cell does not say.
        """
        del genome, m, n
        raise InputError(f"Cell {self.name!r} does not say what its networks cost: it must define costs.")
