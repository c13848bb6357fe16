"""A problem's data on the training device, and batches of it for a population."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from threading import Lock
from typing import Literal, NamedTuple, final

import torch
from torch import Tensor

from evaluation.problems.base import Problem
from evaluation.problems.dataset import Dataset, Split

SplitName = Literal["train", "valid", "test"]


@final
class Tables:
    """Data of a problem on one device, moved there on first use; safe to share between threads."""

    def __init__(self, problem: Problem, device: torch.device) -> None:
        self._problem, self._device = problem, device
        self._datasets: dict[int, Dataset] = {}
        self._lock = Lock()

    @property
    def n(self) -> int:
        """Entries of a signal."""
        return self._problem.dictionary.shape[1]

    def split(self, draw: int, name: SplitName) -> Split:
        """The split of one draw on the device."""
        self.load({draw})
        with self._lock:
            split: Split = getattr(self._datasets[draw], name)
            return split

    def load(self, draws: Collection[int]) -> None:
        """Have the data of these draws on the device."""
        with self._lock:
            for draw in draws:
                if draw not in self._datasets:
                    self._datasets[draw] = self._moved(self._problem.dataset(draw))

    def keep_only(self, draws: Collection[int]) -> None:
        """Free the data of every other draw."""
        with self._lock:
            self._datasets = {draw: data for draw, data in self._datasets.items() if draw in draws}

    def _moved(self, data: Dataset) -> Dataset:
        splits = (data.train, data.valid, data.test)
        return Dataset(*(replace(s, b=s.b.to(self._device), x=s.x.to(self._device)) for s in splits))


class _Segment(NamedTuple):
    """Consecutive members that share a draw."""

    split: Split
    start: int
    stop: int


@final
class Batches:
    """Batches of one split for P members, each from the draw of its own.

    Args:
        tables: the data.
        draws: draw of each member; members of one draw stand next to each other.
        name: which split.
    """

    def __init__(self, tables: Tables, draws: Sequence[int], name: SplitName) -> None:
        self._segments: list[_Segment] = []
        for start, draw in enumerate(draws):
            if start == 0 or draws[start - 1] != draw:
                stop = next((i for i in range(start, len(draws)) if draws[i] != draw), len(draws))
                self._segments.append(_Segment(tables.split(draw, name), start, stop))
        self.members = len(draws)
        self._buffers: dict[int, tuple[Tensor, Tensor]] = {}

    @property
    def device(self) -> torch.device:
        """Where the data are."""
        return self._segments[0].split.b.device

    @property
    def samples(self) -> int:
        """Samples of the split, the same for every draw."""
        return self._segments[0].split.samples

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Gather each member's rows.

        Args:
            rows: ``(P, batch)``, int64.

        Returns:
            Measurements ``(P, batch, m)`` and targets ``(P, batch, t)``; valid until the next call.
        """
        b, x = self._buffers_for(rows.shape[1])
        for split, start, stop in self._segments:
            chosen = rows[start:stop].reshape(-1)
            torch.index_select(split.b, 0, chosen, out=b[start:stop].view(-1, b.shape[2]))
            torch.index_select(split.x, 0, chosen, out=x[start:stop].view(-1, x.shape[2]))
        return b, x

    def _buffers_for(self, batch: int) -> tuple[Tensor, Tensor]:
        if batch not in self._buffers:
            split = self._segments[0].split
            self._buffers[batch] = tuple(  # type: ignore[assignment]
                torch.empty(self.members, batch, part.shape[1], dtype=part.dtype, device=part.device)
                for part in (split.b, split.x)
            )
        return self._buffers[batch]
