"""Which display suits where the output goes."""

from __future__ import annotations

from rich.console import Console

from apps.display.console import AppConsole
from apps.display.live import RichDisplay
from apps.display.observer import Observer
from apps.display.plain import PlainDisplay


def create_display(console: Console | None = None, *, plain: bool = False) -> Observer:
    """A display for a search: a live picture on a terminal, plain lines elsewhere.

    A pipe gets plain lines even where the environment asks for colour (``FORCE_COLOR``), and so does a
    terminal that cannot move its cursor or whose encoding has no Braille.

    Args:
        console: where to show; by default a console on stdout.
        plain: plain lines even on a terminal.
    """
    console = console or AppConsole()
    live = console.is_terminal and console.is_interactive and console.file.isatty()
    if live and not plain and console.encoding.startswith("utf"):
        return RichDisplay(console)
    return PlainDisplay(console.file)
