"""What every optimizer must pass: a public conformance suite for pytest.

Derive a test class and give it one fixture, ``make``::

    class TestMyOptimizer(OptimizerConformance):
        @pytest.fixture
        def make(self) -> MakeOptimizer:
            return MyOptimizer  # or: lambda space, seed: MyOptimizer(space, seed, option=3)
"""

import pickle
import random
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import pytest

from genome.errors import InputError
from genome.genome import Genome
from genome.neurons import ALL_NEURONS
from genome.records import Evaluation, Request
from genome.space import DesignSpace
from genome.thresholds import THRESHOLDS
from genome.weights import WEIGHTS
from optimizers.base import Optimizer

MakeOptimizer: TypeAlias = Callable[[DesignSpace, int], Optimizer]

SPACE = DesignSpace(layers=6)
"""2**10 * 3**6 = 746,496 genomes: more than a test asks."""

TINY = DesignSpace(layers=3)
"""2 * 3**3 = 54 genomes: a test asks them all."""

SPACES = (
    SPACE,
    TINY,
    DesignSpace(layers=16),
    DesignSpace(layers=6, search_side=True),
    DesignSpace(layers=6, neurons=("soft",)),
    DesignSpace(layers=6, search_connections=False),
    DesignSpace(layers=3, neurons=ALL_NEURONS, search_side=True, weights=WEIGHTS, thresholds=THRESHOLDS),
)
"""Spaces of several sizes, and with each kind of choice added or left out."""


def _never(_: int) -> bool:
    return False


