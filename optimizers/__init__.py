"""Ask/tell search strategies over a design space.

An optimizer knows genomes and scores, and nothing of how a genome is built or trained. Deriving from
``Optimizer`` makes a new one, ``optimizers.testing.OptimizerConformance`` tests it, and ``create`` makes one
by its registered name or by the dotted path of its class. Goals are what is minimized; ``front`` and
``hypervolume`` tell what a search for several of them gave.
"""

from optimizers.base import Optimizer
from optimizers.goals import CONNECTIONS, SCORE, Connections, Goal, Score, vector
from optimizers.pareto import front, hypervolume
from optimizers.registry import create, names

__all__ = [
    "CONNECTIONS",
    "SCORE",
    "Connections",
    "Goal",
    "Optimizer",
    "Score",
    "create",
    "front",
    "hypervolume",
    "names",
    "vector",
]
