"""The pieces of the study by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from apps.study.content import Piece
from apps.study.distribution import figure5, figure6
from apps.study.images import table3
from apps.study.last_layer import last_layer
from apps.study.moved import dladmm
from apps.study.searched import figure2, figure3, figure9
from apps.study.sides import figure7, figure8
from apps.study.starts import starts
from apps.study.study import MAIN_OPTIMIZER, OPTIMIZERS, Study
from apps.study.tables import TABLE_1, TABLE_2, table1, table2


@dataclass(frozen=True, slots=True)
class Maker:
    """How a piece is made.

    Attributes:
        make: makes it.
        networks: about how many networks it asks for, so that the time left can be told.
    """

    make: Callable[[Study], Piece]
    networks: Callable[[Study], int]


def _searches(study: Study) -> int:
    """Networks of the searches that models come from."""
    return 0 if study.scale.released else sum(study.to_search(form) for form in study.forms)


def _all_searches(study: Study) -> int:
    found = [study.to_search(form, name) for form in study.forms for name in OPTIMIZERS]
    return sum(found) + (len(study.forms) + 1) * study.scale.budget


def _compared(study: Study, rows: int, models: int, seeds: int) -> int:
    return len(study.forms) * rows * models * seeds + _searches(study)


def _table(rows: Mapping[str, str]) -> Callable[[Study], int]:
    def count(study: Study) -> int:
        models = 4 if study.scale.released else 5
        return _compared(study, len(rows.keys() & study.chosen_rows), models, len(study.seeds))

    return count


PIECES: Final[Mapping[str, Maker]] = {
    "figure3": Maker(figure3, lambda _: 0),
    "figure2": Maker(figure2, _all_searches),
    "figure9": Maker(figure9, lambda study: sum(study.to_search(f, MAIN_OPTIMIZER) for f in study.forms)),
    "table1": Maker(table1, _table(TABLE_1)),
    "table2": Maker(table2, _table(TABLE_2)),
    "table3": Maker(table3, lambda study: _compared(study, 1, 5, len(study.slow_seeds))),
    "last-layer": Maker(last_layer, lambda study: _compared(study, 1, 6, len(study.seeds))),
    "dladmm": Maker(dladmm, lambda study: _compared(study, 3, 9, len(study.slow_seeds))),
    "figure5": Maker(figure5, lambda study: 3 * (len(study.forms) + 2) * study.scale.networks),
    "figure6": Maker(figure6, lambda study: 2 * (len(study.forms) + 1) * study.scale.networks),
    "figure7": Maker(figure7, lambda study: study.scale.pruned),
    "figure8": Maker(figure8, lambda study: 2 * len(study.forms) * study.scale.networks),
    "starts": Maker(starts, lambda study: len(study.scale.lengths) * 4 * 7 * len(study.seeds)),
}