def evaluate(
    genomes: Sequence[Genome],
    *,
    diverged: Callable[[int], bool] = _never,
    censored: Callable[[int], bool] = _never,
) -> list[Evaluation]:
    """Stand in for an evaluator: the score falls with connections and with soft thresholds.

    Args:
        genomes: What to evaluate.
        diverged: Says, of a place in ``genomes`` counted from 0, whether the network there diverges on the
            last layer that is trained.
        censored: Says whether only the first half of its two or more layers is trained.

    Returns:
        One evaluation for each genome, in order; the same for the same genomes.
    """
    return [
        _evaluation(genome, diverged(place), genome.layers // 2 if censored(place) else None)
        for place, genome in enumerate(genomes)
    ]


def _evaluation(genome: Genome, diverged: bool, stages: int | None) -> Evaluation:
    score = -10.0 - genome.connections - 0.5 * genome.neurons.count("soft")
    trained = genome.layers if stages is None else stages
    *earlier, last = (score * layer / genome.layers for layer in range(1, trained + 1))
    values = (*earlier, float("inf") if diverged else last)
    return Evaluation(
        request=Request(genome, stages=stages),
        setting="conformance",
        status="diverged" if diverged else "complete",
        valid_nmse_db=values,
        valid_ratio_db=values,
        test_nmse_db=None,
        test_ratio_db=None,
        seconds=1.0,
    )


def run(optimizer: Optimizer, sizes: Sequence[int]) -> list[list[Genome]]:
    """Ask, evaluate and tell one batch of every size; return the batches."""
    batches = []
    for size in sizes:
        batches.append(optimizer.ask(size))
        optimizer.tell(evaluate(batches[-1]))
    return batches


class OptimizerConformance:
    """Tests of the contract of ``optimizers.Optimizer``; derive from it and define the fixture ``make``."""

    @pytest.fixture
    def make(self) -> MakeOptimizer:
        """Return a callable that makes the optimizer from a space and a seed."""
        raise NotImplementedError(
            "Define the fixture ``make`` in your test class: (space, seed) -> Optimizer."
        )

    def test_same_seed_asks_the_same(self, make: MakeOptimizer) -> None:
        """Two instances agree although a third, with another seed, runs between them."""
        first, other, second = make(SPACE, 3), make(SPACE, 4), make(SPACE, 3)
        for size in (5, 32, 1, 20):
            (asked,), _, (again,) = run(first, [size]), run(other, [size]), run(second, [size])
            assert asked == again, "two instances with one seed, told the same, asked differently"

    def test_replay_from_records(self, make: MakeOptimizer) -> None:
        """A fresh instance that is told the recorded evaluations asks the same, and goes on the same."""
        searched, replayed = make(SPACE, 3), make(SPACE, 3)
        for size in (8, 8, 24, 3):
            batch = searched.ask(size)
            recorded = evaluate(batch, diverged=lambda place: place == 1)
            searched.tell(recorded)
            assert replayed.ask(size) == batch, "a replayed search left the recorded path"
            replayed.tell([Evaluation.from_dict(evaluation.to_dict()) for evaluation in recorded])
        assert run(searched, [16, 16]) == run(replayed, [16, 16]), "the paths part after the replay"

    def test_leaves_what_it_is_told(self, make: MakeOptimizer) -> None:
        """The list that is told, and every evaluation in it, stays as it was."""
        optimizer = make(SPACE, 0)
        for size in (6, 6, 6):
            told = evaluate(optimizer.ask(size), diverged=lambda place: place == 2)
            before, contents = list(told), [evaluation.to_dict() for evaluation in told]
            optimizer.tell(told)
            assert told == before, "the list that was told has changed"
            assert [evaluation.to_dict() for evaluation in told] == contents, "an evaluation has changed"

    @pytest.mark.parametrize("size", [1, 7, 32])
    def test_batches_of_any_size(self, make: MakeOptimizer, size: int) -> None:
        """A batch has as many genomes as were asked for, and the counts follow."""
        optimizer = make(SPACE, 1)
        for batch in range(1, 5):
            genomes = optimizer.ask(size)
            assert len(genomes) == size, f"asked for {size} genomes, got {len(genomes)}"
            assert (optimizer.asked, optimizer.told) == (batch * size, (batch - 1) * size)
            optimizer.tell(evaluate(genomes))
            assert (optimizer.asked, optimizer.told) == (batch * size, batch * size)

    @pytest.mark.parametrize("space", SPACES, ids=repr)
    def test_asks_distinct_genomes_of_the_space(self, make: MakeOptimizer, space: DesignSpace) -> None:
        """Nothing is asked twice, in one batch or in several, and nothing from outside the space."""
        asked = [genome for batch in run(make(space, 2), [16, 1, 16, 7]) for genome in batch]
        assert len(set(asked)) == len(asked), "a genome was asked twice"
        assert all(genome in space for genome in asked), "a genome is outside the space"

    def test_goes_on_after_failures(self, make: MakeOptimizer) -> None:
        """Diverged networks are told as they are; the search goes on, and does so the same every time."""
        first, second = make(SPACE, 5), make(SPACE, 5)
        for optimizer in (first, second):
            for _ in range(4):
                optimizer.tell(evaluate(optimizer.ask(9), diverged=lambda place: place % 2 == 0))
        assert run(first, [9, 9]) == run(second, [9, 9])

    def test_goes_on_when_all_failed(self, make: MakeOptimizer) -> None:
        """Batches in which every network diverged do no harm, at the start and later."""
        optimizer = make(SPACE, 6)
        for _ in range(2):
            for _ in range(5):
                genomes = optimizer.ask(12)
                assert len(set(genomes)) == 12, "after failures the batch is short or repeats a genome"
                optimizer.tell(evaluate(genomes, diverged=lambda _: True))
            run(optimizer, [12, 12])

    def test_goes_on_after_censored(self, make: MakeOptimizer) -> None:
        """Networks stopped early are told with what is known of them; the search goes on, and replays.

        Some of them diverged before they were stopped.
        """
        searched, replayed = make(SPACE, 11), make(SPACE, 11)
        for size in (9, 1, 24, 9):
            batch = searched.ask(size)
            assert replayed.ask(size) == batch, "told the same of censored networks, asked differently"
            recorded = evaluate(
                batch, diverged=lambda place: place % 5 == 0, censored=lambda place: place % 3 != 2
            )
            contents = [evaluation.to_dict() for evaluation in recorded]
            searched.tell(recorded)
            assert [evaluation.to_dict() for evaluation in recorded] == contents, "an evaluation has changed"
            replayed = pickle.loads(pickle.dumps(replayed))
            replayed.tell([Evaluation.from_dict(each) for each in contents])
        assert run(searched, [9, 9]) == run(replayed, [9, 9]), "the paths part after censored networks"

    def test_goes_on_when_all_are_censored(self, make: MakeOptimizer) -> None:
        """Batches in which no network was trained to the end do no harm, at the start and later."""
        optimizer = make(SPACE, 12)
        for _ in range(2):
            for _ in range(3):
                genomes = optimizer.ask(12)
                assert len(set(genomes)) == 12, "after censored networks the batch is short or repeats one"
                optimizer.tell(evaluate(genomes, censored=lambda _: True))
            run(optimizer, [12, 12])

    @pytest.mark.parametrize("batches", [0, 1, 4])
    def test_a_pickled_copy_goes_on_the_same(self, make: MakeOptimizer, batches: int) -> None:
        """A copy made between two calls, a batch waiting or not, asks what the original asks."""
        optimizer = make(SPACE, 7)
        run(optimizer, [10] * batches)
        told = pickle.loads(pickle.dumps(optimizer))
        genomes = optimizer.ask(10)
        assert told.ask(10) == genomes, "a copy made after a tell asks something else"
        waiting = pickle.loads(pickle.dumps(optimizer))
        for copy in (optimizer, told, waiting):
            copy.tell(evaluate(genomes))
        expected = run(optimizer, [10, 10])
        assert run(told, [10, 10]) == expected, "a copy made after a tell goes another way"
        assert run(waiting, [10, 10]) == expected, "a copy made with a batch waiting goes another way"

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_exhausts_a_tiny_space(self, make: MakeOptimizer, size: int) -> None:
        """Every genome is asked once, the last batch is what is left, and then batches are empty."""
        optimizer, asked = make(TINY, 8), list[Genome]()
        while len(asked) < TINY.size:
            (batch,) = run(optimizer, [size])
            assert len(batch) == min(size, TINY.size - len(asked)), "a batch is short with genomes left"
            asked += batch
        assert set(asked) == set(TINY.enumerate()), "the space was not exhausted"
        assert run(optimizer, [size, 1]) == [[], []], "an exhausted space must give empty batches"

    def test_leaves_global_random_state(self, make: MakeOptimizer) -> None:
        """Neither Python's nor NumPy's global generator is drawn from, seeded, or looked at."""
        searches = []
        for seed in (1, 2):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002  # the global state is what is tested
            python, numpy = random.getstate(), str(np.random.get_state())  # noqa: NPY002
            searches.append(run(make(SPACE, 9), [12, 12, 12]))
            assert random.getstate() == python, "Python's global generator was used"
            assert str(np.random.get_state()) == numpy, "NumPy's global generator was used"  # noqa: NPY002
        assert searches[0] == searches[1], "the search depends on a global generator"

    @pytest.mark.parametrize("n", [0, -3])
    def test_refuses_to_ask_for_nothing(self, make: MakeOptimizer, n: int) -> None:
        """A batch has at least one genome."""
        with pytest.raises(InputError, match=f"at least 1, got {n}"):
            make(SPACE, 0).ask(n)

    def test_refuses_broken_batches(self, make: MakeOptimizer) -> None:
        """A batch is told once, whole, and in order; after a refusal the right one is still taken."""
        optimizer = make(SPACE, 10)
        first = evaluate(optimizer.ask(4))
        optimizer.tell(first)
        batch = evaluate(optimizer.ask(4))
        for broken, reason in (
            (batch[:3], "told whole"),
            ([], "told whole"),
            ([*batch, first[0]], "told whole"),
            ([batch[1], batch[0], *batch[2:]], "was asked at place 2"),
            ([*batch[:3], first[0]], "not in this batch"),
            (first, "not in this batch"),
        ):
            with pytest.raises(InputError, match=reason):
                optimizer.tell(broken)
        with pytest.raises(InputError, match="told before the next one is asked"):
            optimizer.ask(1)
        optimizer.tell(batch)
        with pytest.raises(InputError, match="told once"):
            optimizer.tell(batch)
        run(optimizer, [4])
