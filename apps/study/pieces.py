"""The pieces of the study by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from apps.study.content import Piece
from apps.study.distribution import figure5, figure6
from apps.study.figures import Drawings
from apps.study.images import table3
from apps.study.last_layer import last_layer
from apps.study.moved import dladmm
from apps.study.searched import figure2, figure3, figure9
from apps.study.sides import figure7, figure8
from apps.study.starts import starts
from apps.study.study import Study
from apps.study.tables import table1, table2

Make = Callable[[Study, Drawings], Piece]

PIECES: Final[Mapping[str, Make]] = {
    "figure3": figure3,
    "figure2": figure2,
    "figure9": figure9,
    "table1": table1,
    "table2": table2,
    "table3": table3,
    "last-layer": last_layer,
    "dladmm": dladmm,
    "figure5": figure5,
    "figure6": figure6,
    "figure7": figure7,
    "figure8": figure8,
    "starts": starts,
}
