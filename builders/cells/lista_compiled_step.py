"""Training step of the LISTA family on the CPU, see ``builders.cells.lista_kernel``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, prod
from typing import Final, final

import numpy as np
import torch
from torch import Tensor

from builders.cells.lista_kernel import (
    ANALYTIC,
    COUPLED,
    FREE,
    Array,
    Fixed,
    Matrix,
    Population,
    Shape,
    Workspace,
    differentiate,
    run,
)
from builders.cells.residual import DICTIONARY
from builders.genes import Genes
from builders.neurons import support_count
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape
from genome.neurons import support_share
from genome.weights import Weight

_SMALL_PRODUCT = 1_000_000
"""Multiply-adds up to which BLAS multiplies matrices as they lie instead of packing them first, and is
the faster for it (OpenBLAS, AVX-512: 223 against 150 GFLOP/s at n = 100)."""
_LEAST_PIECE = 32
"""Samples. Smaller pieces do not fill the arithmetic units, and larger products need packing anyway."""
_KINDS: Final[Mapping[Weight, int]] = {"free": FREE, "coupled": COUPLED, "analytic": ANALYTIC}
_VECTORS: Final = 64
"""Floats that a vectorised loop takes at once; what is left over is taken one by one."""
_BYTES: Final = ("passing",)
"""Buffers of bytes; all others are of floats."""


@dataclass(frozen=True, slots=True)
class Variant:
    """Which cell of the family it is.

    Attributes:
        weights: of all layers; None where the genomes say.
        analytic: name of the constant that takes the place of trained weights in analytic layers.
        inverse: name of the dictionary's pseudo-inverse, where thresholds may be adaptive.
        l1: where it is given, thresholds are the step sizes times this number.
    """

    weights: Weight | None = "free"
    analytic: str | None = None
    inverse: str | None = None
    l1: float | None = None

    def may_be(self, weights: Weight) -> bool:
        """Whether a layer may have weights of this kind."""
        return self.weights in (weights, None)

    @property
    def constants(self) -> tuple[str | None, str | None, str | None]:
        """Names of dictionary, analytic weights and pseudo-inverse; None where no layer can ask for it."""
        return (None if self.weights == "free" else DICTIONARY, self.analytic, self.inverse)


LISTA: Final = Variant()


def piece_rows(batch: int, n: int) -> int:
    """Samples that go through all layers together, at most: near-equal parts of the batch.

    Args:
        batch: samples.
        n: entries of a signal.
    """
    most = _SMALL_PRODUCT // n**2
    return batch if most < _LEAST_PIECE else ceil(batch / ceil(batch / most))


@final
class CompiledListaStep(PopulationStep):
    """See ``PopulationStep``; agrees with ``AutogradStep`` over the cell to rounding.

    Args:
        binding: of a cell of the LISTA family.
        variant: which one.
    """

    def __init__(self, binding: Binding, variant: Variant = LISTA) -> None:
        self._variant = variant
        self._population = _population(binding, variant)
        self._shape = _shape(binding, variant)
        self._work: Workspace | None = None
        self._results: dict[int, Tensor] = {}

    @staticmethod
    def floats(shape: StepShape, variant: Variant = LISTA) -> StepFloats:
        """Floats of a step at one batch size: a member's last output; a unit's workspace and constants."""
        rows = piece_rows(shape.batch, shape.n)
        buffers = _buffers(variant, shape.m, shape.n, shape.layers, shape.depth, rows)
        sizes = {name: prod(size) for name, size in buffers.items()}
        floats = sum(ceil(size / 4) if name in _BYTES else size for name, size in sizes.items())
        transposed = sum(name is not None for name in variant.constants) * shape.m * shape.n
        return StepFloats(member=shape.activation, unit=floats + transposed)

    def outputs(self, b: Tensor) -> Tensor:
        """See ``PopulationStep.outputs``."""
        members, batch, _ = b.shape
        if batch not in self._results:
            self._results[batch] = torch.empty(members, batch, self._shape.n, dtype=b.dtype)
        run(*self.bound(batch), _array(b), self._results[batch].numpy())
        return self._results[batch]

    def differentiate(self, b: Tensor, target: Tensor) -> None:
        """See ``PopulationStep.differentiate``."""
        differentiate(*self.bound(b.shape[1]), _array(b), _array(target))

    def bound(self, batch: int) -> tuple[Population, Shape, Workspace, int]:
        """What the kernel works on at one batch size: the first arguments of its functions.

        Args:
            batch: samples.

        Returns:
            Members, sizes, buffers, and the most samples of a piece; valid until a larger batch is asked for.
        """
        rows = piece_rows(batch, self._shape.n)
        if self._work is None or self._work.outputs.shape[1] < rows:
            self._work = self._workspace(rows)
        return self._population, self._shape, self._work, rows

    def _workspace(self, rows: int) -> Workspace:
        shape, dtype = self._shape, self._population.rows.dtype
        sizes = _buffers(self._variant, shape.m, shape.n, shape.layers, shape.depth, rows)
        work = Workspace(
            **{name: np.empty(size, np.uint8 if name in _BYTES else dtype) for name, size in sizes.items()}
        )
        work.magnitudes[:, shape.n :] = -np.inf
        return work


def _population(binding: Binding, variant: Variant) -> Population:
    genes, dtype = binding.genes, binding.rows.dtype
    used = genes.neurons.used.to(dtype)
    return Population(
        rows=binding.rows.detach().numpy(),
        gradient=binding.gradient.numpy(),
        weights=binding.weights.to(dtype).contiguous().numpy(),
        used=_by_layer(used if variant.l1 is None else variant.l1 * used, dtype),
        slope=_by_layer(genes.neurons.negative_slope, dtype),
        side=_by_layer(genes.side, dtype),
        selected=_selected(genes, binding.n),
        kind=_kinds(genes, variant),
        adaptive=_by_layer(genes.thresholds["adaptive"].members, torch.int8),
        fixed=_fixed(binding, variant),
    )


def _by_layer(table: Tensor, dtype: torch.dtype) -> Array:
    """``(K, P, 1, 1)`` as ``(K, P)``."""
    return table[:, :, 0, 0].to(dtype).contiguous().numpy()


def _selected(genes: Genes, n: int) -> Array:
    """How many entries of a sample each neuron selects, ``(K, P)``; 0 where it selects none."""
    counts = [support_count(support_share(layer), n) for layer in range(1, genes.layers + 1)]
    return _by_layer(genes.neurons.selecting * torch.tensor(counts)[:, None, None, None], torch.int32)


def _kinds(genes: Genes, variant: Variant) -> Array:
    """The kind of every layer's weights, ``(K, P)``."""
    if variant.weights is not None:
        return np.full((genes.layers, genes.gates.shape[0]), _KINDS[variant.weights], np.int8)
    kinds = torch.zeros_like(genes.side, dtype=torch.int8)
    for name, kind in _KINDS.items():
        kinds[genes.weights[name].members] = kind
    return _by_layer(kinds, torch.int8)


