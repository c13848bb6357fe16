"""Solvers with the parameters that validation data chose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict

from apps.baselines.contender import Contender
from evaluation.backend import one_intra_op_thread
from evaluation.problems.base import Problem
from evaluation.problems.dataset import Split
from evaluation.solvers import Judge, Solver, tune


def tuned_solvers(
    solvers: Sequence[Solver], problem: Problem, valid: Split, tell: Callable[[], None]
) -> list[Contender]:
    """Tune every solver for the problem's metric.

    Args:
        solvers: with any parameter.
        problem: says what counts.
        valid: validation samples, the only data that is read.
        tell: called after every solver.
    """
    dictionary, b = problem.dictionary.numpy(), valid.b.numpy()
    judge = Judge(problem, valid)
    contenders = []
    for solver in solvers:
        with one_intra_op_thread():
            found = tune(
                solver,
                solver.extent(b, dictionary),
                lambda candidate: judge.score(candidate.solve(b, dictionary)),
            )
        chosen = found.solver
        details = {
            "parameters": asdict(chosen),
            "tuned": chosen.tuned,
            "at_edge": found.at_edge,
            "tried": [[value, score] for value, score in sorted(found.tried.items())],
        }
        contenders.append(Contender(chosen.name, "solver", chosen.on(dictionary), chosen.batched, details))
        tell()
    return contenders
