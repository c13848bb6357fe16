"""The contract that every search strategy keeps."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence

import numpy as np

from genome.errors import InputError
from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers.checks import whole_number
from optimizers.untried import Untried

PATIENCE = 50
"""Proposals in a row that may repeat a known genome before a uniform draw takes their place."""


class Optimizer(ABC):
    """A search strategy: ``ask`` for genomes, have them evaluated, ``tell`` the evaluations.

    The two public methods validate and count; the hooks ``_ask`` and ``_tell``, which a strategy defines,
    compute. A strategy's behaviour depends on the space, the seed and what it was told, and on nothing else:
    asked and told the same, it proposes the same genomes. A stopped search is therefore resumed by running it
    again from the start, with the known evaluations told from a record instead of being made anew.

    An optimizer may be pickled or deep-copied at any time between two calls, and its copy goes on as it does.

    A strategy draws all its randomness from ``self._rng``, may consult ``self._untried``, keeps nothing that
    cannot be pickled, and never lets the order of a set decide anything (it changes from process to process).

    Args:
        space: The space to search.
        seed: Seed of the strategy's own generator; not negative.

    Raises:
        InputError: If the seed is no whole number or is negative.
    """

    def __init__(self, space: DesignSpace, seed: int) -> None:
        self._space = space
        self._seed = whole_number("The seed of an optimizer", seed, least=0)
        self._rng = np.random.default_rng(np.random.SeedSequence(self._seed))
        self._untried = Untried(space)
        self._waiting: tuple[Genome, ...] = ()

    @property
    def space(self) -> DesignSpace:
        """The space that is searched."""
        return self._space

    @property
    def seed(self) -> int:
        """The seed that the optimizer was made with."""
        return self._seed

    @property
    def asked(self) -> int:
        """How many genomes were asked so far."""
        return self._untried.taken

    @property
    def told(self) -> int:
        """How many evaluations were told so far."""
        return self.asked - len(self._waiting)

    def ask(self, n: int) -> list[Genome]:
        """Propose the next batch of genomes to evaluate.

        Args:
            n: How many genomes; at least 1.

        Returns:
            ``n`` distinct genomes of the space that this optimizer never asked before; fewer only when the
            space has no more, and none when it is exhausted.

        Raises:
            InputError: If ``n`` is below 1, if the last batch was not told yet, or if the strategy's hook
                proposes something other than what is described above.
        """
        n = whole_number("The number of genomes to ask for", n, least=1)
        if self._waiting:
            raise InputError(
                f"A batch is told before the next one is asked: {len(self._waiting)} genomes are waiting, "
                f"the first is {self._waiting[0].digest}."
            )
        n = min(n, self._untried.left)
        if n == 0:
            return []
        batch = tuple(self._ask(n))
        self._check_proposed(batch, n)
        self._untried.take(batch)
        self._waiting = batch
        return list(batch)

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Take the evaluations of the whole last batch, in the order in which it was asked.

        A network that diverged is told like any other; its score is +inf, the worst. So is one that was
        censored: dropped before all of its stages were trained, because others of its batch were better. Its
        score is the one so far.

        Args:
            evaluations: One evaluation for each genome of the last batch. They are left as they are.

        Raises:
            InputError: If the evaluations are not those of the last batch, whole and in order, or if that
                batch was told before. The optimizer is then unchanged and still waits for the batch.
        """
        told = tuple(evaluations)
        self._check_told(told)
        if told:
            self._tell(told)
            self._waiting = ()

    @abstractmethod
    def _ask(self, n: int) -> Sequence[Genome]:
        """Propose ``n`` distinct genomes, each of them in ``self._untried``.

        Args:
            n: How many genomes; at least 1 and at most as many as are untried.
        """

    @abstractmethod
    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        """Learn from the evaluations of the batch that ``_ask`` proposed last, in that order.

        Args:
            evaluations: One for each genome; lower scores are better, a diverged network's is +inf, and a
                censored one's is not comparable with the others'.
        """

    def _draw(self, n: int, besides: Collection[Genome] = ()) -> list[Genome]:
        """Draw ``n`` distinct untried genomes uniformly.

        Args:
            n: How many genomes; at most as many as are untried besides ``besides``.
            besides: Distinct untried genomes that are in the batch already.
        """
        batch = dict.fromkeys(besides)
        while len(batch) < len(besides) + n:
            batch[self._untried.draw(self._rng, besides=batch)] = None
        return list(batch)[len(besides) :]

    def _distinct(
        self, n: int, propose: Callable[[], Genome], besides: Collection[Genome] = ()
    ) -> list[Genome]:
        """Collect ``n`` distinct untried genomes from a proposer that may repeat itself.

        Args:
            n: How many genomes; at most as many as are untried besides ``besides``.
            propose: Makes one genome of the space. After ``PATIENCE`` proposals in a row that are all known
                already, a uniform draw from the untried genomes takes their place.
            besides: Distinct untried genomes that are in the batch already.
        """
        batch = dict.fromkeys(besides)
        while len(batch) < len(besides) + n:
            batch[self._fresh(batch, propose)] = None
        return list(batch)[len(besides) :]

    def _fresh(self, batch: Collection[Genome], propose: Callable[[], Genome]) -> Genome:
        for _ in range(PATIENCE):
            genome = propose()
            if genome in self._untried and genome not in batch:
                return genome
        return self._untried.draw(self._rng, besides=batch)

    def _check_proposed(self, batch: tuple[Genome, ...], n: int) -> None:
        strategy = type(self).__name__
        if len(batch) != n:
            raise InputError(f"{strategy}._ask must propose exactly {n} genomes, got {len(batch)}.")
        places: dict[Genome, int] = {}
        for place, genome in enumerate(batch, start=1):
            first = places.setdefault(genome, place)
            if genome not in self._space:
                fault = "is outside the design space"
            elif genome not in self._untried:
                fault = "was asked before"
            elif first < place:
                fault = f"is also at place {first}"
            else:
                continue
            raise InputError(
                f"{strategy}._ask must propose distinct new genomes of its space: "
                f"genome {genome.digest} at place {place} of {n} {fault}."
            )

    def _check_told(self, told: tuple[Evaluation, ...]) -> None:
        waiting = self._waiting
        if told and not waiting:
            raise InputError(
                f"A batch is told once, after it was asked: none is waiting, got {len(told)} evaluations, "
                f"the first of genome {told[0].genome.digest}."
            )
        if len(told) != len(waiting):
            raise InputError(
                f"A batch is told whole: {len(waiting)} genomes were asked, got {len(told)} evaluations; "
                + _difference(waiting, tuple(evaluation.genome for evaluation in told))
            )
        for place, (genome, evaluation) in enumerate(zip(waiting, told, strict=True), start=1):
            if evaluation.genome != genome:
                raise InputError(
                    f"A batch is told in the order in which it was asked: place {place} of {len(waiting)} "
                    f"belongs to genome {genome.digest}, got genome {evaluation.genome.digest}, "
                    + _whereabouts(evaluation.genome, waiting)
                )


def _difference(waiting: tuple[Genome, ...], told: tuple[Genome, ...]) -> str:
    for place, genome in enumerate(waiting, start=1):
        if genome not in told:
            return f"genome {genome.digest} at place {place} is missing."
    return f"genome {told[len(waiting)].digest} at place {len(waiting) + 1} is one too many."


def _whereabouts(genome: Genome, waiting: tuple[Genome, ...]) -> str:
    if genome in waiting:
        return f"which was asked at place {waiting.index(genome) + 1}."
    return "which is not in this batch."
