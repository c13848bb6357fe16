"""The heat map and the learning curve, cell by cell and dot by dot."""

from __future__ import annotations

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from analysis.average import average
from apps.display.colours import SHARE_COLOURS
from apps.display.curve import LearningCurve
from apps.display.heatmap import HeatMap
from genome import Genome

LAYERS = 5
ALWAYS, HALF = [(4, 1)], [(5, 2)]
SHARES = [
    row[:layer].tolist()
    for layer, row in enumerate(
        average(
            [
                Genome.from_connections(LAYERS, ALWAYS + HALF),
                Genome.from_connections(LAYERS, ALWAYS),
            ]
        ).share
    )
]


def console(*, colour: bool, ascii_only: bool = False, width: int = 80) -> Console:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii" if ascii_only else "utf-8")
    return Console(
        file=file,
        width=width,
        force_terminal=True,
        color_system="truecolor" if colour else None,
        no_color=not colour,
        legacy_windows=False,
    )


def lines(renderable: RenderableType, screen: Console) -> list[str]:
    rows = screen.render_lines(renderable, screen.options, pad=False)
    return ["".join(segment.text for segment in row) for row in rows]


def test_without_colour_shades_stand_for_shares() -> None:
    drawn = lines(HeatMap(SHARES, caption="both"), console(colour=False))
    assert drawn == [
        "both",
        "  0 ·░░▒▒▓▓██ 1",
        "   1 2 3 4",
        "1 ",
        "2 ██",
        "3 ··██",
        "4 ██··██",
        "5 ··▒▒··██",
    ]


def test_ascii_terminals_get_ascii_shades() -> None:
    drawn = lines(HeatMap(SHARES), console(colour=False, ascii_only=True))
    assert drawn[-1] == "5 ..++..@@"
    assert all(line.isascii() for line in drawn)


def test_with_colour_every_cell_has_the_background_of_its_share() -> None:
    screen = console(colour=True)
    rows = screen.render_lines(HeatMap(SHARES), screen.options, pad=False)
    found = [
        [
            segment.style.bgcolor.get_truecolor().hex
            for segment in row[1:]
            if segment.style is not None and segment.style.bgcolor is not None
            for _ in segment.text[::2]
        ]
        for row in rows[-LAYERS:]
    ]
    scale = {0.0: SHARE_COLOURS[0], 0.5: SHARE_COLOURS[4], 1.0: SHARE_COLOURS[8]}
    assert found == [[scale[share] for share in row] for row in SHARES]


def test_sixteen_colours_are_too_few() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=80)
    assert lines(HeatMap(SHARES), screen)[-1] == "5 ··▒▒··██"


@pytest.mark.parametrize(
    ("layers", "cell", "sources"),
    [
        (3, 2, "   1 2"),
        (8, 2, "   1 2 3 4 5 6 7"),
        (16, 2, "    1   3   5   7   9  11  13  15"),
        (16, 1, "   1    6   11"),
    ],
)
def test_source_numbers_never_touch(layers: int, cell: int, sources: str) -> None:
    shares = [[1.0] * layer for layer in range(layers)]
    heat = HeatMap(shares, cell)
    drawn = lines(heat, console(colour=False))
    assert drawn[1] == sources
    assert len(drawn) == heat.height
    assert max(map(len, drawn)) <= heat.width
    assert [len(line) for line in drawn[2:]] == [
        len(str(layers)) + 1 + cell * layer for layer in range(layers)
    ]


def dots(drawn: list[str]) -> dict[int, set[int]]:
    """Dot column -> dot rows of the plot, between the axis and the labels."""
    bits = {0: (0x01, 0x02, 0x04, 0x40), 1: (0x08, 0x10, 0x20, 0x80)}
    found: dict[int, set[int]] = {}
    for row, line in enumerate(drawn[:-1]):
        for column, character in enumerate(line[7:]):
            pattern = ord(character) - 0x2800
            if not 0 < pattern < 256:
                continue
            for side in (0, 1):
                rows = {4 * row + place for place in range(4) if pattern & bits[side][place]}
                found.setdefault(2 * column + side, set()).update(rows)
    return {column: rows for column, rows in found.items() if rows}


