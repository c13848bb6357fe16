"""What a network costs to use: its parameters, and the multiply-adds that recover one signal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builders.injections import injection

if TYPE_CHECKING:
    from builders.cells import Cell
    from genome import Genome


@dataclass(frozen=True, slots=True)
class Costs:
    """Size and work of a trained network.

    Attributes:
        parameters: trained numbers that its output depends on.
        multiply_adds: products of a trained number, or an entry of a fixed matrix, and an entry of a signal
            or a residual, each added to a sum, that recover one signal from one measurement.
    """

    parameters: int
    multiply_adds: int

    def __add__(self, other: Costs) -> Costs:
        """The costs of both."""
        return Costs(self.parameters + other.parameters, self.multiply_adds + other.multiply_adds)


def costs(genome: Genome, cell: Cell, m: int, n: int, form: str) -> Costs:
    """Count what a network of this genome takes at inference.

    Counted are what the cell says of itself (`Cell.costs`; for LISTA, ``W_b`` with ``m n``, used once a
    signal, for the layers share the product; ``W_x`` with ``n^2``, used by every layer but the first; and the
    thresholds of the layers that have one), and what the injection brings: for a learnable weighted average,
    for every connection, the default ones included, one coefficient and ``n`` multiply-adds.

    Not counted are what a network stores but never reads (the coefficients of absent connections, the
    thresholds of layers whose neuron takes none), what is neither a product nor its sum (adding ``W_b b`` to
    a layer, and the neurons: some ``4 n`` operations a layer), and the zeros of a sparse signal, which a
    product of dense matrices does not skip.

    All learnable weighted averages cost the same: the constant by which the mean divides is part of the
    coefficients once training is over.

    Args:
        genome: the architecture.
        cell: one iteration.
        m: measurements.
        n: entries of a signal.
        form: name of the injection.

    Raises:
        InputError: the form is not known, or the cell does not say what it costs.
    """
    if not cell.trained_by_stages:
        injection(form)  # Refuses an unknown name; nothing of it is trained.
        return cell.costs(genome, m, n)
    layers = range(1, genome.layers + 1)
    distances = [destination - source for destination in layers for source in genome.sources(destination)]
    return cell.costs(genome, m, n) + Costs(*injection(form).costs(distances, genome.layers, n))
