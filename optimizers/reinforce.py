"""REINFORCE: a recurrent controller, trained by policy gradient, proposes the genomes."""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers.base import PATIENCE, Optimizer
from optimizers.checks import fraction, whole_number
from optimizers.controller import Controller

Standing = tuple[float, int, float]
"""Where a network stands among all told: lower tuples are better."""


QUEUE_WEIGHT = 0.5
"""Weight of the mean log-likelihood of the best networks beside the reward."""


class Reinforce(Optimizer):
    """REINFORCE with a moving-average baseline, an entropy bonus, a queue of the best, and Adam.

    Genomes are drawn from the policy until the batch holds as many untried ones as were asked for; a policy
    that only repeats itself gives way to a uniform draw. The first batch is uniformly random.

    The reward of a network is the normal score of its rank among all that were told so far and did not
    diverge: minus the normal quantile at the share of them that are better, ties counted half. Ranks make the
    search blind to the unit of the scores, to outliers and to any increasing transformation of them, and need
    no guard against a spread of zero, as the median absolute deviation does; their quantiles, unlike the
    ranks, keep good networks apart as they become many. A diverged network has the reward of the worst of
    them. While there is none, the policy stays as it is.

    A censored network was dropped because others of its batch were better: it ranks just behind the worst
    complete network of its batch, those that were trained for more stages first and then by score. Behind
    every complete one ever told it would rank too low, for those of early batches are often worse. In a batch
    without a complete network, where nothing better is known, it does rank there.

    Networks that were drawn uniformly count among the ranks but take no part in the gradient: its estimate
    holds for draws from the policy alone, and weighting the others by how improbable the policy found them
    would give them next to no weight. Leaving out genomes that were asked before shifts the draws from
    the policy to those that are left; that is not corrected, and is slight until the policy often repeats
    itself.

    Beside the policy gradient, the log-likelihood of the ``queue`` best networks so far is increased. The
    first of ``updates`` steps of Adam for each batch has both; the others, for which the batch is no longer
    drawn from the policy, have the queue's alone. Twenty-five batches, all that a search of 200 networks may
    have, are too few for the policy gradient by itself: it beats random search by little then. ``queue=0`` is
    plain REINFORCE, one step for each batch.

    The reference takes a learning rate of 0.0006 for 12,800 evaluations. The defaults are for 200, in batches
    of 8: on the table ``connections`` (see ``evaluation.tabular``) they were the best of some twenty tried,
    or within the noise of the best. Rewards from the median and the median absolute deviation did as well as
    ranks.

    References: D. A. Abolafia, M. Norouzi, J. Shen, R. Zhao and Q. V. Le, Neural Program Synthesis with
    Priority Queue Training, arXiv:1801.03526, 2018; R. J. Williams, Simple Statistical Gradient-Following
    Algorithms for Connectionist Reinforcement Learning, Machine Learning 8, 1992; B. Zoph and Q. V. Le,
    Neural Architecture Search with Reinforcement Learning, ICLR 2017.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator; not negative.
        hidden: Width of the controller's LSTM; at least 1.
        learning_rate: Step size of Adam, in [0, 1).
        entropy_weight: Weight of the policy's entropy, in nats a genome, beside the reward; in [0, 1).
        baseline_decay: How much of the baseline stays when a batch is told, in [0, 1).
        queue: How many of the best networks the policy is drawn to; 0 for none.
        updates: Steps of Adam for each batch, where there is a queue; at least 1.

    Raises:
        InputError: If an option is no number or out of its range.
    """

    def __init__(
        self,
        space: DesignSpace,
        seed: int,
        *,
        hidden: int = 48,
        learning_rate: float = 0.02,
        entropy_weight: float = 0.02,
        baseline_decay: float = 0.3,
        queue: int = 5,
        updates: int = 5,
    ) -> None:
        super().__init__(space, seed)
        hidden = whole_number("The hidden size of REINFORCE", hidden, least=1)
        rate = fraction("The learning rate of REINFORCE", learning_rate, closed=False)
        self._entropy_weight = fraction("The entropy weight of REINFORCE", entropy_weight, closed=False)
        self._decay = fraction("The baseline decay of REINFORCE", baseline_decay, closed=False)
        self._queue_size = whole_number("The queue of REINFORCE", queue, least=0)
        self._updates = whole_number("The updates per batch of REINFORCE", updates, least=1)
        self._queue: list[Evaluation] = []
        self._controller = Controller(space.choices, hidden, self._rng)
        self._adam = torch.optim.Adam(self._controller.parameters(), lr=rate)
        self._standings: list[Standing] = []
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
        whole = [each for each in evaluations if each.whole]
        self._queue = sorted([*self._queue, *whole], key=lambda each: each.score)[: self._queue_size]
        told = _standings(evaluations)
        self._standings = sorted([*self._standings, *told.values()])
        drawn = [each for each in evaluations if each.genome in self._drawn]
        if not self._standings or not drawn:
            return
        worst = self._standings[-1]
        rewards = _rewards([told.get(each.genome, worst) for each in drawn], self._standings)
        self._learn([each.genome for each in drawn], rewards - self._baseline)
        for _ in range(self._updates - 1 if self._queue else 0):
            self._learn([], torch.zeros(0, dtype=torch.float64, device="cpu"))
        self._baseline += (1.0 - self._decay) * (float(rewards.mean()) - self._baseline)

    def _learn(self, genomes: Sequence[Genome], advantages: Tensor) -> None:
        """Take a step by the queue and, if there are any, by genomes that were drawn from the policy."""
        best = [each.genome for each in self._queue]
        with _one_thread(), torch.enable_grad():
            log_probabilities, entropies = self._judge([*genomes, *best])
            gain = self._entropy_weight * entropies.mean()
            if genomes:
                gain = gain + (advantages * log_probabilities[: len(genomes)]).mean()
            if best:
                gain = gain + QUEUE_WEIGHT * log_probabilities[len(genomes) :].mean()
            self._adam.zero_grad()
            (-gain).backward()  # type: ignore[no-untyped-call]
            self._adam.step()


def _standings(evaluations: Sequence[Evaluation]) -> dict[Genome, Standing]:
    """Return where each network of a batch that did not diverge stands."""
    finite = [each for each in evaluations if each.status == "complete"]
    worst = max((each.score for each in finite if not each.censored), default=math.inf)
    return {
        each.genome: (worst if each.censored else each.score, each.genome.layers - each.stages, each.score)
        for each in finite
    }


def _rewards(drawn: Sequence[Standing], ordered: Sequence[Standing]) -> Tensor:
    """Return the normal scores of ``drawn`` by rank among ``ordered``, which holds all of them."""
    ranks = [bisect_left(ordered, each) + bisect_right(ordered, each) for each in drawn]
    share = torch.tensor(ranks, dtype=torch.float64, device="cpu") / (2 * len(ordered))
    quantiles: Tensor = torch.special.ndtri(share)
    return -quantiles


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread: sums do not depend on the machine, and networks this small gain by it."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
