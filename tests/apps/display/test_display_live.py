"""The picture of a running search at several sizes, and the terminal that it leaves behind."""

from __future__ import annotations

import io
import os
import pty
import sys
import time
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from apps.display import create_display
from apps.display.frame import Frame
from apps.display.live import FRAMES_PER_SECOND, RichDisplay
from apps.display.plain import PlainDisplay
from evaluation.trie import Progress

if TYPE_CHECKING:
    from tests.apps.display.conftest import Session

SIZES = [(60, 24), (80, 24), (120, 40)]
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"
SHOW_CURSOR = "\x1b[?25h"


def terminal(width: int = 80, height: int = 24, *, colour: bool = False) -> Console:
    return Console(
        file=io.StringIO(),
        width=width,
        height=height,
        force_terminal=True,
        color_system="truecolor" if colour else None,
        no_color=not colour,
        legacy_windows=False,
    )


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def drawn(frame: Frame, width: int, height: int) -> list[str]:
    console = terminal(width, height)
    rows = console.render_lines(frame, console.options.update(height=None), pad=False)
    return ["".join(segment.text for segment in row).rstrip() for row in rows]


def watch(session: Session, event: str, times: int = 1) -> Frame:
    display = RichDisplay(terminal(), session.clock)
    session.play_until(display, event, times)
    return display.frame()


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("layers", [3, 8, 16])
def test_the_picture_fits_and_holds_its_numbers(
    new_session: type[Session], layers: int, width: int, height: int
) -> None:
    session = new_session(layers=layers, budget=18, batch=6)
    lines = drawn(watch(session, "told", 2), width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    scores = [each.score for each in session.evaluations[:12]]
    best = min(session.evaluations[:12], key=lambda each: each.score)
    free = (layers - 1) * (layers - 2) // 2
    table = [line.split()[:3] for line in lines]
    assert lines[0] == session.title
    assert lines[1].startswith("search ")
    assert lines[1].endswith(" 12/18 0:24 elapsed, 0:32 left")
    assert lines[2].startswith("generation 2")
    assert any(line.startswith(f"best so far  {min(scores):.2f}") for line in lines)
    for name, level in session.levels.items():
        assert [name, f"{level:.2f}", f"{min(scores) - level:+.2f}"] in table
    assert any(line.startswith(f"connections {best.connections} of {free}") for line in lines)
    assert any(line.startswith("1 diverged, 3 reused from the archive") for line in lines)
    assert any(" stages reused (" in line for line in lines)
    assert any("share of the best 5" in line for line in lines)
    assert any(line.startswith("best validation NMSE so far (dB)") for line in lines)


@pytest.mark.parametrize(("width", "cell"), [(60, 1), (80, 2)])
def test_the_heat_map_shows_the_average(new_session: type[Session], width: int, cell: int) -> None:
    session = new_session(layers=16, budget=32, batch=16)
    frame = watch(session, "told", 2)
    average = frame.state.average
    assert average is not None
    shades = "·░▒▓█"
    last = "".join(shades[int(share * 4 + 0.5)] * cell for share in average.share[-1])
    assert drawn(frame, width, 24)[-1].endswith(f"16 {last}")


def test_a_map_too_deep_for_the_terminal_says_what_it_needs(new_session: type[Session]) -> None:
    frame = watch(new_session(layers=24, budget=16), "told")
    (wish,) = [line for line in drawn(frame, 80, 24) if line.startswith("heat map:")]
    assert wish == "heat map: needs 62 columns, 32 lines"
    assert "share of the best" in "\n".join(drawn(frame, 62, 32))
    assert "share of the best" not in "\n".join(drawn(frame, 61, 32))
    assert "share of the best" not in "\n".join(drawn(frame, 62, 31))


def test_every_phase_has_its_bar(new_session: type[Session]) -> None:
    session = new_session(layers=4, budget=16, batch=8, reused=0, controls=4)
    display = RichDisplay(terminal(), session.clock)
    bars = []
    for _ in session.play(display):
        lines = drawn(display.frame(), 80, 24)
        bars.append(
            " ".join(
                lines[1 if display.state.plan is None else 2]
                .translate({ord(bar): "" for bar in "━╸"})
                .split()
            )
        )
    assert bars[1] == "baselines 50% stage 2 of 4"
    assert any(bar.startswith("generation 1") and bar.endswith("75% stage 3 of 4") for bar in bars)
    assert any(bar.startswith("generation 2") and bar.endswith("0%") for bar in bars)
    assert "random search 75% stage 3 of 4" in bars
    assert bars[-1] == "comparison 100% stage 4 of 4"


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_search_in_which_everything_diverged_is_shown(
    new_session: type[Session], width: int, height: int
) -> None:
    session = new_session(diverging=1, levels={"LISTA": -24.0, "LFISTA": float("inf")})
    lines = drawn(watch(session, "told", 2), width, height)
    assert "best so far        -" in lines
    assert "LFISTA      diverged" in lines
    assert "16 diverged, 3 reused from the archive" in lines
    assert max(map(len, lines)) <= width


def test_a_tiny_terminal_gets_what_fits(new_session: type[Session]) -> None:
    session = new_session()
    console = terminal(60, 8)
    display = RichDisplay(console, session.clock)
    with display:
        session.play_until(display, "told", 2)
    screens = written(console).partition(LEAVE_SCREEN)[0]
    assert all(picture.count("\n") <= 8 for picture in screens.split("\x1b[H"))


def test_the_title_cannot_steer_the_terminal(new_session: type[Session]) -> None:
    session = new_session(title="evil\x1b[2J.npz")
    assert drawn(watch(session, "started"), 80, 24)[0] == "evil?[2J.npz"


def interrupted(session: Session, display: RichDisplay) -> None:
    session.play_until(display, "told", 2)
    raise KeyboardInterrupt("stop")


def test_an_interrupt_leaves_a_clean_terminal(new_session: type[Session]) -> None:
    session, console = new_session(), terminal(colour=True)
    display = RichDisplay(console, session.clock)
    with pytest.raises(KeyboardInterrupt, match="stop"), display:
        interrupted(session, display)
    before, _, after = written(console).partition(LEAVE_SCREEN)
    assert before.startswith(ENTER_SCREEN)
    assert SHOW_CURSOR in before + after
    assert "\x1b[?25l" not in after
    assert session.title in after
    assert after.endswith("\n")
    assert "Search report" not in after


def test_the_report_follows_a_finished_search(new_session: type[Session]) -> None:
    session, console = new_session(budget=16), terminal(100, 40)
    display = RichDisplay(console, session.clock)
    with display:
        for _ in session.play(display):
            pass
        display.finished(session.result())
    after = written(console).partition(LEAVE_SCREEN)[2]
    assert "16/16 done in 0:52" in after
    assert after.index("done in") < after.index("Search report") < after.index("True: chosen")


def test_what_is_written_to_stderr_is_kept_until_the_screen_has_gone(
    new_session: type[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    console, stderr = terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    with RichDisplay(console, new_session().clock):
        sys.stderr.write("something odd\n")
        assert stderr.getvalue() == ""
    assert "something odd" in stderr.getvalue()
    assert "something odd" not in written(console)
    assert sys.stderr is stderr


def test_events_cost_no_pictures(new_session: type[Session]) -> None:
    session, console = new_session(), terminal()
    display = RichDisplay(console, session.clock)
    began = time.perf_counter()
    with display:
        session.play_until(display, "told", 2)
        for place in range(2000):
            display.progress(Progress(1, 8, place / 2000))
    pictures = written(console).partition(LEAVE_SCREEN)[0].count("\x1b[H")
    assert FRAMES_PER_SECOND <= 4
    assert pictures <= 2 + FRAMES_PER_SECOND * (time.perf_counter() - began)


def test_no_colour_means_no_colour(new_session: type[Session], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    session = new_session()
    console = Console(file=io.StringIO(), width=80, height=24, force_terminal=True, color_system="truecolor")
    display = RichDisplay(console, session.clock)
    with display:
        session.play_until(display, "told", 2)
    after = written(console).partition(LEAVE_SCREEN)[2]
    assert "█" in after
    assert "\x1b[38;" not in after
    assert "\x1b[48;" not in after


def test_a_terminal_gets_the_picture_and_all_else_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    leader, follower = pty.openpty()
    try:
        with os.fdopen(follower, "w", encoding="utf-8") as stream:
            assert isinstance(create_display(Console(file=stream)), RichDisplay)
            assert isinstance(create_display(Console(file=stream), plain=True), PlainDisplay)
            monkeypatch.setenv("TERM", "dumb")
            assert isinstance(create_display(Console(file=stream)), PlainDisplay)
    finally:
        os.close(leader)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(create_display(Console(file=io.StringIO())), PlainDisplay)
