"""The contract of a cell."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from torch import Tensor

from builders.costs import Costs
from builders.genes import Genes
from builders.parameters import ParameterSpec
from builders.ranges import Range
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome import Genome, InputError


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a layer is given.

    Attributes:
        state: combined states after earlier layers, ``(P, batch, n + carried)``; zeros at the first layer.
        pull: what the cell adds to the signal's pre-activation, ``(P, batch, n)`` or 0; only the momentum
            injection gives anything.
    """

    state: Tensor
    pull: Tensor | float = 0.0


@dataclass(frozen=True)
class Cell(ABC):
    """One iteration of an unrolled algorithm, for a whole population at once.

    A cell is a frozen dataclass: its fields are its options. It owns its parameters and their start; how the
    states after earlier layers are combined is the injection's business, and which of them are combined is
    the genome's.

    A state is one tensor ``(P, batch, n + carried)``; its first n entries are the estimate of the signal.
    """

    name: ClassVar[str]
    """As ``create_cell`` takes it: ``package.module:Class`` where a class gives none."""
    trained_by_stages: ClassVar[bool] = True
    """Whether layers are trained one after the other; otherwise see ``ranges``."""

    def __init_subclass__(cls) -> None:
        """Name a class that has no name of its own by its path."""
        super().__init_subclass__()
        if "name" not in vars(cls):
            cls.name = f"{cls.__module__}:{cls.__qualname__}"

    def describe(self) -> str | dict[str, Any]:
        """The cell as JSON: its name, with its options where they are not the defaults."""
        options = {field.name: getattr(self, field.name) for field in fields(self)}
        defaults = {field.name: field.default for field in fields(self)}
        return self.name if options == defaults else {"name": self.name, **asdict(self)}

    def check(self, genome: Genome, m: int, n: int) -> None:
        """Refuse a genome that the cell cannot take; by default one with weights or thresholds of its own.

        Args:
            genome: the architecture.
            m: measurements a sample.
            n: entries of a signal.

        Raises:
            InputError: the cell cannot take it; the message names the layer.
        """
        del m, n
        usual = {"weights": "free", "thresholds": "learned"}
        for what, only in usual.items():
            for layer, choice in enumerate(getattr(genome, what), 1):
                if choice != only:
                    raise InputError(
                        f"Cell {self.name!r} takes genomes with {only} {what} only, "
                        f"got {choice} in layer {layer}."
                    )

    def carried(self, m: int, n: int) -> int:
        """Entries of the state that follow the signal."""
        del m, n
        return 0

    def joined(self, m: int, n: int) -> int:
        """Leading entries of the state that connections join; the others come from the layer before."""
        del m
        return n

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """Fixed matrices that follow from the dictionary ``(m, n)``, by name, float32."""
        del dictionary
        return {}

    @abstractmethod
    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """The cell's trainable parameters and how they start.

        Args:
            dictionary: ``(m, n)``.
            layers: depth K.
        """

    def ranges(self) -> Mapping[str, Range]:
        """Parameters that are searched, by name, and where every entry of each is looked for.

        Asked for only where the cell is not trained by stages; the other parameters stay as they start.

        Raises:
            InputError: the cell does not say.
        """
        raise InputError(f"Cell {self.name!r} is not trained by stages and must define ranges.")

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Any:
        """What every layer shares and is computed once a forward pass; by default the measurements.

        Args:
            values: stacked parameters, ``(P, *shape)`` each, and constants, by name.
            b: measurements, ``(P, batch, m)``.
        """
        del values
        return b

    @abstractmethod
    def step(
        self, layer: int, inputs: Inputs, shared: Any, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """One iteration.

        Args:
            layer: 0-based layer.
            inputs: what the layer is given.
            shared: what ``prepare`` returned.
            values: stacked parameters, ``(P, *shape)`` each, and constants, by name.
            genes: gates, neurons and side connections of the population.

        Returns:
            The state after the layer, ``(P, batch, n + carried)``.
        """

    def fused_step(self, binding: Binding) -> PopulationStep | None:
        """A hand-written training step that agrees with autograd, or None to use autograd.

        Asked for only where the injection is a learnable weighted average and the loss is the plain one.
        Whether there is one must not depend on the genomes: a member's bits would depend on its mates.
        """
        del binding
        return None

    def fused_step_floats(self, shape: StepShape) -> StepFloats | None:
        """Floats that ``fused_step`` allocates at one batch size; None estimates autograd's."""
        del shape
        return None

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """What ``prepare`` and all steps of a trained network take, see `builders.costs`.

        The combination of earlier states is not the cell's, and is left out.

        Args:
            genome: the architecture.
            m: measurements.
            n: entries of a signal.

        Raises:
            InputError: the cell does not say.
        """
        del genome, m, n
        raise InputError(f"Cell {self.name!r} does not say what its networks cost: it must define costs.")
