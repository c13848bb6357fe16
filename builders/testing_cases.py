"""Genomes and populations that the conformance suite of cells runs: see ``builders.testing``."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

import numpy as np
import torch
from torch import Tensor

from builders.autograd_step import AutogradStep, bind_step
from builders.cells import Cell
from builders.genes import Genes
from builders.injections import Form, injection
from builders.network import as_dictionary
from builders.parameters import Layout
from builders.step import Binding, PopulationStep
from builders.unroll import network_layout, unroll
from genome import DesignSpace, Genome, InputError
from genome.neurons import ALL_NEURONS
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS

M, N, K, BATCH = 12, 23, 5, 9
FORMS: tuple[Form, ...] = get_args(Form)
CHANGED = 3
"""The layer (1-based) in which a genome is changed to see what the change does."""


def dictionary() -> Tensor:
    """A Gaussian dictionary with unit columns, ``(M, N)``."""
    matrix = np.random.default_rng(0).standard_normal((M, N))
    return as_dictionary(matrix / np.linalg.norm(matrix, axis=0))


def takes(cell: Cell, genome: Genome) -> bool:
    """Whether the cell's ``check`` lets a genome pass."""
    try:
        cell.check(genome, M, N)
    except InputError:
        return False
    return True


def genomes(cell: Cell) -> list[Genome]:
    """Genomes of depth K that the cell takes, of every kind."""
    rng = np.random.default_rng(1)
    spaces = (
        DesignSpace(K),
        DesignSpace(K, ALL_NEURONS, search_side=True),
        DesignSpace(K, ALL_NEURONS, weights=WEIGHTS, thresholds=THRESHOLDS),
        DesignSpace(K, ALL_NEURONS, search_side=True, weights=WEIGHTS, thresholds=THRESHOLDS),
    )
    drawn = [space.sample(rng) for space in spaces for _ in range(3)]
    known = [Genome.lista(K), Genome.lfista(K), Genome.dense(K)]
    taken = [genome for genome in (*known, *drawn) if takes(cell, genome)]
    assert taken, f"the cell takes none of {len(known) + len(drawn)} genomes of {K} layers"
    return taken


def changes() -> dict[str, Genome]:
    """LISTA with another choice in one layer, by what is chosen."""
    usual = Genome.lista(K)
    options = {"neurons": ALL_NEURONS, "side": (True, False), "weights": WEIGHTS, "thresholds": THRESHOLDS}
    made = {}
    for part, choices in options.items():
        for choice in choices[1:]:
            values: list[Any] = list(getattr(usual, part))
            values[CHANGED - 1] = choice
            made[f"{part} {choice}"] = replace(usual, **{part: tuple(values)})
    return made


@dataclass(frozen=True, eq=False)
class Population:
    """Members with a genome, parameters and data of their own.

    Attributes:
        cell: what a layer does.
        form: name of the injection.
        layout: the parameters.
        genomes: one a member.
        rows: ``(P, layout.size)``.
        b: measurements, ``(P, batch, M)``; a member's first sample is zero.
        x: signals, ``(P, batch, N)``.
    """

    cell: Cell
    form: Form
    layout: Layout
    genomes: tuple[Genome, ...]
    rows: Tensor
    b: Tensor
    x: Tensor

    @classmethod
    def of(cls, cell: Cell, members: Sequence[Genome], form: Form = "sum") -> "Population":
        """Members near the start of training, each elsewhere."""
        rng = np.random.default_rng(2)
        layout = network_layout(cell, injection(form), dictionary(), K)
        factor, term = (
            torch.from_numpy(rng.uniform(-size, size, (len(members), layout.size))).float()
            for size in (0.1, 0.02)
        )
        rows = torch.where(layout.introduced() > 0, layout.initial() * (1 + factor) + term, 0.0)
        shape = (len(members), BATCH, N)
        x = torch.from_numpy(rng.standard_normal(shape) * (rng.random(shape) < 0.2)).float()
        x[:, 0] = 0
        b = torch.bmm(x, dictionary().T.expand(len(members), -1, -1))
        return cls(cell, form, layout, tuple(members), rows, b, x)

    def take(self, places: Sequence[int]) -> "Population":
        """Some of the members, in this order."""
        chosen = torch.tensor(places)
        parts = {name: getattr(self, name)[chosen] for name in ("rows", "b", "x")}
        return replace(self, genomes=tuple(self.genomes[place] for place in places), **parts)

    def binding(self, depth: int = K, in_tensor_operations: bool = False) -> Binding:
        """What a step over all parameters of the first layers works on."""
        genes = Genes.of([genome.prefix(depth) for genome in self.genomes])
        combination, missing = injection(self.form), K - depth
        weights = torch.nn.functional.pad(combination.weights(genes.gates), (0, missing, 0, missing))
        return Binding(
            layout=self.layout,
            injection=combination,
            n=N,
            genes=genes,
            weights=weights,
            rows=self.rows,
            gradient=torch.zeros_like(self.rows),
            depth=depth,
            lowest=1,
            in_tensor_operations=in_tensor_operations,
            constants=self.cell.constants(dictionary()),
        )

    def values(self) -> dict[str, Tensor]:
        """Parameters and constants by name."""
        return {**self.layout.views(self.rows), **self.cell.constants(dictionary())}

    @torch.no_grad()
    def signals(self) -> Tensor:
        """Estimates after every layer, ``(K, P, batch, N)``."""
        bound = self.binding()
        combination, values = bound.injection, self.values()
        return torch.stack(unroll(self.cell, combination, bound.genes, bound.weights, values, self.b, N))


def results(population: Population, step: PopulationStep, binding: Binding) -> tuple[Tensor, Tensor]:
    """Outputs ``(P, batch, N)`` and gradients ``(P, size)``; these are 0 without training by stages."""
    outputs = step.outputs(population.b).clone()
    if population.cell.trained_by_stages:
        step.differentiate(population.b, population.x)
    return outputs, binding.gradient


def by_autograd(population: Population, depth: int = K) -> tuple[Tensor, Tensor]:
    """``results`` of the reference step."""
    binding = population.binding(depth)
    return results(population, AutogradStep(population.cell, binding), binding)


def by_own_step(population: Population, depth: int = K, tensors: bool = False) -> tuple[Tensor, Tensor]:
    """``results`` of the step that training takes: the cell's own where it has one."""
    binding = population.binding(depth, tensors)
    return results(population, bind_step(population.cell, binding), binding)
