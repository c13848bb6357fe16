"""What the public half of an optimizer refuses, and how it says so."""

import copy
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genome.errors import InputError
from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers import Optimizer
from optimizers.evolution import RegularizedEvolution
from optimizers.random_search import RandomSearch
from optimizers.testing import TINY, evaluate, run

SPACE = DesignSpace(layers=5)


def says(text: str) -> str:
    return f"^{re.escape(text)}$"


class Scripted(Optimizer):
    """Proposes what it was given, right or wrong."""

    def __init__(self, space: DesignSpace, batches: Sequence[Sequence[Genome]]) -> None:
        super().__init__(space, 0)
        self._batches = iter(batches)

    def _ask(self, n: int) -> Sequence[Genome]:
        del n
        return next(self._batches)

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        pass


@pytest.mark.parametrize(
    ("seed", "shown"), [(-1, "-1"), (1.0, "1.0"), (True, "True"), ("1", "'1'"), (None, "None")]
)
def test_a_seed_is_a_whole_number(seed: int, shown: str) -> None:
    with pytest.raises(
        InputError, match=says(f"The seed of an optimizer must be a whole number of at least 0, got {shown}.")
    ):
        RandomSearch(SPACE, seed)


def test_a_seed_of_numpy_is_the_same_seed() -> None:
    assert RandomSearch(SPACE, np.int64(7)).ask(5) == RandomSearch(SPACE, 7).ask(5)  # type: ignore[arg-type]
    assert RandomSearch(SPACE, 7).ask(5) != RandomSearch(SPACE, 8).ask(5)


@pytest.mark.parametrize(("n", "shown"), [(0, "0"), (-2, "-2"), (1.5, "1.5"), (True, "True")])
def test_asking_for_nothing_is_refused(n: int, shown: str) -> None:
    optimizer = RandomSearch(SPACE, 0)
    rule = "The number of genomes to ask for must be a whole number of at least 1"
    with pytest.raises(InputError, match=says(f"{rule}, got {shown}.")):
        optimizer.ask(n)
    assert optimizer.asked == 0


def test_asking_again_before_telling_is_refused() -> None:
    optimizer = RandomSearch(SPACE, 0)
    batch = optimizer.ask(3)
    with pytest.raises(
        InputError,
        match=says(
            "A batch is told before the next one is asked: 3 genomes are waiting, "
            f"the first is {batch[0].digest}."
        ),
    ):
        optimizer.ask(2)


def test_telling_before_asking_is_refused() -> None:
    (evaluation,) = evaluate(RandomSearch(SPACE, 0).ask(1))
    with pytest.raises(
        InputError, match=r"none is waiting, got 1 evaluations, the first of genome [0-9a-f]+\.$"
    ):
        RandomSearch(SPACE, 0).tell([evaluation])


def foreign(batch: Sequence[Evaluation]) -> Evaluation:
    genomes = {evaluation.genome for evaluation in batch}
    return evaluate([next(genome for genome in SPACE.enumerate() if genome not in genomes)])[0]


ORDER = "A batch is told in the order in which it was asked: place"
WHOLE = "A batch is told whole: 4 genomes were asked, got"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda told: told[:3], f"{WHOLE} 3 evaluations; genome {{3}} at place 4 is missing."),
        (lambda told: told[1:], f"{WHOLE} 3 evaluations; genome {{0}} at place 1 is missing."),
        (lambda told: [*told, told[2]], f"{WHOLE} 5 evaluations; genome {{2}} at place 5 is one too many."),
        (
            lambda told: [told[0], told[2], told[1], told[3]],
            f"{ORDER} 2 of 4 belongs to genome {{1}}, got genome {{2}}, which was asked at place 3.",
        ),
        (
            lambda told: [*told[:3], foreign(told)],
            f"{ORDER} 4 of 4 belongs to genome {{3}}, got genome {{foreign}}, which is not in this batch.",
        ),
    ],
    ids=["partial", "partial at the front", "longer", "reordered", "foreign"],
)
def test_a_broken_batch_is_refused_with_place_and_value(
    change: Callable[[list[Evaluation]], list[Evaluation]], message: str
) -> None:
    optimizer = RandomSearch(SPACE, 0)
    told = evaluate(optimizer.ask(4))
    digests = [evaluation.genome.digest for evaluation in told]
    with pytest.raises(InputError, match=says(message.format(*digests, foreign=foreign(told).genome.digest))):
        optimizer.tell(change(told))
    assert (optimizer.asked, optimizer.told) == (4, 0)
    optimizer.tell(told)
    assert (optimizer.asked, optimizer.told) == (4, 4)


