"""HyperLISTA: three numbers for the whole network, found by search (Chen et al. 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, final

import torch
from torch import Tensor

from builders.analytic import analytic_weights, pseudo_inverse
from builders.cells.base import Cell, Inputs
from builders.cells.residual import DICTIONARY
from builders.costs import Costs
from builders.genes import Genes
from builders.neurons import soft_threshold
from builders.parameters import ParameterSpec
from builders.products import shared_product
from builders.ranges import Range
from builders.symmetric import symmetric_weights
from genome import Genome, InputError
from genome.strict import boolean

_INVERSE, _WEIGHT = "D_pinv", "W_fixed"
_START = {"c1": 0.015, "c2": 0.003, "c3": 50.0}
_RANGES = {
    "c1": Range(1e-4, 1.0, log=True),
    "c2": Range(1e-4, 1.0, log=True),
    "c3": Range(0.1, 1e3, log=True),
}


class Shared(NamedTuple):
    """What all layers share.

    Attributes:
        b: measurements, ``(P, batch, m)``.
        size: ``||D^+ b||_1``, ``(P, batch, 1)``.
    """

    b: Tensor
    size: Tensor


@final
@dataclass(frozen=True)
class HyperLista(Cell):
    """The recurrence of ALISTA with a momentum, and all that is left to choose computed from three numbers.

    ``x_{k+1} = soft_ss(x_k + W^T (b - D x_k) + beta_k (x_k - x_{k-1}); theta_k, p_k)``, where a signal has

    - the threshold ``theta_k = c1 ||D^+ (D x_k - b)||_1``,
    - the momentum ``beta_k = c2 ||x_k||_0``, and
    - ``p_k = c3 min(log(||D^+ b||_1 / ||D^+ (D x_k - b)||_1), n)``: so many of its entries, those of largest
      magnitude, pass unshrunk where they exceed the threshold. Their number is rounded, halves up, and is 0
      where the logarithm is negative; the authors' code likewise clamps it, as a share of the entries.

    It starts with ``x_0 = x_{-1} = 0``. W is fixed, with ``w_i^T d_i = 1``: ALISTA's analytic weights, or
    those that make ``W^T D`` symmetric. The numbers c1, c2 and c3, which all layers share, are searched, not
    trained. They start near what is best at 250 x 500 without noise.

    It has a momentum and a neuron of its own, and nothing else that is trained, so that it takes the genomes
    of LISTA only.

    Source: X. Chen, J. Liu, Z. Wang and W. Yin, *Hyperparameter Tuning is All You Need for LISTA*, NeurIPS
    2021, arXiv 2110.15900.

    Attributes:
        symmetric: whether W is of the form ``G^T G D``; see ``symmetric_weights``. In ``theta_k`` and ``p_k``
            the residual stays as above; the authors' code multiplies it by G there.
    """

    name: ClassVar[str] = "hyperlista"
    trained_by_stages: ClassVar[bool] = False
    symmetric: bool = False

    def __post_init__(self) -> None:
        """Check the option."""
        boolean(self.symmetric, f"The option symmetric of cell {self.name!r}")

    def check(self, genome: Genome, m: int, n: int) -> None:
        """Refuse every genome but LISTA's.

        Raises:
            InputError: an extra connection, a layer without side connection, or a neuron other than the
                soft threshold; the message names the first.
        """
        super().check(genome, m, n)
        for foreign in _foreign(genome):
            raise InputError(f"Cell {self.name!r} takes the genome of LISTA only, got {foreign}.")

    def carried(self, m: int, n: int) -> int:
        """The signal before the last one, ``x_{k-1}``."""
        del m
        return n

    def constants(self, dictionary: Tensor) -> Mapping[str, Tensor]:
        """``D: (m, n)``, ``D_pinv: (n, m)`` and ``W_fixed: (m, n)``.

        Raises:
            InputError: the dictionary does not determine the weights.
        """
        weights = (symmetric_weights if self.symmetric else analytic_weights)(dictionary)
        return {
            DICTIONARY: dictionary,
            _INVERSE: pseudo_inverse(dictionary).float(),
            _WEIGHT: weights.float(),
        }

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        """``c1``, ``c2`` and ``c3``, scalars."""
        del dictionary, layers
        return tuple(ParameterSpec(name, torch.tensor(start), 1) for name, start in _START.items())

    def ranges(self) -> Mapping[str, Range]:
        """Four decades for each number; below the least c2 there is as good as no momentum."""
        return _RANGES

    def prepare(self, values: Mapping[str, Tensor], b: Tensor) -> Shared:
        """The measurements, and their size in signals."""
        return Shared(b, _size(b, values))

    def step(
        self, layer: int, inputs: Inputs, shared: Shared, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        """The recurrence; the new state is ``x_{k+1}`` and ``x_k``."""
        del genes
        x, before = inputs.state.chunk(2, dim=-1)
        c1, c2, c3 = (values[name][:, None, None] for name in _START)
        residual = shared.b - shared_product(x, values[DICTIONARY].T) if layer else shared.b
        size = _size(residual, values) if layer else shared.size
        momentum = c2 * (x != 0).sum(dim=-1, keepdim=True) * (x - before)
        u = x + shared_product(residual, values[_WEIGHT]) + momentum + inputs.pull
        threshold = c1 * size
        passing = _largest(u, threshold, c3 * _logarithm(shared.size, size).clamp(0, x.shape[-1]))
        return torch.cat((torch.where(passing, u, soft_threshold(u, threshold)), x), dim=-1)

    def costs(self, genome: Genome, m: int, n: int) -> Costs:
        """Three numbers; the products with W and ``D^+``, and but in the first layer with D; the momentum."""
        later = genome.layers - 1
        return Costs(len(_START), (2 + 3 * later) * m * n + later * n)


def _foreign(genome: Genome) -> Iterator[str]:
    """What LISTA does not have, in words."""
    for destination, source in genome.extra_connections():
        yield f"a connection from layer {source} to layer {destination}"
    for layer, (side, neuron) in enumerate(zip(genome.side, genome.neurons, strict=True), 1):
        if not side:
            yield f"no side connection in layer {layer}"
        if neuron != "soft":
            yield f"neuron {neuron} in layer {layer}"


def _size(residual: Tensor, values: Mapping[str, Tensor]) -> Tensor:
    """``||D^+ r||_1``, ``(P, batch, 1)``."""
    return shared_product(residual, values[_INVERSE].T).abs().sum(dim=-1, keepdim=True)


def _logarithm(whole: Tensor, part: Tensor) -> Tensor:
    """``log(whole / part)``; of nothing and nothing it is 0."""
    least = torch.finfo(whole.dtype).tiny
    return torch.log(whole.clamp_min(least)) - torch.log(part.clamp_min(least))


def _largest(u: Tensor, threshold: Tensor, count: Tensor) -> Tensor:
    """Which entries exceed the threshold and are among the ``count`` largest of their sample; ties pass.

    Args:
        u: ``(P, batch, n)``.
        threshold: ``(P, batch, 1)``.
        count: ``(P, batch, 1)``, not negative; rounded, halves up.

    Returns:
        Bool, ``(P, batch, n)``.
    """
    magnitude = u.detach().abs()
    beyond = magnitude > threshold
    # No more than exceed the threshold can pass: so few need not be sorted out of all.
    wanted = torch.minimum((count.nan_to_num(0.0) + 0.5).floor(), beyond.sum(dim=-1, keepdim=True)).long()
    most = int(wanted.max()) if wanted.numel() else 0
    if most == 0:
        return torch.zeros_like(beyond)
    ordered = torch.topk(magnitude, most, dim=-1).values
    least = ordered.gather(-1, (wanted - 1).clamp_min(0))
    return beyond & (magnitude >= least) & (wanted > 0)
