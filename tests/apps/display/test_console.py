"""What is printed is printed as it is, and a reader that goes away is told as shells tell it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from apps.display.console import AppConsole
from apps.study.display import StudyDisplay

ROOT = Path(__file__).parents[3]
_PROGRAM = """
import sys
from rich.progress import Progress
from apps.cli import run
from apps.display import create_display
from apps.display.console import AppConsole
def main():
    console = AppConsole()
    with Progress(console=console) as progress:
        progress.add_task("x", total=1)
        for _ in range(1000):
            console.print("x" * 1000)
    return 0
sys.exit(run(main))
"""


@pytest.mark.parametrize("environment", [{}, {"FORCE_COLOR": "1"}])
def test_a_reader_that_goes_away_is_no_error(environment: dict[str, str]) -> None:
    read, write = os.pipe()
    os.close(read)
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, "-c", _PROGRAM]
    try:
        done = subprocess.run(
            command, stdout=write, stderr=subprocess.PIPE, env=variables, check=False, timeout=60
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_a_console_without_a_reader_says_nothing_more() -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    console = AppConsole(file=Gone())
    with pytest.raises(BrokenPipeError, match="Broken pipe"):
        console.print("x")
    console.print("x")


def test_a_remark_is_no_markup_is_not_wrapped_and_steers_nothing() -> None:
    console = AppConsole(file=io.StringIO(), width=20, record=True)
    console.remark("Written to runs/a[b]/[/red]\x1b[2J/a-long-name-of-a-folder: x.json.")
    assert console.export_text() == "Written to runs/a[b]/[/red]?[2J/a-long-name-of-a-folder: x.json.\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_study_shows_the_name_of_a_piece_as_it_is(*, terminal: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, width=60, force_terminal=terminal, color_system=None, legacy_windows=False)
    with StudyDisplay(console, 3) as display:
        display.begin("a[b][/c]\x1b[2J")
    assert "1 of 3: a[b][/c]?[2J" in file.getvalue()
