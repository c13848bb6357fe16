"""Optimizers by name, by path, and not at all."""

import re
import textwrap
from pathlib import Path

import pytest

import optimizers
from genome.errors import InputError
from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, optuna_loading
from optimizers.evolution import RegularizedEvolution
from optimizers.random_search import RandomSearch
from optimizers.testing import run

SPACE = DesignSpace(layers=5)

USERS_MODULE = """
    from optimizers import Optimizer

    class Mine(Optimizer):
        def __init__(self, space, seed, *, start, step=1):
            super().__init__(space, seed)
            self.step = step
        def _ask(self, n):
            return self._draw(n)
        def _tell(self, evaluations):
            pass

    class Anything(Mine):
        def __init__(self, **options):
            super().__init__(options.pop("space"), options.pop("seed"), start=0)
            self.options = options

    class Seedless(Mine):
        def __init__(self, space):
            super().__init__(space, 0, start=0)

    class Half(Optimizer):
        def _ask(self, n):
            return []

    def function(space, seed):
        return Mine(space, seed, start=0)

    number = 3
"""


@pytest.fixture(autouse=True)
def users_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "users_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "search.py").write_text(textwrap.dedent(USERS_MODULE))
    (package / "broken.py").write_text("import no_such_library\n")
    (package / "typo.py").write_text("def f(:\n")
    (package / "raising.py").write_text("raise RuntimeError('not today')\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_the_names() -> None:
    assert optimizers.names() == ("cmaes", "evolution", "gp", "nsga2", "random", "reinforce", "tpe")


@pytest.mark.parametrize(("name", "kind"), [("evolution", RegularizedEvolution), ("random", RandomSearch)])
def test_a_name_makes_its_optimizer(name: str, kind: type[optimizers.Optimizer]) -> None:
    made = optimizers.create(name, SPACE, 5)
    assert type(made) is kind
    assert (made.space, made.seed) == (SPACE, 5)
    assert run(made, [8, 8]) == run(kind(SPACE, 5), [8, 8])


def test_options_arrive() -> None:
    made = optimizers.create("evolution", SPACE, 5, population=4, sample=2, mutations=2)
    same = RegularizedEvolution(SPACE, 5, population=4, sample=2, mutations=2)
    other = RegularizedEvolution(SPACE, 5)
    batches = run(made, [8, 8, 8])
    assert batches == run(same, [8, 8, 8])
    assert batches != run(other, [8, 8, 8])


@pytest.mark.parametrize("path", ["users_package.search:Mine", "users_package.search.Mine"])
def test_a_path_makes_a_users_optimizer(path: str) -> None:
    made = optimizers.create(path, SPACE, 5, start=1)
    assert type(made).__name__ == "Mine"
    assert len(run(made, [8])[0]) == 8


def test_a_constructor_may_take_anything() -> None:
    made = optimizers.create("users_package.search:Anything", SPACE, 5, depth=3)
    assert vars(made)["options"] == {"depth": 3}


SEARCH = "users_package.search"
NOT_FOUND = "does not import (ModuleNotFoundError: No module named"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "Random",
            "random, reinforce, tpe, and the path of a class, 'package.module:Class', names any other.",
        ),
        ("", "Unknown optimizer '': the known ones are cmaes, evolution, gp, nsga2, random, reinforce, tpe"),
        (":Mine", "Unknown optimizer ':Mine': the known ones are"),
        (f"{SEARCH}:", f"Unknown optimizer '{SEARCH}:': the known ones are"),
        ("no_package.module:Mine", f"module 'no_package.module' {NOT_FOUND} 'no_package')."),
        ("users_package.no.Mine", f"module 'users_package.no' {NOT_FOUND} 'users_package.no')."),
        (
            "users_package..search:Mine",
            "module 'users_package..search' does not import (ModuleNotFoundError: ",
        ),
        (".search:Mine", "module '.search' does not import (TypeError: "),
        ("users_package.broken:Mine", f"module 'users_package.broken' {NOT_FOUND} 'no_such_library')."),
        ("users_package.typo:Mine", "module 'users_package.typo' does not import (SyntaxError: "),
        ("users_package.raising:Mine", "does not import (RuntimeError: not today)."),
        (f"{SEARCH}:Yours", f"module '{SEARCH}' has no 'Yours'."),
        (f"{SEARCH}:number", "'number' is no subclass of optimizers.Optimizer."),
        (f"{SEARCH}:function", "'function' is no subclass of optimizers.Optimizer."),
        ("pathlib.Path", "Optimizer 'pathlib.Path': 'Path' is no subclass of optimizers.Optimizer."),
        (f"{SEARCH}:Half", "'Half' is abstract, it does not define _tell."),
        ("optimizers:Optimizer", "'Optimizer' is abstract, it does not define _ask, _tell."),
        (f"{SEARCH}:Seedless", f"Optimizer '{SEARCH}:Seedless': its constructor must take 'seed'."),
        (f"{SEARCH}:Mine", f"Optimizer '{SEARCH}:Mine' needs a value for its option 'start'."),
    ],
)
def test_what_is_no_optimizer_is_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        optimizers.create(name, SPACE, 0)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("random", "its options are goals"),
        ("evolution", "its options are crossover, founders, goals, mutations, population, sample"),
        (f"{SEARCH}:Mine", "its options are start, step"),
    ],
)
def test_an_unknown_option_lists_the_known(name: str, known: str) -> None:
    message = f"Optimizer {name!r} has no option 'popsize': {known}."
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        optimizers.create(name, SPACE, 0, popsize=10)


def test_goals_arrive_where_they_are_taken() -> None:
    """A user's optimizer that knows nothing of goals minimizes the score, and no other."""
    goals = (SCORE, CONNECTIONS)
    anything = optimizers.create(f"{SEARCH}:Anything", SPACE, 5, goals=goals)
    assert vars(anything)["options"] == {"goals": goals}
    assert optimizers.create(f"{SEARCH}:Mine", SPACE, 5, start=1, goals=(SCORE,)).asked == 0
    for refused, message in (
        (goals, "takes one goal, got 2"),
        (goals[1:], "minimizes nmse and has no option"),
    ):
        with pytest.raises(InputError, match=re.escape(f"Optimizer '{SEARCH}:Mine' {message}")):
            optimizers.create(f"{SEARCH}:Mine", SPACE, 5, start=1, goals=refused)


def test_a_value_out_of_range_is_refused() -> None:
    with pytest.raises(
        InputError, match="population of evolution must be a whole number of at least 1, got 0"
    ):
        optimizers.create("evolution", SPACE, 0, population=0)


def test_every_named_sampler_is_an_optimizer() -> None:
    assert set(optuna_loading.names()) <= set(optimizers.names())


@pytest.mark.parametrize("name", ["tpe", "optuna.samplers.QMCSampler", "optuna.samplers:TPESampler"])
def test_samplers_of_optuna_are_optimizers(name: str) -> None:
    optimizer = optimizers.create(name, DesignSpace(layers=4), 3)
    assert len(set(optimizer.ask(5))) == 5
    with pytest.raises(InputError, match="has no option 'sampler': the name says it already"):
        optimizers.create(name, DesignSpace(layers=4), 3, sampler="gp")
    with pytest.raises(InputError, match="has no option 'seeds'"):
        optimizers.create(name, DesignSpace(layers=4), 3, seeds=1)
