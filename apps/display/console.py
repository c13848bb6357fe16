"""The console of every app."""

from __future__ import annotations

import errno
import os
from typing import final

from rich.console import Console
from rich.text import Text

from apps.display.colours import QUIET
from apps.display.text import printable


@final
class AppConsole(Console):
    """Rich's console, except that a reader that goes away is left to `apps.cli.run`.

    Rich itself would end the process as failed.
    """

    def on_broken_pipe(self) -> None:
        """Say nothing more, not even what a bar has left to say, and pass on what happened.

        Raises:
            BrokenPipeError: always.
        """
        self.quiet = True
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))

    def remark(self, text: str) -> None:
        """Print a sentence that explains; brackets in it are no markup, and it is not wrapped."""
        self.print(Text(printable(text), QUIET), soft_wrap=True)
