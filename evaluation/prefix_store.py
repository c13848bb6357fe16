"""Trained prefixes, kept for the genomes that share them."""

from __future__ import annotations

from collections import OrderedDict
from typing import final

from evaluation.phase import Member
from evaluation.prefix_folder import PrefixFolder
from evaluation.stage import StageState


@final
class PrefixStore:
    """Prefixes in bounded memory, and in a folder where one is given; least recently used leave first.

    A prefix's state depends only on its layers, seed and draw, given one problem and one protocol; a store
    belongs to one of these.

    Args:
        capacity_bytes: bound on the parameters kept in memory.
        folder: where they are kept beyond this process.
    """

    def __init__(self, capacity_bytes: int, folder: PrefixFolder | None = None) -> None:
        self._capacity, self._folder = capacity_bytes, folder
        self._states: OrderedDict[Member, StageState] = OrderedDict()
        self._bytes = 0

    def get(self, prefix: Member) -> StageState | None:
        """The state of a prefix, if it is kept."""
        state = self._states.get(prefix)
        if state is not None:
            self._states.move_to_end(prefix)
        elif self._folder is not None:
            state = self._folder.get(prefix)
            if state is not None:
                self._remember(prefix, state)
        return state

    def put(self, prefix: Member, state: StageState) -> None:
        """Keep the state of a prefix."""
        self._remember(prefix, state)
        if self._folder is not None:
            self._folder.put(prefix, state)

    def _remember(self, prefix: Member, state: StageState) -> None:
        self._drop(prefix)
        self._states[prefix] = state
        self._bytes += state.row.nbytes
        self._fit()

    def resize(self, capacity_bytes: int) -> None:
        """Set another bound on the parameters kept in memory."""
        self._capacity = capacity_bytes
        self._fit()

    def _fit(self) -> None:
        while self._bytes > self._capacity:
            self._drop(next(iter(self._states)))

    @property
    def nbytes(self) -> int:
        """Bytes of parameters kept."""
        return self._bytes

    def _drop(self, prefix: Member) -> None:
        state = self._states.pop(prefix, None)
        if state is not None:
            self._bytes -= state.row.nbytes
