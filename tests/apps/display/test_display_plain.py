"""Plain lines for pipes, and what the package imports."""

from __future__ import annotations

import io
import math
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from apps.display.plain import PROGRESS_SECONDS, PlainDisplay
from evaluation.reuse import Reuse

if TYPE_CHECKING:
    from tests.apps.display.conftest import Clock, Session


class Stamped(io.StringIO):
    """Notes when each line was written."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.lines: list[tuple[float, str]] = []

    def write(self, text: str) -> int:
        self.lines += [(self.clock(), line) for line in text.splitlines()]
        return super().write(text)


def watch(session: Session, *, finish: bool = False) -> Stamped:
    stream = Stamped(session.clock)
    with PlainDisplay(stream, session.clock) as display:
        for _ in session.play(display):
            pass
        if finish:
            display.finished(session.result())
    return stream


def test_a_search_is_told_line_by_line(new_session: type[Session]) -> None:
    session = new_session(layers=4, budget=32, batch=8, seconds=0.5)
    lines = [line for _, line in watch(session).lines]
    assert lines[0] == (
        f"Search: {session.title}; 32 evaluations, then 10 networks retrained for the comparison; "
        "files in runs/first"
    )
    assert lines[1] == (
        "Baselines, validation NMSE: LISTA -24.91 dB, LFISTA -30.20 dB, Dense-LISTA -31.31 dB"
    )
    batches = [line for line in lines if line.startswith("batch")]
    assert len(batches) == 4
    best = min(session.evaluations[:16], key=lambda each: each.score)
    assert batches[1] == (
        f"batch 2: 16/32 evaluated, best {best.score:.2f} dB with {best.connections} connections, "
        "2 diverged, 3 from the archive, 48 of 64 stages reused (0:16 saved), 0:08 elapsed, about 0:13 left"
    )
    assert lines[-1] == "comparison: 10 networks are retrained, 0:16 elapsed, about 0:05 left"


def test_a_control_is_told_between_search_and_comparison(new_session: type[Session]) -> None:
    session = new_session(layers=4, budget=8, batch=8, seconds=10.0, controls=13)
    lines = [line for _, line in watch(session).lines]
    (first,) = [line for line in lines if line.startswith("Search:")]
    assert "; 8 evaluations, 13 random ones beside them, then 10 networks retrained" in first
    place = next(place for place, line in enumerate(lines) if line.startswith("control: 13"))
    assert lines[place] == ("control: 13 random networks, 3 from the archive, 1:20 elapsed, about 3:20 left")
    assert lines[place + 1].startswith("control: stage 1 of 4, 25% done")
    assert "comparison: 10 networks are retrained, 3:00 elapsed, about 1:40 left" in lines


def test_what_halving_dropped_is_told(new_session: type[Session]) -> None:
    session = new_session(layers=4, budget=8, batch=8)
    stream = io.StringIO()
    display = PlainDisplay(stream, session.clock)
    session.play_until(display, "batch")
    whole = session.evaluations
    cut = [
        replace(
            each,
            request=replace(each.request, stages=stage),
            valid_nmse_db=each.valid_nmse_db[:stage],
            valid_ratio_db=each.valid_ratio_db[:stage],
        )
        for each, stage in zip(whole[:3], (2, 2, 3), strict=True)
    ]
    display.told([*cut, *whole[3:]], Reuse(8, 4, 1.0, 1.0))
    assert "2 dropped after stage 2, 1 after stage 3" in stream.getvalue().splitlines()[-1]
    state = display.state
    assert state.curve[:3] == (math.inf,) * 3
    assert state.diverged == 1
    assert state.best is not None
    assert not state.best.censored


def test_progress_is_told_at_most_every_fifteen_seconds(new_session: type[Session]) -> None:
    session = new_session(layers=16, budget=16, batch=8, seconds=10.0)
    told = watch(session).lines
    progress = [line for _, line in told if "% done" in line]
    assert "batch 1: stage 5 of 16, 31% done, 0:46 elapsed, about 3:34 left" in progress
    assert any(line.startswith("comparison: stage ") for line in progress)
    assert any(line.startswith("baselines: stage ") for line in progress)
    gaps = [after - before for (before, _), (after, line) in pairwise(told) if "% done" in line]
    assert min(gaps) >= PROGRESS_SECONDS


def test_everything_diverged_is_told(new_session: type[Session]) -> None:
    session = new_session(diverging=1, levels={"LISTA": float("inf")})
    text = watch(session).getvalue()
    assert "Baselines, validation NMSE: LISTA diverged\n" in text
    assert "batch 4: 32/32 evaluated, none completed, 32 diverged" in text


def test_the_lines_hold_no_control_characters(new_session: type[Session]) -> None:
    session = new_session(budget=16, title="evil\x1b[2J\n.npz")
    text = watch(session, finish=True).getvalue()
    assert "evil?[2J?.npz" in text
    assert all(line.isprintable() for line in text.split("\n"))


def test_the_report_follows_at_the_end(new_session: type[Session]) -> None:
    text = watch(new_session(budget=16), finish=True).getvalue()
    assert re.search(r"^finished: 0:52 elapsed\nSearch report$", text, re.MULTILINE)
    assert "✗ False: chosen is at least 5 dB better than Dense-LISTA" in text


def test_an_ascii_stream_takes_the_whole_of_it(new_session: type[Session]) -> None:
    session = new_session(budget=16)
    raw = io.BytesIO()
    with PlainDisplay(io.TextIOWrapper(raw, encoding="ascii"), session.clock) as display:
        for _ in session.play(display):
            pass
        display.finished(session.result())
    assert b"x False: chosen is at least 5 dB better than Dense-LISTA" in raw.getvalue()


def test_the_package_imports_neither_torch_nor_matplotlib() -> None:
    code = "import sys, apps.display; print(sorted({'torch', 'matplotlib', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
