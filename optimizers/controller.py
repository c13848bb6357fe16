"""An autoregressive policy over the choices of a design space."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from genome.space import Choice

FORBIDDEN = -1e9
"""Logit of an option of another choice: its probability is 0 exactly, and its share of the entropy finite."""

LOGIT_BOUND = 2.5
"""Largest size of an allowed logit.

An option of two keeps a probability of 0.0067 at least, so a policy over many choices never ends up proposing
one genome for ever, from which it could learn nothing more. The value is that of H. Pham, M. Guan, B. Zoph,
Q. V. Le and J. Dean, Efficient Neural Architecture Search via Parameter Sharing, ICML 2018.
"""

STEP_SCALE = 4.0
"""Standard deviation of the embedding of a choice, against 1 for that of the option taken before.

With little more than a dozen updates to make, the policy learns mostly in its heads. A large embedding makes
the states of different choices nearly orthogonal, so that a head that is shared can tell the choices apart.
"""


class Controller(nn.Module):
    """A recurrent network that makes the choices of a genome one after another.

    It makes them in the order of the space. At every step an LSTM reads the embedding of the option taken
    before plus an embedding of the choice to be made, and the linear head of that kind of choice (gate,
    neuron, side connection, weight or threshold) turns its state into the logits of the options. Choices of
    one kind share a head; the embedding of the choice, which the reference has no need of because each of its
    steps has a head of its own, is what tells them apart. The heads start at zero, so an untrained policy is
    uniform. Logits are bounded smoothly (``LOGIT_BOUND``).

    All numbers are float64 on the CPU. No random state of torch is used, here or at construction.

    Reference: B. Zoph and Q. V. Le, Neural Architecture Search with Reinforcement Learning, ICLR 2017,
    Section 3.

    Args:
        choices: Options of every choice by name, in the order in which they are made; the name up to the
            first underscore is the kind of the choice.
        hidden: Width of the LSTM's state and of the embeddings.
        rng: Draws the initial weights.
    """

    def __init__(
        self, choices: Mapping[str, tuple[Choice, ...]], hidden: int, rng: np.random.Generator
    ) -> None:
        super().__init__()
        self._tokens = _tokens(choices)
        count = 1 + max((token for step in self._tokens for token in step.values()), default=0)
        self._mask = _mask(self._tokens, count)
        self.taken = nn.Parameter(_normal(rng, count, hidden))
        self.step = nn.Parameter(STEP_SCALE * _normal(rng, len(choices), hidden))
        # Made without storage and filled below: nn.LSTM would draw from torch's global generator.
        self.lstm = nn.LSTM(hidden, hidden, dtype=torch.float64, device="meta").to_empty(device="cpu")
        self.heads = nn.Parameter(torch.zeros(hidden, count, dtype=torch.float64, device="cpu"))
        with torch.no_grad():
            for weights in self.lstm.parameters():
                bound = hidden**-0.5
                weights.copy_(torch.from_numpy(rng.uniform(-bound, bound, tuple(weights.shape))))

    @torch.no_grad()
    def sample(self, n: int, rng: np.random.Generator) -> list[list[Choice]]:
        """Draw option lists from the policy, independently of each other.

        Args:
            n: How many to draw.
            rng: The generator to draw with.

        Returns:
            ``n`` lists with the option of every choice, in the order of the choices.
        """
        draws = torch.from_numpy(rng.random((len(self._tokens), n, 1)))
        drawn: list[Tensor] = []
        state: tuple[Tensor, Tensor] | None = None
        for step, draw in enumerate(draws):
            before = self.taken[drawn[-1]] if drawn else torch.zeros_like(self.step[:1]).expand(n, -1)
            output, state = self.lstm((before + self.step[step])[None], state)
            reached = functional.softmax(self._logits(output[0]) + self._mask[step], dim=-1).cumsum(dim=-1)
            # Dividing by the total, which may be off 1 by rounding, keeps the draw below the last option.
            drawn.append((reached <= draw * reached[:, -1:]).sum(dim=-1))
        return self._options(drawn, n)

    def log_probabilities(self, taken: Sequence[Mapping[str, Choice]]) -> tuple[Tensor, Tensor]:
        """Return the log-probability of every list of options, and the policy's entropy along it.

        Args:
            taken: The option of every choice by name, in the order of the choices.

        Returns:
            Two differentiable tensors of shape (batch,), in nats: the log-probabilities, and the sums over
            the steps of the entropy of the step, given the options taken before.
        """
        tokens = self._places(taken)
        start = torch.zeros(1, tokens.shape[1], self.step.shape[1], dtype=torch.float64, device="cpu")
        output = torch.cat([start, self.taken[tokens]])[:-1] + self.step[:, None]
        if self._tokens:  # nn.LSTM refuses a sequence of no steps, which a space of one genome has
            output, _ = self.lstm(output)
        steps = functional.log_softmax(self._logits(output) + self._mask[:, None], dim=-1)
        entropy = -(steps.exp() * steps).sum(dim=(0, -1))
        return steps.gather(-1, tokens[..., None]).sum(dim=(0, -1)), entropy

    def _logits(self, output: Tensor) -> Tensor:
        return LOGIT_BOUND * torch.tanh(output @ self.heads / LOGIT_BOUND)

    def _places(self, taken: Sequence[Mapping[str, Choice]]) -> Tensor:
        rows = [
            [step[option] for step, option in zip(self._tokens, options.values(), strict=True)]
            for options in taken
        ]
        shape = (len(rows), len(self._tokens))
        return torch.from_numpy(np.array(rows, dtype=np.int64).reshape(shape).T.copy())

    def _options(self, drawn: Sequence[Tensor], n: int) -> list[list[Choice]]:
        names = [{token: option for option, token in step.items()} for step in self._tokens]
        columns = [
            [name[token] for token in tokens.tolist()] for name, tokens in zip(names, drawn, strict=True)
        ]
        return [[column[row] for column in columns] for row in range(n)]


def _tokens(choices: Mapping[str, tuple[Choice, ...]]) -> list[dict[Choice, int]]:
    """Number the options of every step; steps of one kind share their numbers."""
    kinds: dict[tuple[str, tuple[Choice, ...]], dict[Choice, int]] = {}
    count = 0
    steps = []
    for name, options in choices.items():
        kind = (name.partition("_")[0], options)
        if kind not in kinds:
            kinds[kind] = {option: count + place for place, option in enumerate(options)}
            count += len(options)
        steps.append(kinds[kind])
    return steps


def _mask(tokens: Sequence[Mapping[Choice, int]], count: int) -> Tensor:
    mask = torch.full((len(tokens), count), FORBIDDEN, dtype=torch.float64, device="cpu")
    for row, step in zip(mask, tokens, strict=True):
        row[list(step.values())] = 0.0
    return mask


def _normal(rng: np.random.Generator, *shape: int) -> Tensor:
    return torch.from_numpy(rng.standard_normal(shape))
