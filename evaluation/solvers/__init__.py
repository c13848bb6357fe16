"""Solvers that learn nothing: what an unrolled network is measured against, in quality and in time."""

from evaluation.solvers.base import Floats, Solve, Solver
from evaluation.solvers.greedy import OmpResidual, OmpSize
from evaluation.solvers.iterative import Fista, Ista
from evaluation.solvers.lasso import ScikitLasso, SkglmLasso
from evaluation.solvers.oracle import has_oracle, oracle
from evaluation.solvers.quality import Judge, Quality, part
from evaluation.solvers.registry import create_solvers, solver_names
from evaluation.solvers.timing import Timed, Timing, time_side_by_side
from evaluation.solvers.tuning import Tuned, tune

__all__ = [
    "Fista",
    "Floats",
    "Ista",
    "Judge",
    "OmpResidual",
    "OmpSize",
    "Quality",
    "ScikitLasso",
    "SkglmLasso",
    "Solve",
    "Solver",
    "Timed",
    "Timing",
    "Tuned",
    "create_solvers",
    "has_oracle",
    "oracle",
    "part",
    "solver_names",
    "time_side_by_side",
    "tune",
]