def _fixed(binding: Binding, variant: Variant) -> Fixed:
    dtype, names = binding.rows.dtype, variant.constants
    none = torch.empty(0, 0, dtype=dtype)
    given = [none if name is None else binding.constants[name].to(dtype) for name in names]
    # One of the two is the constant itself, in whichever order it lies.
    dictionary, analytic, inverse = (matrix.contiguous().numpy() for matrix in given)
    return Fixed(dictionary, analytic, inverse, *(matrix.T.contiguous().numpy() for matrix in given))


def _shape(binding: Binding, variant: Variant) -> Shape:
    layout, n = binding.layout, binding.n
    parameters = {spec.name: spec for spec in layout.specs}

    def matrix(name: str) -> Matrix:
        if name not in parameters:
            return Matrix(start=0, step=0, trains=False)
        first = parameters[name].introduced
        if first is None:
            return Matrix(layout.start(name), prod(layout.shape(name)[1:]), trains=True)
        return Matrix(layout.start(name), 0, trains=binding.lowest <= first <= binding.depth)

    thresholds = layout.start("theta" if variant.l1 is None else "gamma")
    (factors,) = binding.injection.parameters(layout.layers, n)
    each = factors.initial.dim() == 2
    return Shape(
        m=_measurements(binding),
        n=n,
        layers=layout.layers,
        depth=binding.depth,
        lowest=binding.lowest,
        w_b=matrix("W_b"),
        w_x=matrix("W_x"),
        w=matrix("W"),
        theta=thresholds,
        gamma=layout.start("gamma") if "gamma" in parameters else thresholds,
        kappa=layout.start("kappa") if "kappa" in parameters else thresholds,
        coefficient=layout.start(factors.name),
        row_step=layout.layers if each else 1,
        column_step=1 if each else 0,
    )


def _measurements(binding: Binding) -> int:
    """m, from a matrix that has it."""
    dictionary = binding.constants.get(DICTIONARY)
    return binding.layout.shape("W_b")[-2] if dictionary is None else dictionary.shape[0]


def _buffers(
    variant: Variant, m: int, n: int, layers: int, depth: int, rows: int
) -> dict[str, tuple[int, ...]]:
    """Shapes of the workspace; zeros where no layer can ask for a buffer."""

    def where(asked: bool, *shape: int) -> tuple[int, ...]:
        return shape if asked else (shape[0], *(0,) * (len(shape) - 1))

    free, coupled = variant.may_be("free"), variant.may_be("coupled")
    adapting = variant.inverse is not None
    residual = variant.weights != "free"
    return {
        "side": where(free, rows, n),
        "inputs": (depth, rows, n),
        "outputs": (depth, rows, n),
        "entry": (rows, n),
        "side_gradient": where(free, rows, n),
        "output_gradient": (rows, n),
        "transposed": where(free, n, n),
        "w_transposed": where(coupled, n, m),
        "w_x_part": where(free, n, n),
        "w_b_part": where(free or coupled, m, n),
        "effective": (layers, layers),
        "residuals": where(residual, depth, rows, m),
        "residual_gradient": where(residual, rows, m),
        "residual_part": where(adapting, rows, m),
        "errors": where(adapting, depth, rows, n),
        "norms": where(adapting, depth, rows),
        "thresholds": (rows,),
        "moved": (rows,),
        "magnitudes": (rows, ceil(n / _VECTORS) * _VECTORS),
        "least": (rows,),
        "most": (rows,),
        "passing": (depth, rows, n),
    }


def _array(tensor: Tensor) -> Array:
    return tensor.contiguous().numpy()
