"""The optimizers pass the public suite, and the suite sees every way of breaking the contract."""

import random
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count

import numpy as np
import pytest

from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, Optimizer
from optimizers.evolution import RegularizedEvolution
from optimizers.nondominated import NondominatedEvolution
from optimizers.random_search import RandomSearch
from optimizers.testing import MakeOptimizer, OptimizerConformance

Check = Callable[[OptimizerConformance, MakeOptimizer], None]


class TestRandomSearch(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return RandomSearch


class TestRegularizedEvolution(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return RegularizedEvolution


class TestSmallestEvolution(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(RegularizedEvolution, population=1, sample=1)


class TestEvolutionWithManyMutations(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(RegularizedEvolution, population=40, sample=50, mutations=3)


class TestEvolutionWithoutCrossover(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(RegularizedEvolution, crossover=0.0)


class TestNondominatedEvolution(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(NondominatedEvolution, goals=(SCORE, CONNECTIONS))


class TestSmallestNondominatedEvolution(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return partial(NondominatedEvolution, goals=(CONNECTIONS, SCORE), population=1, crossover=1.0)


class SharedCounter(RandomSearch):
    """Depends on how often any instance was asked."""

    calls = count()

    def _ask(self, n: int) -> Sequence[Genome]:
        self._rng.random(next(self.calls))
        return super()._ask(n)


class ObjectIdentity(RandomSearch):
    """Learns from the identity of what it is told, which a replay does not repeat."""

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        self._kept = evaluations
        self._rng = np.random.default_rng(id(evaluations[0]))


class GlobalPython(RandomSearch):
    def _ask(self, n: int) -> Sequence[Genome]:
        random.random()
        return super()._ask(n)


class GlobalNumpy(RandomSearch):
    def _ask(self, n: int) -> Sequence[Genome]:
        np.random.random()  # noqa: NPY002  # the mistake that the suite must see
        return super()._ask(n)


class Forgetful(RandomSearch):
    """Loses its generator on the way through a pickle."""

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._rng = np.random.default_rng(self.seed + 1)


class Unpicklable(RandomSearch):
    def __init__(self, space: DesignSpace, seed: int) -> None:
        super().__init__(space, seed)
        self._key = lambda genome: genome.digest


class Repeating(RandomSearch):
    def _ask(self, n: int) -> Sequence[Genome]:
        return [self.space.sample(np.random.default_rng(0)) for _ in range(n)]


class Brittle(RandomSearch):
    """Weighs the scores, and so ends with NaN once a network has diverged."""

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        scores = np.array([evaluation.score for evaluation in evaluations])
        with np.errstate(invalid="ignore"):
            weights = scores / np.abs(scores).sum()
        self._rng.choice(len(scores), p=weights / weights.sum())


class Hasty(RandomSearch):
    """Takes it for granted that all stages were trained."""

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        self._last = [evaluation.valid_nmse_db[self.space.layers - 1] for evaluation in evaluations]


class Eager(RandomSearch):
    """Learns from the record of what was censored as from an object."""

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        for evaluation in evaluations:
            if evaluation.censored:
                self._rng = np.random.default_rng(id(evaluation))


class Vandal(RandomSearch):
    """Rewrites what it was told."""

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        super().tell(evaluations)
        assert isinstance(evaluations, list)
        evaluations.sort(key=lambda evaluation: (evaluation.score, evaluation.genome.digest))


class Lenient(RandomSearch):
    """Takes whatever it is told."""

    def tell(self, evaluations: Sequence[Evaluation]) -> None:
        del evaluations
        self._waiting = ()


SUITE = OptimizerConformance


@pytest.mark.parametrize(
    ("broken", "check", "complaint"),
    [
        (SharedCounter, SUITE.test_same_seed_asks_the_same, "told the same, asked differently"),
        (ObjectIdentity, SUITE.test_replay_from_records, "left the recorded path"),
        (GlobalPython, SUITE.test_leaves_global_random_state, "Python's global generator was used"),
        (GlobalNumpy, SUITE.test_leaves_global_random_state, "NumPy's global generator was used"),
        (Forgetful, partial(SUITE.test_a_pickled_copy_goes_on_the_same, batches=1), "asks something else"),
        (Unpicklable, partial(SUITE.test_a_pickled_copy_goes_on_the_same, batches=0), "pickle"),
        (Repeating, partial(SUITE.test_batches_of_any_size, size=7), "is also at place 1"),
        (Brittle, SUITE.test_goes_on_when_all_failed, "(?i)probabilities"),
        (Hasty, SUITE.test_goes_on_after_censored, "index out of range"),
        (Hasty, SUITE.test_goes_on_when_all_are_censored, "index out of range"),
        (Eager, SUITE.test_goes_on_after_censored, "of censored networks, asked differently"),
        (Vandal, SUITE.test_leaves_what_it_is_told, "the list that was told has changed"),
        (Lenient, SUITE.test_refuses_broken_batches, "DID NOT RAISE"),
    ],
)
def test_the_suite_sees_it(broken: type[Optimizer], check: Check, complaint: str) -> None:
    check(SUITE(), RandomSearch)
    with pytest.raises(
        (AssertionError, AttributeError, IndexError, ValueError, pytest.fail.Exception), match=complaint
    ):
        check(SUITE(), broken)
