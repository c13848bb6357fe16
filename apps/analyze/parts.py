"""What the reports of an analysis are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.table import Table


def table_of(first: str, heads: Sequence[str]) -> Table:
    """A table whose first column is text and whose others are numbers."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False, show_edge=False)
    table.add_column(first, min_width=min(len(first), 10), overflow="fold")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def connection(named: Mapping[str, Any]) -> str:
    """A connection in short: "16<3" where layer 16 takes x(3)."""
    return f"{named['destination']}<{named['source']}"
