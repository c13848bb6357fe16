"""Measurements by a dictionary that has changed a little."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np
import torch
from torch import Tensor

from evaluation.problems.checks import check_seed, check_size, generator
from evaluation.problems.dataset import Split, SplitName, as_float32
from evaluation.problems.dictionaries import with_norms
from evaluation.problems.splitwise import split_of
from evaluation.problems.wrapper import Wrapper
from genome import InputError

_PERTURBATION = 4


@final
@dataclass(frozen=True)
class PerturbedDictionary(Wrapper):
    """A problem measured by ``D + E``, entries of E i.i.d. Laplace(0, scale) (paper, section 3.3, 3).

    Each column is then given back the norm that it had, 1 in the paper. Signals stay as they are, and so does
    noise on the measurements. ``dictionary`` is the changed one: to train for D and test on this, see
    ``TestedOn``.

    Attributes:
        problem: which dictionary changes; what it recovers must be signals.
        scale: of the Laplace distribution, positive, at most 1e18 (paper: 1e-3); the standard deviation is
            sqrt(2) times it.
        seed: of the perturbation.
    """

    kind = "perturbed_dictionary"

    scale: float = 1e-3
    seed: int = 0

    def __post_init__(self) -> None:
        check_size("Laplace scale", self.scale)
        check_seed(self.seed)

    @property
    def draws_differ(self) -> bool:
        """Whether another draw is other data: all draws have the same changed dictionary."""
        return self.problem.draws_differ

    @cached_property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""
        before = self.problem.dictionary.double().numpy()
        change = generator(self.seed, _PERTURBATION).laplace(0, self.scale, before.shape)
        return as_float32(with_norms(before + change, np.linalg.norm(before, axis=0)))

    def split(self, draw: int, name: SplitName) -> Split:
        """The problem's split, measured by the changed dictionary.

        Raises:
            InputError: the problem compares something else than signals.
        """
        if self.problem.objective.synthesis is not None:
            raise InputError(
                "A problem with a perturbed dictionary must recover signals, got one that compares what is "
                "synthesized from them."
            )
        before = split_of(self.problem, draw, name)
        change = self.dictionary.double() - self.problem.dictionary.double()
        b = before.b.double() + before.x.double() @ change.T
        return replace(before, b=b.to(torch.float32))
