"""LISTA as one writes it in PyTorch: one ``nn.Module`` a network, autograd and torch's Adam.

Written to be as fast as plain eager PyTorch goes: only the connections that a genome has are computed,
``W_b b`` once a forward pass, frozen layers run without a graph, weighted sums are chains of ``addcmul``
(measured faster than stacking), and Adam is the fused one. It shares no code with the engine but the start
values, the neurons' slope and the metric.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.clock import intra_op_threads, seconds
from benchmarks.contenders.task import Contender, Run, Task
from builders.cells.lista import START_LAMBDA, lipschitz_constant
from builders.injections import Form
from evaluation.nmse import nmse
from evaluation.protocol import Phase
from genome import Genome
from genome.neurons import LEAKY_SLOPE


@final
class Lista(nn.Module):
    """One network; layers are numbered from 1.

    Args:
        genome: its architecture.
        dictionary: ``(m, n)``.
        form: of the learnable weighted average.
    """

    def __init__(self, genome: Genome, dictionary: Tensor, form: Form) -> None:
        super().__init__()
        self.genome = genome
        self.sources = [genome.sources(layer) for layer in range(1, genome.layers + 1)]
        exact, lipschitz = dictionary.double(), lipschitz_constant(dictionary)
        step = torch.eye(dictionary.shape[1], dtype=torch.float64) - exact.T @ exact / lipschitz
        self.W_b = nn.Parameter((exact / lipschitz).float())
        self.W_x = nn.Parameter(step.float())
        start = float(START_LAMBDA / lipschitz)
        self.theta = nn.ParameterList(nn.Parameter(torch.tensor(start)) for _ in self.sources)
        self.coefficients = nn.ParameterList(
            nn.Parameter(_initial_coefficients(len(sources), form)) for sources in self.sources[1:]
        )
        self.factors = [1 / len(s) if s and form == "mean" else 1.0 for s in self.sources]

    def introduced(self) -> dict[nn.Parameter, int]:
        """The layer that brings each parameter."""
        layers = dict(zip(self.theta, range(1, self.genome.layers + 1), strict=True))
        layers |= dict(zip(self.coefficients, range(2, self.genome.layers + 1), strict=True))
        return {self.W_b: 1, self.W_x: 2, **layers}

    def forward(self, b: Tensor, depth: int, frozen: int = 0) -> Tensor:
        """Output of layer ``depth``, ``(batch, n)``, for measurements ``b: (batch, m)``.

        Args:
            b: measurements.
            depth: layers to run.
            frozen: leading layers that run without a graph.
        """
        outputs: list[Tensor] = []
        with torch.set_grad_enabled(torch.is_grad_enabled() and not frozen):
            side = b @ self.W_b
            for layer in range(1, frozen + 1):
                outputs.append(self._layer(layer, outputs, side))
        for layer in range(frozen + 1, depth + 1):
            outputs.append(self._layer(layer, outputs, side))
        return outputs[-1]

    def _layer(self, layer: int, outputs: Sequence[Tensor], side: Tensor) -> Tensor:
        u = side
        if layer > 1:
            combined = self._combine(layer, outputs)
            takes_side = self.genome.side[layer - 1]
            u = torch.addmm(side, combined, self.W_x) if takes_side else combined @ self.W_x
        neuron = self.genome.neurons[layer - 1]
        if neuron == "soft":
            threshold: Tensor = self.theta[layer - 1]
            return u.sign() * functional.relu(u.abs() - threshold)
        return functional.relu(u) if neuron == "relu" else functional.leaky_relu(u, LEAKY_SLOPE)

    def _combine(self, layer: int, outputs: Sequence[Tensor]) -> Tensor:
        coefficients: Tensor = self.coefficients[layer - 2]
        if self.factors[layer - 1] != 1:
            coefficients = coefficients * self.factors[layer - 1]
        first, *others = self.sources[layer - 1]
        scalars = coefficients.unbind()
        combined = torch.mul(scalars[0], outputs[first - 1])
        for scalar, source in zip(scalars[1:], others, strict=True):
            combined = torch.addcmul(combined, scalar, outputs[source - 1])
        return combined


def _initial_coefficients(sources: int, form: Form) -> Tensor:
    """All ones in the mean form; in the sum form zeros but for the default connection, the last."""
    values = torch.ones(sources)
    if form == "sum":
        values[:-1] = 0
    return values


def train_network(genome: Genome, task: Task) -> tuple[float, ...]:
    """Train one network by the protocol; returns its validation NMSE in dB after each stage."""
    network = Lista(genome, task.problem.dictionary, task.protocol.form).to(task.device)
    scores = []
    for stage in range(1, genome.layers + 1):
        for index in range(len(task.protocol.phases)):
            _train_phase(network, task, stage, index)
        scores.append(_validate(network, task, stage))
    return tuple(scores)


def _train_phase(network: Lista, task: Task, stage: int, index: int) -> None:
    protocol, phase, train = task.protocol, task.protocol.phases[index], task.train
    trained = _trained(network, phase, stage)
    optimizer = torch.optim.Adam(
        trained,
        lr=phase.rate * protocol.learning_rate,
        betas=(protocol.beta1, protocol.beta2),
        eps=protocol.epsilon,
        fused=True,
    )
    decays = [
        (parameter, protocol.gradient_decay ** (stage - layer))
        for parameter, layer in trained.items()
        if layer < stage
    ]
    frozen = stage - 1 if phase.scope == "new" else 0
    for rows in task.batches(stage, index):
        optimizer.zero_grad()
        recovered = network(train.b[rows], stage, frozen)
        loss = functional.mse_loss(recovered, train.x[rows], reduction="sum") / 2
        torch.autograd.backward(loss)
        for parameter, decay in decays:
            if parameter.grad is not None:
                parameter.grad.mul_(decay)
        optimizer.step()


def _trained(network: Lista, phase: Phase, stage: int) -> Mapping[nn.Parameter, int]:
    """Parameters that a phase trains, with the layers that brought them; the others are frozen."""
    lowest = stage if phase.scope == "new" else 1
    introduced = network.introduced()
    for parameter, layer in introduced.items():
        parameter.requires_grad_(lowest <= layer <= stage)
        parameter.grad = None
    return {parameter: layer for parameter, layer in introduced.items() if parameter.requires_grad}


@torch.no_grad()
def _validate(network: Lista, task: Task, stage: int) -> float:
    b, x = task.valid.b, task.valid.x
    errors = (network(b, stage) - x).square().sum(dim=1)
    energies = x.square().sum(dim=1)
    return nmse(errors[None].double(), energies[None].double()).mean_db[0]


@final
class OneAtATime(Contender):
    """One network after the other in this process.

    Args:
        task: what to train for.
        threads: cores that each operation may use.
    """

    name: ClassVar[str] = "one at a time"

    def __init__(self, task: Task, threads: int) -> None:
        self._task, self._threads = task, threads

    def train(self, genomes: Sequence[Genome]) -> Run:
        """See ``Contender.train``."""
        scores: dict[Genome, tuple[float, ...]] = {}

        def work() -> None:
            scores.update((genome, train_network(genome, self._task)) for genome in genomes)

        _ = self._task.train
        with intra_op_threads(self._threads):
            spent = seconds(work, self._task.device)
        return Run(scores, len(genomes), spent)
