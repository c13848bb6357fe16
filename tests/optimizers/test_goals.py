"""What is minimized: goals are values, and what is no goal is refused."""

import math
import pickle
from dataclasses import dataclass

import pytest

import optimizers
from genome.errors import InputError
from genome.genome import Genome
from genome.records import Evaluation
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, Connections, Goal, Score, vector
from optimizers.goals import SEVERAL, checked, only
from optimizers.nondominated import NondominatedEvolution
from optimizers.optuna_loading import names as samplers
from optimizers.random_search import RandomSearch
from optimizers.reinforce import Reinforce
from optimizers.testing import evaluate, run

SPACE = DesignSpace(layers=4)
GENOME = Genome.dense(4)


@dataclass(frozen=True)
class Neurons:
    """A user's goal: how many neurons are of one kind."""

    kind: str

    @property
    def name(self) -> str:
        return self.kind

    def __call__(self, evaluation: Evaluation) -> float:
        return float(evaluation.genome.neurons.count(self.kind))


class Undefined:
    name = "undefined"

    def __call__(self, evaluation: Evaluation) -> float:
        return evaluation.score * math.nan


class Nameless:
    def __call__(self, evaluation: Evaluation) -> float:
        return evaluation.score


def test_the_goals_of_an_evaluation() -> None:
    (evaluation,) = evaluate([GENOME])
    assert vector((SCORE, CONNECTIONS, Neurons("soft")), evaluation) == (evaluation.score, 3.0, 4.0)
    assert vector((CONNECTIONS,), evaluation) == (3.0,)


def test_a_diverged_network_is_the_worst_in_every_goal() -> None:
    """Few connections are no merit of a network that is none."""
    (evaluation,) = evaluate([GENOME], diverged=lambda _: True)
    assert vector((SCORE, CONNECTIONS), evaluation) == (math.inf, math.inf)


def test_the_score_of_a_censored_network_is_the_one_so_far() -> None:
    (evaluation,) = evaluate([GENOME], censored=lambda _: True)
    assert vector((SCORE, CONNECTIONS), evaluation) == (evaluation.valid_nmse_db[1], 3.0)


@pytest.mark.parametrize(
    ("goal", "same", "name"), [(SCORE, Score(), "nmse"), (CONNECTIONS, Connections(), "connections")]
)
def test_a_goal_is_a_value(goal: Goal, same: Goal, name: str) -> None:
    assert isinstance(goal, Goal)
    assert goal.name == name
    assert pickle.loads(pickle.dumps(goal)) == goal == same
    assert hash(goal) == hash(same)


def test_a_goal_that_is_no_number_is_refused() -> None:
    (evaluation,) = evaluate([GENOME])
    message = f"^Goal 'undefined' must be a number, got nan for genome {GENOME.digest}\\.$"
    with pytest.raises(InputError, match=message):
        vector((SCORE, Undefined()), evaluation)


@pytest.mark.parametrize(
    ("goals", "message"),
    [
        ((), r"A search must have at least one goal, got none\."),
        (SCORE, r"The goals of a search must be a tuple of goals, got Score\(\)\."),
        ("nmse", r"The goals of a search must have a name and be callable, got 'n'\."),
        ((Score,), r"The goals of a search must have a name and be callable, got <class .*Score'>\."),
        (
            (SCORE, Nameless()),
            r"The goals of a search must have a name and be callable, got <.*Nameless .*>\.",
        ),
        ((SCORE, CONNECTIONS, Score()), r"The goals of a search must differ, got 'nmse' again at place 3\."),
    ],
)
@pytest.mark.parametrize("name", ["evolution", "random", "tpe", "reinforce"])
def test_what_are_no_goals_is_refused(goals: object, message: str, name: str) -> None:
    with pytest.raises(InputError, match=f"^{message}$"):
        checked(goals)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=f"^{message}$"):
        optimizers.create(name, SPACE, 0, goals=goals)


def test_one_goal_only() -> None:
    assert only("A thing", [CONNECTIONS]) == CONNECTIONS
    message = (
        r"^A thing takes one goal, got 2 \(nmse, connections\): "
        r"the optimizers evolution, gp, nsga2, random, tpe take several\.$"
    )
    with pytest.raises(InputError, match=message):
        only("A thing", (SCORE, CONNECTIONS))


@pytest.mark.parametrize("name", optimizers.names())
def test_the_list_of_those_that_take_several_is_right(name: str) -> None:
    if name in SEVERAL:
        optimizer = optimizers.create(name, SPACE, 0, goals=(SCORE, CONNECTIONS, Neurons("relu")))
        assert len(set(run(optimizer, [4, 4])[1])) == 4
    else:
        taker = "Sampler" if name in samplers() else "Optimizer"
        message = f"^{taker} '{name}' takes one goal, got 2 .*: the optimizers {', '.join(SEVERAL)} take"
        with pytest.raises(InputError, match=message):
            optimizers.create(name, SPACE, 0, goals=(SCORE, CONNECTIONS))


@pytest.mark.parametrize("name", sorted({*optimizers.names()} - {"gp"}))
def test_the_score_alone_is_what_every_optimizer_minimizes(name: str) -> None:
    plain, named = optimizers.create(name, SPACE, 2), optimizers.create(name, SPACE, 2, goals=(Score(),))
    assert type(plain) is type(named)
    assert run(plain, [12, 6]) == run(named, [12, 6])


@pytest.mark.parametrize("name", ["evolution", "nsga2", "tpe"])
def test_another_single_goal_is_minimized(name: str) -> None:
    """The score falls with connections; a search for few of them goes the other way."""
    space = DesignSpace(layers=7, neurons=("soft",))
    sought, avoided = (
        run(optimizers.create(name, space, 0, goals=(goal,)), [8] * 8) for goal in (CONNECTIONS, SCORE)
    )
    few, many = (
        sum(genome.connections for batch in batches[4:] for genome in batch) for batches in (sought, avoided)
    )
    assert few < 0.7 * many


def test_random_search_ignores_its_goals() -> None:
    assert RandomSearch(SPACE, 1, goals=(SCORE, CONNECTIONS)).ask(9) == RandomSearch(SPACE, 1).ask(9)


def test_an_optimizer_of_scores_takes_no_other_goal() -> None:
    assert isinstance(optimizers.create("reinforce", SPACE, 0, goals=[SCORE]), Reinforce)
    message = r"^Optimizer 'reinforce' minimizes nmse and has no option 'goals', got connections\.$"
    with pytest.raises(InputError, match=message):
        optimizers.create("reinforce", SPACE, 0, goals=(CONNECTIONS,))


def test_evolution_for_several_goals_is_nsga2() -> None:
    made = optimizers.create("evolution", SPACE, 5, goals=(CONNECTIONS, SCORE), population=4, crossover=0.0)
    same = NondominatedEvolution(SPACE, 5, goals=(CONNECTIONS, SCORE), population=4, crossover=0.0)
    assert type(made) is NondominatedEvolution
    assert run(made, [8, 8]) == run(same, [8, 8])
