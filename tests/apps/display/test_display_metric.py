"""A search whose scores are negative PSNR: every number, table and curve of the terminal shows PSNR."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console, RenderableType

from analysis.shown import Shown
from apps.display import Plan, print_report
from apps.display.curve import LearningCurve
from apps.display.frame import Frame
from apps.display.plain import PlainDisplay
from apps.display.standing import levels

if TYPE_CHECKING:
    from tests.apps.display.conftest import Session

PSNR = Shown("PSNR", -1)


@pytest.fixture
def session(new_session: type[Session]) -> Session:
    @dataclass
    class Images(new_session):  # type: ignore[misc, valid-type]
        @property
        def plan(self) -> Plan:
            return Plan("images", self.layers, self.budget, 0, 10, "runs/images", PSNR)

    made: Session = Images(budget=16)
    return made


def lines(shown: RenderableType, width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=30, force_terminal=False)
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_plain_lines_and_the_picture_show_psnr(session: Session, sink: io.StringIO) -> None:
    display = PlainDisplay(sink, session.clock)
    session.play_until(display, "told", 2)
    best = -min(each.score for each in session.evaluations)
    text = sink.getvalue()
    assert "Baselines, validation PSNR: LISTA 24.91 dB, LFISTA 30.20 dB, Dense-LISTA 31.31 dB\n" in text
    assert f"16/16 evaluated, best {best:.2f} dB" in text
    picture = lines(Frame(display.state, 1.0, None))
    table = [line.split()[:4] for line in picture]
    assert ["validation", "PSNR", "dB", "best"] in table
    assert ["LISTA", "24.91", f"{best - 24.91:+.2f}"] in [row[:3] for row in table]
    assert any(line.startswith("best validation PSNR so far (dB)") for line in picture)
    assert not any("NMSE" in line for line in picture)


def test_the_curve_of_psnr_is_that_of_its_negative_upside_down(session: Session, sink: io.StringIO) -> None:
    display = PlainDisplay(sink, session.clock)
    session.play_until(display, "told", 2)
    state = display.state
    falling = lines(LearningCurve(state.curve, 16, {}, 60, 13))[:-1]
    rising = lines(LearningCurve([PSNR.value(score) for score in state.curve], 16, {}, 60, 13))[:-1]
    turned = str.maketrans({chr(0x2800 + code): chr(0x2800 + _turned(code)) for code in range(256)})
    plots = [[line[7:] for line in drawn] for drawn in (falling, rising)]
    assert [line.translate(turned) for line in reversed(plots[0])] == plots[1]
    assert all(level > 0 for level in levels(state.baselines, PSNR).values())


def _turned(code: int) -> int:
    """A Braille pattern upside down."""
    columns = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
    return sum(
        back for column in columns for dot, back in zip(column, reversed(column), strict=True) if code & dot
    )


def test_the_report_shows_psnr_with_its_intervals_in_order(session: Session) -> None:
    result: dict[str, Any] = session.result()
    result["settings"] = result["settings"] | {"metric": {"name": "PSNR", "sign": -1}}
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    print_report(result, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    rows = [" ".join(line.split()) for line in text.splitlines()]
    test = result["baselines"]["lista"]["test_nmse_db"]
    spread = f"{-test['mean']:.2f} [{-test['high']:.2f}, {-test['low']:.2f}]"
    assert f"LISTA 0 24.91 {spread}" in rows
    assert "8 30.00 29.50 [28.75, 30.25]" in rows
    assert "24 31.00 diverged" in rows
    row = result["differences"][1]
    numbers = f"{-row['mean']:+.2f} [{-row['high']:+.2f}, {-row['low']:+.2f}]"
    assert f"chosen - LFISTA {numbers} 5" in rows
    words = " ".join(rows)
    assert "PSNR against cost" in rows
    assert "no other beats in psnr and multiply-adds" in words
    assert "expected to reach 31.00 dB" in words
    assert "Positive: the first is better" in words
    assert "NMSE" not in text
