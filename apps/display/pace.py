"""How fast networks are trained, and so how long the rest will take."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import final

_REMEMBERED = 3
"""Finished pieces of work that the speed is measured over: what is reused changes as a search goes on."""

_TELLING_SHARE = 0.25
"""Share of a piece from which on its own speed counts alone: a comparison reuses less than a search."""


@dataclass(slots=True)
class _Piece:
    """So many networks trained together, the share of them that is done, and the seconds this took."""

    networks: int
    began: float
    share: float = 0.0
    seconds: float = 0.0


@final
class Pace:
    """Measures seconds a network; times are readings of one clock, in seconds."""

    def __init__(self) -> None:
        self._finished: deque[_Piece] = deque(maxlen=_REMEMBERED)
        self._current = _Piece(0, 0.0)

    def begin(self, networks: int, now: float) -> None:
        """So many networks are trained from now on; none, where all of them are known."""
        self._current = _Piece(networks, now)

    def advance(self, share: float, now: float) -> None:
        """This share of them, in [0, 1], is done."""
        self._current.share = share
        self._current.seconds = now - self._current.began

    def end(self, now: float) -> None:
        """All of them are done."""
        if self._current.networks:
            self.advance(1.0, now)
            self._finished.append(self._current)
        self._current = _Piece(0, now)

    def left(self, later: int) -> float | None:
        """Seconds for the rest of these networks and ``later`` more; None while nothing is measured."""
        speed = self._seconds_a_network()
        current = self._current
        return None if speed is None else speed * (current.networks * (1.0 - current.share) + later)

    def _seconds_a_network(self) -> float | None:
        current = self._current
        own = current.networks > 0 and current.share >= _TELLING_SHARE
        pieces = [current] if own else [*self._finished, current]
        networks = sum(piece.networks * piece.share for piece in pieces)
        return sum(piece.seconds for piece in pieces) / networks if networks else None
