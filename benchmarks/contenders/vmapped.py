"""What a PyTorch user would try next: ``torch.func`` over stacked, masked modules.

Gates and neurons become buffers of one module, the modules' states are stacked, and ``vmap(grad(...))``
trains all networks at once, with torch's Adam over the stacked tensors. Every network computes every
connection; prefixes are not shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, final

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional

from benchmarks.clock import intra_op_threads, seconds
from benchmarks.contenders.task import Contender, Run, Task
from builders.cells.lista import START_LAMBDA, lipschitz_constant
from builders.injections import Form
from evaluation.nmse import nmse
from genome import Genome
from genome.neurons import LEAKY_SLOPE, Neuron

State = Mapping[str, Tensor]
_NEGATIVE_SLOPE: Mapping[Neuron, float] = {"soft": 1.0, "relu": 0.0, "leaky_relu": LEAKY_SLOPE}


@final
class MaskedLista(nn.Module):
    """One network that computes all connections and masks those that its genome lacks."""

    gates: Tensor
    side: Tensor
    soft: Tensor
    slope: Tensor

    def __init__(self, genome: Genome, dictionary: Tensor, form: Form) -> None:
        super().__init__()
        layers = genome.layers
        exact, lipschitz = dictionary.double(), lipschitz_constant(dictionary)
        step = torch.eye(dictionary.shape[1], dtype=torch.float64) - exact.T @ exact / lipschitz
        self.W_b = nn.Parameter((exact / lipschitz).float())
        self.W_x = nn.Parameter(step.float())
        start = float(START_LAMBDA / lipschitz)
        self.theta = nn.ParameterList(nn.Parameter(torch.tensor(start)) for _ in range(layers))
        self.coefficients = nn.ParameterList(
            nn.Parameter(_initial_coefficients(layer, form)) for layer in range(1, layers)
        )
        gates = torch.zeros(layers, layers)
        for destination in range(2, layers + 1):
            sources = torch.tensor(genome.sources(destination))
            gates[destination - 1, sources - 1] = 1 / len(sources) if form == "mean" else 1.0
        self.register_buffer("gates", gates)
        self.register_buffer("side", torch.tensor([float(on) for on in genome.side]))
        self.register_buffer("soft", torch.tensor([float(neuron == "soft") for neuron in genome.neurons]))
        self.register_buffer("slope", torch.tensor([_NEGATIVE_SLOPE[neuron] for neuron in genome.neurons]))

    def forward(self, b: Tensor, depth: int) -> Tensor:
        """Output of layer ``depth``, ``(batch, n)``, for measurements ``b: (batch, m)``."""
        shared = b @ self.W_b
        outputs: list[Tensor] = []
        for layer in range(depth):
            u = shared * self.side[layer]
            if layer:
                effective = (self.coefficients[layer - 1] * self.gates[layer, :layer]).unbind()
                combined = effective[0] * outputs[0]
                for scalar, output in zip(effective[1:], outputs[1:], strict=True):
                    combined = torch.addcmul(combined, scalar, output)
                u = u + combined @ self.W_x
            magnitude = functional.relu(u.abs() - self.theta[layer] * self.soft[layer])
            outputs.append(torch.where(u < 0, -self.slope[layer] * magnitude, magnitude))
        return outputs[-1]


def _initial_coefficients(sources: int, form: Form) -> Tensor:
    values = torch.ones(sources)
    if form == "sum":
        values[:-1] = 0
    return values


def _introduced(name: str) -> int:
    """The layer (1-based) that brings a parameter."""
    kind, _, index = name.partition(".")
    return {"W_b": 1, "W_x": 2}.get(kind) or int(index) + (1 if kind == "theta" else 2)


@final
class _Population:
    """Stacked networks, trained together."""

    def __init__(self, genomes: Sequence[Genome], task: Task) -> None:
        dictionary, form = task.problem.dictionary, task.protocol.form
        networks = [MaskedLista(genome, dictionary, form).to(task.device) for genome in genomes]
        parameters, self._buffers = stack_module_state(networks)
        self._parameters = {name: value.detach() for name, value in parameters.items()}
        self._network, self._task = networks[0], task

    def train_phase(self, stage: int, index: int) -> None:
        """One phase of a stage."""
        protocol, phase = self._task.protocol, self._task.protocol.phases[index]
        lowest = stage if phase.scope == "new" else 1
        trained = {
            name: value for name, value in self._parameters.items() if lowest <= _introduced(name) <= stage
        }
        frozen = {name: value for name, value in self._parameters.items() if name not in trained}
        decay = {name: protocol.gradient_decay ** (stage - _introduced(name)) for name in trained}
        optimizer = torch.optim.Adam(
            list(trained.values()),
            lr=phase.rate * protocol.learning_rate,
            betas=(protocol.beta1, protocol.beta2),
            eps=protocol.epsilon,
            fused=True,
        )

        def loss(trained: State, frozen: State, buffers: State, b: Tensor, x: Tensor) -> Tensor:
            state = {**trained, **frozen, **buffers}
            recovered = functional_call(self._network, state, (b, stage))
            return functional.mse_loss(recovered, x, reduction="sum") / 2

        gradients = vmap(grad(loss), in_dims=(0, 0, 0, None, None))
        train = self._task.train
        for rows in self._task.batches(stage, index):
            found = gradients(trained, frozen, self._buffers, train.b[rows], train.x[rows])
            for name, value in trained.items():
                value.grad = found[name].mul_(decay[name])
            optimizer.step()

    @torch.no_grad()
    def validate(self, stage: int) -> tuple[float, ...]:
        """Validation NMSE in dB of every network; by batches, to bound memory."""

        def recover(parameters: State, buffers: State, b: Tensor) -> Tensor:
            recovered: Tensor = functional_call(self._network, {**parameters, **buffers}, (b, stage))
            return recovered

        recovered = vmap(recover, in_dims=(0, 0, None))
        valid, batch = self._task.valid, self._task.protocol.batch
        errors = [
            (recovered(self._parameters, self._buffers, b) - x).square().sum(dim=2)
            for b, x in zip(torch.split(valid.b, batch), torch.split(valid.x, batch), strict=True)
        ]
        energies = valid.x.square().sum(dim=1).expand(len(errors[0]), -1)
        return nmse(torch.cat(errors, dim=1).double(), energies.double()).mean_db


@final
class Vmapped(Contender):
    """Populations of at most ``most`` networks, one after the other.

    Args:
        task: what to train for.
        threads: cores that each operation may use.
        most: networks trained together.
    """

    name: ClassVar[str] = "torch.func"

    def __init__(self, task: Task, threads: int, most: int) -> None:
        self._task, self._threads, self._most = task, threads, most

    def train(self, genomes: Sequence[Genome]) -> Run:
        """See ``Contender.train``."""
        scores: dict[Genome, tuple[float, ...]] = {}

        def work() -> None:
            for start in range(0, len(genomes), self._most):
                some = genomes[start : start + self._most]
                scores.update(zip(some, _train(some, self._task), strict=True))

        _ = self._task.train
        with intra_op_threads(self._threads):
            spent = seconds(work, self._task.device)
        return Run(scores, len(genomes), spent)


def _train(genomes: Sequence[Genome], task: Task) -> list[tuple[float, ...]]:
    population = _Population(genomes, task)
    stages = []
    for stage in range(1, genomes[0].layers + 1):
        for index in range(len(task.protocol.phases)):
            population.train_phase(stage, index)
        stages.append(population.validate(stage))
    return list(zip(*stages, strict=True))
