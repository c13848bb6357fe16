"""The picture of quality against time."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.image import imread

from analysis.speed_figure import Mark, draw_quality_against_time
from genome import InputError

MARKS = [
    Mark("ISTA 16", "ISTA", False, (-7.0, -7.5, -6.5), 20.0, 1.0),
    Mark("ISTA 100", "ISTA", False, (-17.0, -17.5, -16.5), 120.0, 6.0),
    Mark("Lasso", None, False, (-20.0, -21.0, -19.0), 500.0, None),
    Mark("LISTA", None, True, (-22.0, -23.0, -21.0), 300.0, 2.0),
]


def draw(path: Path, marks: list[Mark], bound: float) -> bytes:
    draw_quality_against_time(path, marks, {"oracle": bound}, quality="NMSE (dB)", batch=256)
    return path.read_bytes()


def test_the_same_marks_give_the_same_bytes_and_others_give_others(tmp_path: Path) -> None:
    first = draw(tmp_path / "a.png", MARKS, -21.0)
    assert imread(tmp_path / "a.png").shape[:2] == (750, 1350)
    assert draw(tmp_path / "b.png", MARKS, -21.0) == first
    assert draw(tmp_path / "c.png", MARKS[1:], -21.0) != first


def test_a_far_bound_does_not_stretch_the_picture(tmp_path: Path) -> None:
    draw(tmp_path / "near.png", MARKS, -21.0)
    draw(tmp_path / "far.png", MARKS, -91.0)
    near, far = (imread(tmp_path / f"{name}.png")[..., :3] for name in ("near", "far"))
    panels = (slice(60, 660), slice(120, 1100))
    differing = (near[panels] != far[panels]).any(axis=2)
    assert 0 < differing.any(axis=1).sum() < 12, "only the line itself differs"


def test_no_mark_gives_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs at least one solver or network, got none"):
        draw(tmp_path / "a.png", [], -21.0)
    assert not (tmp_path / "a.png").exists()
