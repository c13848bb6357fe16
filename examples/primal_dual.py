"""A cell of your own: the primal-dual algorithm for the Lasso, unrolled, and a few networks of it.

python examples/primal_dual.py [heatmap.png]
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from analysis.average import average
from analysis.choose import top
from analysis.figures import draw_heatmap
from builders.cells import Cell, Inputs, create_cell
from builders.genes import Genes
from builders.neurons import neuron
from builders.parameters import ParameterSpec
from evaluation.evaluator import Evaluator
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import DesignSpace, Genome, Request


@dataclass(frozen=True)
class PrimalDual(Cell):
    """Chambolle and Pock (2011) for ``||D x - b||^2 / 2 + l1 ||x||_1``: the state is x, then the dual y."""

    l1: float = 0.1
    sigma: float = 0.5

    def carried(self, m: int, n: int) -> int:
        del n
        return m  # y follows x; connections join x, and y comes from the layer before.

    def parameters(self, dictionary: Tensor, layers: int) -> tuple[ParameterSpec, ...]:
        tau = 1 / (1.001 * self.sigma * torch.linalg.matrix_norm(dictionary, 2) ** 2)
        return (
            ParameterSpec("analysis", tau * dictionary, introduced=1),
            ParameterSpec("synthesis", dictionary.T.clone(), introduced=2),  # The first layer's x is 0.
            ParameterSpec("sigma", torch.full((layers,), self.sigma), introduced=None),  # A row a layer.
            ParameterSpec("theta", torch.full((layers,), float(tau) * self.l1), introduced=None),
        )

    def step(
        self, layer: int, inputs: Inputs, shared: Tensor, values: Mapping[str, Tensor], genes: Genes
    ) -> Tensor:
        n = values["synthesis"].shape[1]
        x, y = inputs.state[..., :n], inputs.state[..., n:]
        sigma, theta = (values[name][:, layer, None, None] for name in ("sigma", "theta"))
        error = -genes.side[layer] * shared
        if layer > 0:
            error = error + torch.bmm(x, values["synthesis"])
        dual = (y + sigma * error) / (1 + sigma)
        u = x - torch.bmm(2 * dual - y, values["analysis"]) + inputs.pull
        return torch.cat((neuron(u, theta, genes.neurons.layer(layer)), dual), dim=-1)


def main(picture: str = "heatmap.png") -> None:
    """Train LISTA's, LFISTA's and some random connections of this cell, and draw what the best share."""
    rng = np.random.default_rng(0)
    space = DesignSpace(layers=6, neurons=("soft",))
    genomes = [Genome.lista(6), Genome.lfista(6), Genome.dense(6), *(space.sample(rng) for _ in range(21))]
    problem = SparseRecovery(m=16, n=32, train=4096)
    for cell in (create_cell("lista"), PrimalDual()):
        evaluator = Evaluator(problem, protocol("quick").scaled(0.02), cell=cell)
        evaluations = evaluator.evaluate([Request(genome) for genome in genomes])
        plain, best = evaluations[0].score, min(evaluation.score for evaluation in evaluations)
        print(f"{cell.name}: {plain:.2f} dB, with connections {best:.2f} dB")
    share = average(evaluation.genome for evaluation in top(evaluations, 6)).share
    draw_heatmap(picture, share, title="Share of the best 6 primal-dual networks that use a connection")


if __name__ == "__main__":
    main(*sys.argv[1:])
