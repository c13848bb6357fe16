"""What *A Design Space Study for LISTA and Beyond* (ICLR 2021) reports: Tables 1 to 3 and section 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LISTA: Final = "LISTA"
LFISTA: Final = "LFISTA"
DENSE: Final = "Dense-LISTA"
SEARCHED: Final = "Searched"

MODELS: Final = (LISTA, LFISTA, DENSE, SEARCHED)
"""The columns of the paper's tables."""


def _row(*values: float) -> Mapping[str, float]:
    return dict(zip(MODELS, values, strict=True))


NMSE_DB: Final[Mapping[str, Mapping[str, float]]] = {
    "b": _row(-43.3, -47.3, -48.3, -54.2),
    "c": _row(-34.3, -35.3, -37.3, -38.2),
    "d": _row(-16.5, -16.9, -17.8, -18.7),
    "e": _row(-22.4, -26.3, -26.9, -29.1),
    "f": _row(-32.4, -33.1, -33.7, -34.3),
    "g": _row(-7.6, -13.0, -13.3, -13.3),
    "h": _row(-6.0, -9.2, -11.3, -11.7),
    "i": _row(-28.9, -29.8, -30.4, -30.4),
    "j": _row(-32.4, -42.6, -38.4, -49.6),
    "k": _row(-26.0, -35.3, -26.9, -35.4),
    "512x1024": _row(-44.1, -47.0, -47.9, -52.4),
    "ill_conditioned": _row(-27.1, -33.4, -42.4, -42.8),
}
"""Test NMSE by row of Tables 1 and 2."""

PSNR_DB: Final = _row(34.67, 34.73, 34.69, 34.78)
"""Table 3: PSNR on 11 images, higher is better."""

LAST_LAYER_DB: Final = {LISTA: -48.2, LFISTA: -48.4}
"""LISTA and LFISTA with the searched network's connections into the last layer (section 4)."""

DLADMM: Final = "D-LADMM"
RANDOM: Final = "Random"
LATTER: Final = "Dense latter half"
ALL: Final = "Dense"
TRANSFERRED: Final = "Transferred"

DLADMM_DB: Final[Mapping[str, Mapping[str, float]]] = {
    row: dict(zip((DLADMM, RANDOM, LATTER, ALL, TRANSFERRED), values, strict=True))
    for row, values in {
        "b": (-54.2, -55.0, -55.3, -55.4, -55.6),
        "d": (-18.2, -18.9, -18.9, -19.0, -19.1),
        "j": (-24.8, -25.6, -29.8, -22.6, -33.5),
    }.items()
}
"""Test NMSE of D-LADMM with connections moved to it (section 4)."""
