"""LISTA's training step on the CPU, see ``builders.cells.lista_kernel``."""

from __future__ import annotations

from math import ceil
from typing import final

import numpy as np
import torch
from torch import Tensor

from builders.cells.lista_kernel import Array, Population, Shape, Workspace, differentiate, run
from builders.step import Binding, PopulationStep
from builders.step_shape import StepFloats, StepShape

_SMALL_PRODUCT = 1_000_000
"""Multiply-adds up to which BLAS multiplies matrices as they lie instead of packing them first, and is
the faster for it (OpenBLAS, AVX-512: 223 against 150 GFLOP/s at n = 100)."""
_LEAST_PIECE = 32
"""Samples. Smaller pieces do not fill the arithmetic units, and larger products need packing anyway."""


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
    """See ``PopulationStep``; agrees with ``AutogradStep`` over ``Lista`` to rounding."""

    def __init__(self, binding: Binding) -> None:
        layout, genes = binding.layout, binding.genes
        dtype = binding.rows.dtype
        places = {name: layout.start(name) for name in ("W_b", "W_x", "theta", "coefficient")}
        m, n = layout.shape("W_b")
        self._population = Population(
            rows=binding.rows.detach().numpy(),
            gradient=binding.gradient.numpy(),
            weights=binding.weights.to(dtype).contiguous().numpy(),
            used=genes.neurons.used[:, :, 0, 0].to(dtype).contiguous().numpy(),
            slope=genes.neurons.negative_slope[:, :, 0, 0].to(dtype).contiguous().numpy(),
            side=genes.side[:, :, 0, 0].to(dtype).contiguous().numpy(),
        )
        self._shape = Shape(
            m=m,
            n=n,
            layers=layout.layers,
            depth=binding.depth,
            lowest=binding.lowest,
            w_b=places["W_b"],
            w_x=places["W_x"],
            theta=places["theta"],
            coefficient=places["coefficient"],
        )
        self._work: Workspace | None = None
        self._results: dict[int, Tensor] = {}

    @staticmethod
    def floats(shape: StepShape) -> StepFloats:
        """Floats that a step takes at one batch size: a member's last output, and a unit's workspace."""
        rows, n = piece_rows(shape.batch, shape.n), shape.n
        activations = (2 * shape.depth + 4) * rows * n
        return StepFloats(
            member=shape.activation,
            unit=activations + 2 * n * n + shape.m * n + shape.layers**2,
        )

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
        if self._work is None or self._work.side.shape[0] < rows:
            self._work = self._workspace(rows)
        return self._population, self._shape, self._work, rows

    def _workspace(self, rows: int) -> Workspace:
        m, n, layers, depth = self._shape.m, self._shape.n, self._shape.layers, self._shape.depth

        def empty(*shape: int) -> Array:
            return np.empty(shape, self._population.rows.dtype)

        return Workspace(
            side=empty(rows, n),
            inputs=empty(depth, rows, n),
            outputs=empty(depth, rows, n),
            entry=empty(rows, n),
            side_gradient=empty(rows, n),
            output_gradient=empty(rows, n),
            transposed=empty(n, n),
            w_x_part=empty(n, n),
            w_b_part=empty(m, n),
            effective=empty(layers, layers),
        )


def _array(tensor: Tensor) -> Array:
    return tensor.contiguous().numpy()
