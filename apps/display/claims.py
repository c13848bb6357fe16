"""The claims at the end of a report, each with its mark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, final

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_MARKS: Final = {
    "true": ("✓", "+", "bold green"),
    "false": ("✗", "x", "bold red"),
    "not shown": ("?", "?", "bold yellow"),
}
"""Answer -> mark, the same in ASCII, style."""


@final
class Claims:
    """Every claim with a symbol, the word that answers it, and its sentence.

    The word is the one that the sentence begins with ("True: ...", "False: ...", "Not shown: ...", see
    `analysis.claims.judge`), so that the mark never says anything else than the sentence.

    Args:
        claims: the claims of ``result.json``, each with its ``sentence``.
    """

    def __init__(self, claims: Iterable[Mapping[str, Any]]) -> None:
        self._sentences = [str(claim["sentence"]) for claim in claims]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw mark and sentence side by side, so that long sentences hang."""
        table = Table.grid(padding=(0, 1))
        for sentence in self._sentences:
            word, colon, rest = sentence.partition(":")
            mark, ascii_mark, style = _MARKS.get(word.lower(), ("-", "-", ""))
            symbol = ascii_mark if options.ascii_only else mark
            table.add_row(Text(symbol, style), Text.assemble((word + colon, style), rest))
        yield table
