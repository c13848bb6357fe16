"""Ask/tell search strategies over a design space.

An optimizer knows genomes and scores, and nothing of how a genome is built or trained. Deriving from
``Optimizer`` makes a new one, ``optimizers.testing.OptimizerConformance`` tests it, and ``create`` makes one
by its registered name or by the dotted path of its class.
"""

from optimizers.base import Optimizer
from optimizers.registry import create, names

__all__ = ["Optimizer", "create", "names"]
