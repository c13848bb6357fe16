"""Tables of numbers: cut between columns, whole in every number, and plain in every text."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console, RenderableType
from rich.text import Text

from apps.display.cut_table import CutTable

INTERVALS = ("-10.43 [-10.60, -10.26]", "-143.31 [-150.00, -136.62]", "+0.07 [-0.10, +0.24]")
NAME = "a transferred network with a long name"


def table() -> CutTable:
    made = CutTable("network", *(f"number {place}\n(dB) [95%]" for place in range(3)), "p", "why", texts=[5])
    made.add_row(NAME, *INTERVALS, "0.273", "for that is what came out of it")
    made.add_row(Text("short"), *INTERVALS[::-1], Text("< 0.001"), "")
    return made


def drawn(what: RenderableType, width: int) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(what)
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [36, 40, 60, 72, 80, 100, 200])
def test_every_number_is_whole_and_every_line_fits(width: int) -> None:
    lines = drawn(table(), width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    for interval in INTERVALS:
        assert text.count(interval) == 2
    assert re.findall(r"0\.273|< 0\.001", text) == ["0.273", "< 0.001"]
    words = {word for line in lines for word in line.split()}
    assert {*NAME.split(), "short", "p", "why", "what", "came"} <= words


def test_a_wide_terminal_has_one_part_and_wraps_nothing() -> None:
    lines = drawn(table(), 200)
    assert sum("network" in line for line in lines) == 2  # The head and the name.
    assert any(NAME in line and line.endswith("for that is what came out of it") for line in lines)


def test_each_part_names_the_rows() -> None:
    text = "\n".join(drawn(table(), 60))
    parts = text.split("\n\n")
    assert len(parts) > 1
    for part in parts:
        assert "network" in part.partition("─")[0]
        assert part.count("short") == part.count("transferred") == 1


def test_numbers_without_room_wrap_and_lose_nothing() -> None:
    made = CutTable("network", "test (dB)")
    made.add_row("LISTA", INTERVALS[1])
    lines = drawn(made, 24)
    assert max(map(len, lines)) <= 24
    assert "LISTA" in "".join(lines)
    numbers = " ".join(" ".join(line.replace("LISTA", "") for line in lines).split())
    assert numbers.endswith(INTERVALS[1])


def test_texts_are_no_markup_and_steer_nothing() -> None:
    made = CutTable("[head]", "a\nb")
    made.add_row("runs/a[/b]", "[red]\x1b[2J")
    text = "\n".join(drawn(made, 60))
    for told in ("[head]", "runs/a[/b]", "[red]?[2J"):
        assert told in text


def test_a_row_has_a_cell_for_every_column() -> None:
    with pytest.raises(ValueError, match="must have 2 cells, got 1"):
        CutTable("a", "b").add_row("1")