def test_a_batch_told_twice_is_refused() -> None:
    optimizer = RandomSearch(SPACE, 0)
    told = evaluate(optimizer.ask(2))
    optimizer.tell(told)
    message = (
        "A batch is told once, after it was asked: none is waiting, got 2 evaluations, the first of genome "
    )
    with pytest.raises(InputError, match=says(f"{message}{told[0].genome.digest}.")):
        optimizer.tell(told)


@pytest.mark.parametrize("strategy", [RandomSearch, RegularizedEvolution])
def test_a_refused_batch_changes_nothing(strategy: Callable[[DesignSpace, int], Optimizer]) -> None:
    untouched, refusing = strategy(SPACE, 0), strategy(SPACE, 0)
    for _ in range(4):
        told = evaluate(untouched.ask(8))
        assert [evaluation.genome for evaluation in told] == refusing.ask(8)
        for broken in (told[::-1], told[1:], [*told, told[0]]):
            with pytest.raises(InputError, match="A batch is told"):
                refusing.tell(broken)
        untouched.tell(told)
        refusing.tell(told)


def test_the_list_that_was_asked_belongs_to_the_caller() -> None:
    optimizer = RandomSearch(SPACE, 0)
    batch = optimizer.ask(3)
    told = evaluate(batch)
    batch.clear()
    optimizer.tell(told)
    assert optimizer.told == 3


def test_an_exhausted_space_asks_nothing_and_is_told_nothing() -> None:
    optimizer = RandomSearch(TINY, 0)
    assert len(run(optimizer, [100])[0]) == TINY.size
    assert optimizer.ask(5) == []
    optimizer.tell([])
    with pytest.raises(InputError, match="none is waiting"):
        optimizer.tell(evaluate([Genome.lista(3)]))


A, B, *_ = SPACE.enumerate()


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([[A]], "Scripted._ask must propose exactly 2 genomes, got 1."),
        ([[]], "Scripted._ask must propose exactly 2 genomes, got 0."),
        ([[A, A]], f"genome {A.digest} at place 2 of 2 is also at place 1."),
        (
            [[A, Genome.lista(4)]],
            f"genome {Genome.lista(4).digest} at place 2 of 2 is outside the design space.",
        ),
        ([[A, B], [B, A]], f"genome {B.digest} at place 1 of 2 was asked before."),
    ],
)
def test_a_wrong_proposal_of_a_strategy_is_refused(batches: list[list[Genome]], message: str) -> None:
    optimizer = Scripted(SPACE, batches)
    for _ in batches[:-1]:
        optimizer.tell(evaluate(optimizer.ask(2)))
    asked = optimizer.asked
    with pytest.raises(InputError, match=f"{re.escape(message)}$"):
        optimizer.ask(2)
    assert optimizer.asked == asked


@given(sizes=st.lists(st.integers(1, 20), max_size=12), seed=st.integers(0, 2**64))
def test_every_batch_is_new_and_as_long_as_the_space_allows(sizes: list[int], seed: int) -> None:
    for strategy in (RandomSearch, RegularizedEvolution):
        optimizer = strategy(TINY, seed)
        batches = run(optimizer, sizes)
        asked = [genome for batch in batches for genome in batch]
        assert len(asked) == len(set(asked)) == min(sum(sizes), TINY.size) == optimizer.asked
        assert all(len(batch) == size for batch, size in zip(batches, sizes, strict=True)) or (
            optimizer.asked == TINY.size
        )


@given(cuts=st.lists(st.integers(1, 12), min_size=1, max_size=6), seed=st.integers(0, 99))
def test_a_copy_goes_on_the_same_from_any_point(cuts: list[int], seed: int) -> None:
    optimizer = RegularizedEvolution(SPACE, seed)
    run(optimizer, cuts)
    copied = copy.deepcopy(optimizer)
    assert run(copied, cuts) == run(optimizer, cuts)


def test_what_else_is_in_a_record_does_not_matter() -> None:
    """Seconds differ from run to run; a replay must not."""
    first, second = RegularizedEvolution(SPACE, 0), RegularizedEvolution(SPACE, 0)
    for _ in range(4):
        told = evaluate(first.ask(8))
        assert second.ask(8) == [evaluation.genome for evaluation in told]
        first.tell(told)
        second.tell([replace(evaluation, seconds=99.0) for evaluation in told])
