"""Numbers as text, the pace of a search, and its state."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color

from apps.display.colours import SHARE_COLOURS, share_style
from apps.display.pace import Pace
from apps.display.plain import PlainDisplay
from apps.display.text import clock, counts, decibels, difference, gates, printable, ranges
from genome import Genome

if TYPE_CHECKING:
    import io

    from tests.apps.display.conftest import Session


@pytest.mark.parametrize(
    ("value", "text"),
    [(-31.456, "-31.46"), (0, "0.00"), ("inf", "diverged"), (math.inf, "diverged"), (None, "diverged")],
)
def test_a_score_reads_in_decibels_or_as_diverged(value: float | str | None, text: str) -> None:
    assert decibels(value) == text


def test_a_difference_has_its_sign() -> None:
    assert [difference(value) for value in (-0.5, 0.25, None)] == ["-0.50", "+0.25", "diverged"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (192, "3:12"), (3723, "1:02:03")]
)
def test_a_duration_reads_as_on_a_stopwatch(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@given(st.sets(st.integers(1, 40)))
def test_ranges_name_every_number_once(numbers: set[int]) -> None:
    named: list[int] = []
    for part in filter(None, ranges(sorted(numbers)).split(",")):
        first, _, last = part.partition("-")
        named += range(int(first), int(last or first) + 1)
    assert named == sorted(numbers)


def test_gates_are_named_by_destination() -> None:
    genome = Genome.from_connections(8, [(4, 1), (6, 1), (6, 2), (6, 3), (8, 2), (8, 6)])
    assert gates(genome) == "4<1 6<1-3 8<2,6"
    assert gates(Genome.lista(8)) == "none"


def test_neurons_are_counted_most_used_first() -> None:
    assert counts(["relu", "soft", "leaky_relu", "soft"]) == "2 soft, 1 leaky_relu, 1 relu"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc") == "a?[2Jb?c"


def oklab_lightness(colour: str) -> float:
    """Lightness of an sRGB colour in Oklab (B. Ottosson, 2020)."""
    triplet = Color.parse(colour).get_truecolor()
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in triplet.normalized]
    cones = (
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    )
    long, medium, short = (math.cbrt(sum(a * b for a, b in zip(row, linear, strict=True))) for row in cones)
    return 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short


def test_equal_steps_of_share_are_equal_steps_of_lightness() -> None:
    lightness = [oklab_lightness(colour) for colour in SHARE_COLOURS]
    steps = [after - before for before, after in pairwise(lightness)]
    assert min(steps) > 0.9 * (lightness[-1] - lightness[0]) / len(steps)
    assert lightness[0] > 0.35
    assert lightness[-1] < 0.93


def test_the_ends_and_the_stops_of_the_scale_are_met() -> None:
    for stop, colour in enumerate(SHARE_COLOURS):
        background = share_style(stop / 8).bgcolor
        assert background is not None
        assert background.get_truecolor().hex == colour


def test_the_pace_is_what_was_measured() -> None:
    pace = Pace()
    assert pace.left(10) is None
    pace.begin(8, now=100.0)
    assert pace.left(10) is None
    pace.advance(0.5, now=116.0)
    assert pace.left(10) == pytest.approx(4.0 * (4 + 10))
    pace.end(now=132.0)
    assert pace.left(10) == pytest.approx(40.0)


def test_work_that_is_known_already_says_nothing_about_the_pace() -> None:
    pace = Pace()
    pace.begin(0, now=0.0)
    pace.end(now=0.5)
    assert pace.left(10) is None


def test_a_slower_piece_counts_alone_once_it_tells() -> None:
    pace = Pace()
    pace.begin(10, now=0.0)
    pace.end(now=10.0)
    pace.begin(10, now=10.0)
    pace.advance(0.1, now=13.0)
    assert pace.left(0) == pytest.approx(9 * 13 / 11)
    pace.advance(0.5, now=25.0)
    assert pace.left(0) == pytest.approx(5 * 3.0)


@pytest.mark.parametrize("reused", [0, 3])
def test_the_time_left_covers_search_and_comparison(
    new_session: type[Session], sink: io.StringIO, reused: int
) -> None:
    session = new_session(reused=reused)
    display = PlainDisplay(sink, session.clock)
    predictions = [
        session.clock.now + display.left for _ in session.play(display) if display.left is not None
    ]
    assert len(predictions) > 40
    assert predictions == pytest.approx([session.clock.now] * len(predictions))


def test_the_state_counts_what_was_told(new_session: type[Session], sink: io.StringIO) -> None:
    session = new_session(budget=32, batch=8)
    display = PlainDisplay(sink, session.clock)
    session.play_until(display, "told", 4)
    state, scores = display.state, [each.score for each in session.evaluations]
    assert (state.evaluations, state.reused) == (32, 3)
    assert state.diverged == scores.count(math.inf) == 3
    assert state.best is not None
    assert state.best.score == min(scores) == state.curve[-1]
    assert all(state.curve[place] == min(scores[: place + 1]) for place in range(32))
    assert state.average is not None
    assert state.average.count == 8


def test_a_batch_under_way_counts_by_its_share(new_session: type[Session], sink: io.StringIO) -> None:
    session = new_session(layers=4, budget=32, batch=8, reused=3)
    display = PlainDisplay(sink, session.clock)
    session.play_until(display, "progress", 4 + 2)
    assert display.state.evaluated == 3 + 5 * 0.5


def test_the_average_is_of_five_at_least(new_session: type[Session], sink: io.StringIO) -> None:
    session = new_session(budget=32, batch=8)
    display = PlainDisplay(sink, session.clock)
    session.play_until(display, "told", 1)
    assert display.state.average is not None
    assert display.state.average.count == 5
