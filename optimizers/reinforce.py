"""REINFORCE: a recurrent controller, trained by policy gradient, proposes the genomes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from genome.errors import InputError
from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers.base import PATIENCE, Optimizer
from optimizers.checks import whole_number
from optimizers.controller import Controller


class Reinforce(Optimizer):
    """REINFORCE with a moving-average baseline, an entropy bonus and Adam; one step for each batch told.

    Genomes are drawn from the policy until the batch holds as many untried ones as were asked for; a policy
    that only repeats itself gives way to a uniform draw. The first batch is uniformly random.

    The reward of a network is the normal score of its rank among all finite scores told so far: minus the
    normal quantile at the share of them that are better, ties counted half. Ranks make the search blind to
    the unit of the scores, to outliers and to any increasing transformation of them, and need no guard
    against a spread of zero, as the median absolute deviation does; their quantiles, unlike the ranks, keep
    good networks apart as they become many. A diverged network has the reward of the worst finite score.
    While no score has been finite, the policy stays as it is.

    Networks that were drawn uniformly count among the ranks but take no part in the gradient: its estimate
    holds for draws from the policy alone, and weighting the others by how improbable the policy found them
    would give them next to no weight. Leaving out genomes that were asked before shifts the draws from
    the policy to those that are left; that is not corrected, and is slight until the policy often repeats
    itself.

    The reference takes a learning rate of 0.0006 for 12,800 evaluations. The defaults are for 200: on
    synthetic landscapes over 8 layers, with 25% of the variance in pairwise interactions, told in batches of
    16, they were the best of those tried, or within the noise of the best. Rewards from the median and the
    median absolute deviation did as well.

    References: R. J. Williams, Simple Statistical Gradient-Following Algorithms for Connectionist
    Reinforcement Learning, Machine Learning 8, 1992; B. Zoph and Q. V. Le, Neural Architecture Search with
    Reinforcement Learning, ICLR 2017.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        hidden: Width of the controller's LSTM; at least 1.
        learning_rate: Step size of Adam, in [0, 1).
        entropy_weight: Weight of the policy's entropy, in nats a genome, beside the reward; in [0, 1).
        baseline_decay: How much of the baseline stays when a batch is told, in [0, 1).

    Raises:
        InputError: If an option is no number or out of its range.
    """

    def __init__(
        self,
        space: DesignSpace,
        seed: int,
        *,
        hidden: int = 48,
        learning_rate: float = 0.03,
        entropy_weight: float = 0.02,
        baseline_decay: float = 0.3,
    ) -> None:
        super().__init__(space, seed)
        hidden = whole_number("The hidden size of REINFORCE", hidden, least=1)
        rate = _fraction("The learning rate of REINFORCE", learning_rate)
        self._entropy_weight = _fraction("The entropy weight of REINFORCE", entropy_weight)
        self._decay = _fraction("The baseline decay of REINFORCE", baseline_decay)
        self._controller = Controller(space.choices, hidden, self._rng)
        self._adam = torch.optim.Adam(self._controller.parameters(), lr=rate)
        self._finite: list[float] = []
        self._baseline = 0.0
        self._drawn: frozenset[Genome] = frozenset()

    def log_probabilities(self, genomes: Sequence[Genome]) -> Tensor:
        """Return how probable the policy, as it is now, finds each genome.

        Args:
            genomes: Genomes of the space, tried or not.

        Returns:
            Natural logarithms, shape (batch,), float64, differentiable in the controller's parameters.

        Raises:
            InputError: If a genome is not in the space.
        """
        return self._judge(genomes)[0]

    def _judge(self, genomes: Sequence[Genome]) -> tuple[Tensor, Tensor]:
        with _one_thread():
            return self._controller.log_probabilities([self.space.encode(genome) for genome in genomes])

    def _ask(self, n: int) -> Sequence[Genome]:
        proposals = self._proposals(max(n, PATIENCE))
        proposed: set[Genome] = set()

        def propose() -> Genome:
            genome = next(proposals)
            proposed.add(genome)
            return genome

        with _one_thread():
            batch = self._distinct(n, propose)
        self._drawn = frozenset(proposed.intersection(batch))
        return batch

    def _proposals(self, at_once: int) -> Iterator[Genome]:
        names = tuple(self.space.choices)
        while True:
            for options in self._controller.sample(at_once, self._rng):
                yield self.space.decode(dict(zip(names, options, strict=True)))

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        self._finite += [each.score for each in evaluations if each.status == "complete"]
        drawn = [each for each in evaluations if each.genome in self._drawn]
        if not self._finite or not drawn:
            return
        rewards = _rewards([each.score for each in drawn], self._finite)
        self._learn([each.genome for each in drawn], rewards - self._baseline)
        self._baseline += (1.0 - self._decay) * (float(rewards.mean()) - self._baseline)

    def _learn(self, genomes: Sequence[Genome], advantages: Tensor) -> None:
        with _one_thread(), torch.enable_grad():
            log_probabilities, entropies = self._judge(genomes)
            gain = (advantages * log_probabilities + self._entropy_weight * entropies).mean()
            self._adam.zero_grad()
            (-gain).backward()  # type: ignore[no-untyped-call]
            self._adam.step()


def _rewards(scores: Sequence[float], finite: Sequence[float]) -> Tensor:
    """Return the normal scores of ``scores`` by rank among ``finite``, which holds the finite of them."""
    ordered = torch.tensor(finite, dtype=torch.float64, device="cpu").sort().values
    told = torch.tensor(scores, dtype=torch.float64, device="cpu").clamp(max=ordered[-1])
    better = torch.searchsorted(ordered, told)
    not_worse = torch.searchsorted(ordered, told, right=True)
    share = (better + not_worse).to(torch.float64) / (2 * len(ordered))
    quantiles: Tensor = torch.special.ndtri(share)
    return -quantiles


def _fraction(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value < 1.0:
        raise InputError(f"{name} must be a number of at least 0 and below 1, got {value!r}.")
    return float(value)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: sums do not depend on the machine, and networks this small gain by it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
