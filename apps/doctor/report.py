"""How findings are shown: a table on a terminal, plain lines elsewhere, or JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

from apps.doctor.finding import Finding, Status

if TYPE_CHECKING:
    from rich.console import Console

_STYLES: Final[dict[Status, str]] = {"ok": "green", "warning": "yellow", "failed": "bold red"}


def terminal_console() -> Console | None:
    """A console on stdout; None if that is no terminal, or rich is missing."""
    if not sys.stdout.isatty():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(highlight=False)


def terminal(console: Console | None) -> Finding:
    """What the terminal can show; for information only."""
    encoding = sys.stdout.encoding
    if console is None:
        shown = f"stdout is no terminal, {encoding}: plain lines"
    else:
        kind, colours = os.environ.get("TERM", "unnamed"), console.color_system or "none"
        shown = f"{kind}, {console.width} columns, colours: {colours}, {encoding}"
    return Finding("terminal", "ok", shown)


@contextmanager
def watched(console: Console | None) -> Iterator[Callable[[str], None]]:
    """Give a function that shows which check runs, until the block ends."""
    if console is None:
        yield lambda _: None
        return
    with console.status("Loading") as status:
        yield lambda name: status.update(f"Checking {name}")


def as_json(findings: Sequence[Finding], seconds: float) -> str:
    """The findings as a JSON document."""
    document = {
        "format": "lista-genome/doctor",
        "version": 1,
        "sound": sound(findings),
        "seconds": round(seconds, 2),
        "findings": [asdict(finding) for finding in findings],
    }
    return json.dumps(document, indent=2) + "\n"


def as_lines(findings: Sequence[Finding], seconds: float) -> str:
    """The findings as plain lines, and the conclusion."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.status:8} {finding.name:11} {finding.measured}")
        if finding.advice:
            lines.append(f"{'':20} What to do: {finding.advice}")
    return "\n".join([*lines, conclusion(findings, seconds), ""])


def show_table(console: Console, findings: Sequence[Finding], seconds: float) -> None:
    """Print the findings as a table, and the conclusion."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("Check", "Status"):
        table.add_column(heading, no_wrap=True)
    table.add_column("What was measured, and what to do", overflow="fold")
    for finding in findings:
        style = _STYLES[finding.status]
        told = Text(finding.measured)
        if finding.advice:
            told.append(f"\nWhat to do: {finding.advice}", style=style)
        table.add_row(finding.name, Text(finding.status, style=style), told)
    console.print(table)
    console.print(Text(conclusion(findings, seconds), style="bold"))


def sound(findings: Sequence[Finding]) -> bool:
    """Whether nothing failed."""
    return all(finding.status != "failed" for finding in findings)


def conclusion(findings: Sequence[Finding], seconds: float) -> str:
    """One sentence: sound or not, and why."""
    named = {
        status: [finding.name for finding in findings if finding.status == status]
        for status in ("failed", "warning")
    }
    verdict = "is sound" if sound(findings) else f"is not sound: {', '.join(named['failed'])} failed"
    warned = f", with a warning on {', '.join(named['warning'])}" if named["warning"] else ""
    return f"This installation {verdict}{warned} ({len(findings)} checks, {seconds:.0f} s)."