def test_the_curve_steps_down_at_every_improvement() -> None:
    curve = LearningCurve([-10.0, -10.0, -20.0], budget=5, levels={}, width=15, height=6)
    drawn = lines(curve, console(colour=False))
    found = dots(drawn)
    assert len(drawn) == 6
    # Sixteen dot columns for five evaluations: the third, at 2/4 of them, is the last there is.
    assert set(found) == set(range(12))
    top, bottom = min(found[0]), max(found[11])
    assert [found[column] for column in range(8)] == [{top}] * 8
    assert found[8] == set(range(top, bottom + 1))
    assert [found[column] for column in range(9, 12)] == [{bottom}] * 3


@given(
    st.lists(st.floats(-60, 20), min_size=1, max_size=80),
    st.lists(st.floats(-60, 20), min_size=0, max_size=3),
    st.integers(40, 90),
    st.integers(5, 20),
)
def test_the_curve_never_rises_and_keeps_to_its_place(
    scores: list[float], levels: list[float], width: int, height: int
) -> None:
    best = [min(scores[: place + 1]) for place in range(len(scores))]
    named = {f"level {place}": level for place, level in enumerate(levels)}
    alone = lines(LearningCurve(best, len(best), {}, width, height), console(colour=False, width=100))
    found = dots(alone)
    assert len(alone) == height
    ends = [max(found[column]) for column in sorted(found)]
    assert ends == sorted(ends)
    assert all(max(found[column]) - min(found[column]) + 1 == len(found[column]) for column in found)
    drawn = lines(LearningCurve(best, len(best), named, width, height), console(colour=False, width=100))
    assert len(drawn) == height
    assert max(map(len, drawn)) <= width
    assert all(sum(line.endswith(f" {name}") for line in drawn) == 1 for name in named)


def test_levels_are_dashed_and_labelled_in_order() -> None:
    levels = {"LISTA": -20.0, "LFISTA": -30.0, "Dense-LISTA": -30.1}
    drawn = lines(LearningCurve([], 10, levels, width=50, height=11), console(colour=False))
    labels = [line.rpartition(" ")[2] for line in drawn[:-1] if line.endswith("LISTA") or "FISTA" in line]
    assert labels == ["LISTA", "LFISTA", "Dense-LISTA"]
    found = dots([line.removesuffix("LISTA") for line in drawn])
    assert {column % 4 for column in found} == {0, 1}


def test_a_worse_start_runs_along_the_upper_edge() -> None:
    curve = LearningCurve([5.0, -30.0], 2, {"LISTA": -25.0, "LFISTA": -31.0}, width=40, height=9)
    drawn = lines(curve, console(colour=False))
    assert min(dots(drawn)[0]) == 0
    assert not any(line.lstrip().startswith(("5", "0")) for line in drawn)


def test_a_diverged_baseline_has_no_line_and_nothing_finite_says_so() -> None:
    drawn = lines(
        LearningCurve([-30.0], 4, {"LISTA": math.inf, "LFISTA": -31.0}, width=40, height=9),
        console(colour=False),
    )
    assert sum("LFISTA" in line for line in drawn) == 1
    assert not any(line.endswith(" LISTA") for line in drawn)
    empty = lines(LearningCurve([math.inf], 4, {}, width=60, height=9), console(colour=False))
    assert empty == ["no network has completed its training yet"]


def test_ascii_terminals_get_an_ascii_curve() -> None:
    curve = LearningCurve([-10.0, -20.0], 4, {"LISTA": -15.0}, width=40, height=9)
    drawn = lines(curve, console(colour=False, ascii_only=True))
    assert all(line.isascii() for line in drawn)
    assert any("*" in line for line in drawn)
    assert any("-" in line.partition("|")[2] for line in drawn)
