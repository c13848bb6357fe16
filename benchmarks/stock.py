"""What DEAP and Optuna bring themselves, as their documentation uses them, on a table.

These are the algorithms that a user would take without this library. A network that one of them evaluates
again costs it nothing, so that a budget counts distinct networks, as it does for the library's own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import optuna
from deap import algorithms, base, tools
from optuna.samplers import BaseSampler, CmaEsSampler, NSGAIISampler, TPESampler

from apps.compare.runs import Job, Run
from evaluation.tabular import Table, load_table

MOST_REPEATS: Final = 2
"""Evaluations in all, as a multiple of the budget, after which an algorithm that only repeats itself ends."""

Score = Callable[[Sequence[int]], float]


class SpentError(Exception):
    """The budget is used up."""


class Counter:
    """Scores of a table by the place of each choice's option; remembers what was asked.

    Args:
        table: the table.
        budget: distinct networks that may be asked for.
    """

    def __init__(self, table: Table, budget: int) -> None:
        self._scores, self._budget = table.scores, min(budget, table.space.size)
        self.sizes = [len(options) for options in table.space.choices.values()]
        self.asked: dict[int, None] = {}
        self._calls = 0

    def __call__(self, places: Sequence[int]) -> float:
        index = int(np.ravel_multi_index(list(places), self.sizes))
        self._calls += 1
        if index not in self.asked:
            if len(self.asked) == self._budget:
                raise SpentError
            self.asked[index] = None
        if self._calls > MOST_REPEATS * self._budget:
            raise SpentError
        return float(self._scores[index])


class _Fitness(base.Fitness):  # type: ignore[misc]  # DEAP is untyped
    weights = (-1.0,)


class _Individual(list[int]):
    def __init__(self, values: Sequence[int]) -> None:
        super().__init__(values)
        self.fitness = _Fitness()


def _toolbox(score: Score, sizes: Sequence[int]) -> Any:
    """As in DEAP's one-max example, with a mutation for whole numbers."""
    box = base.Toolbox()
    box.register("individual", lambda: _Individual([random.randrange(size) for size in sizes]))
    box.register("population", tools.initRepeat, list, box.individual)
    box.register("evaluate", lambda individual: (score(individual),))
    box.register("mate", tools.cxTwoPoint)
    above = [size - 1 for size in sizes]
    box.register("mutate", tools.mutUniformInt, low=0, up=above, indpb=2.0 / len(sizes))
    box.register("select", tools.selTournament, tournsize=3)
    return box


def _ea_simple(size: int) -> Callable[[Score, Sequence[int], int], None]:
    def run(score: Score, sizes: Sequence[int], seed: int) -> None:
        del seed
        box = _toolbox(score, sizes)
        algorithms.eaSimple(box.population(n=size), box, cxpb=0.5, mutpb=0.2, ngen=10**6, verbose=False)

    return run


def _ea_mu_plus_lambda(size: int) -> Callable[[Score, Sequence[int], int], None]:
    def run(score: Score, sizes: Sequence[int], seed: int) -> None:
        del seed
        box = _toolbox(score, sizes)
        algorithms.eaMuPlusLambda(
            box.population(n=size), box, size, size, cxpb=0.5, mutpb=0.4, ngen=10**6, verbose=False
        )

    return run


def _optuna(make: Callable[[int], BaseSampler], ordered: bool) -> Callable[[Score, Sequence[int], int], None]:
    def run(score: Score, sizes: Sequence[int], seed: int) -> None:
        def objective(trial: optuna.Trial) -> float:
            if ordered:
                return score([trial.suggest_int(str(i), 0, size - 1) for i, size in enumerate(sizes)])
            return score([trial.suggest_categorical(str(i), range(size)) for i, size in enumerate(sizes)])

        optuna.logging.set_verbosity(optuna.logging.CRITICAL)
        optuna.create_study(sampler=make(seed)).optimize(objective)

    return run


STOCK: Final[Mapping[str, Callable[[Score, Sequence[int], int], None]]] = {
    "DEAP eaSimple, 20": _ea_simple(20),
    "DEAP eaSimple, 50": _ea_simple(50),
    "DEAP eaMuPlusLambda, 20": _ea_mu_plus_lambda(20),
    "DEAP eaMuPlusLambda, 50": _ea_mu_plus_lambda(50),
    "Optuna TPESampler": _optuna(lambda seed: TPESampler(seed=seed), ordered=False),
    "Optuna NSGAIISampler": _optuna(lambda seed: NSGAIISampler(seed=seed), ordered=False),
    "Optuna CmaEsSampler": _optuna(lambda seed: CmaEsSampler(seed=seed), ordered=True),
}
"""Algorithms by label; the numbers are sizes of populations."""


def run_stock(job: Job) -> Run:
    """Run the algorithm that the job's strategy names until its budget is spent."""
    score = Counter(load_table(job.table), job.budget)
    state = random.getstate()
    random.seed(job.seed)  # DEAP's algorithms draw from Python's generator and take no other.
    began = time.perf_counter()
    try:
        STOCK[job.strategy.optimizer](score, score.sizes, job.seed)
    except SpentError:
        pass
    finally:
        random.setstate(state)
    return Run(job, np.array(list(score.asked)), time.perf_counter() - began)
