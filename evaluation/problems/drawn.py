"""Signals drawn from a distribution, measured without noise by any dictionary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from evaluation.problems.checks import check, check_seed, generator
from evaluation.problems.dataset import SPLITS, Split, SplitName, as_float32
from evaluation.problems.described import Described
from evaluation.problems.dictionaries import DictionarySource
from evaluation.problems.signals import Signals
from evaluation.problems.splitwise import Splitwise

_SIGNALS = 1


@final
@dataclass(frozen=True)
class Drawn(Described, Splitwise):
    """Recover ``x`` from ``b = D x``, for any dictionary and any distribution of signals.

    Attributes:
        source: of the dictionary.
        signals: their distribution.
        seed: of dictionary and data.
        train: training samples.
        valid: validation samples.
        test: test samples.
    """

    kind = "drawn"

    source: DictionarySource
    signals: Signals
    seed: int = 0
    train: int = 102_400
    valid: int = 2048
    test: int = 10_240

    def __post_init__(self) -> None:
        for name in SPLITS:
            check(name, getattr(self, name), "at least 1", getattr(self, name) >= 1)
        check_seed(self.seed)
        self.signals.check(self._matrix.shape[1])

    @cached_property
    def _matrix(self) -> NDArray[np.float64]:
        return self.source.matrix(self.seed)

    @cached_property
    def dictionary(self) -> Tensor:
        """``(m, n)``, float32."""
        return as_float32(self._matrix)

    def split(self, draw: int, name: SplitName) -> Split:
        """Signals and measurements of one split; the dictionary is the same for every draw."""
        x = self.signals.draw(
            signal_generator(self.seed, draw, name), getattr(self, name), self._matrix.shape[1]
        )
        return Split(as_float32(x @ self._matrix.T), as_float32(x))


def signal_generator(seed: int, draw: int, name: SplitName) -> np.random.Generator:
    """Random numbers for the signals of one split."""
    return generator(seed, _SIGNALS, draw, SPLITS.index(name))
