"""What every application does about errors: one sentence on stderr, and an exit code."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Mapping
from typing import Final

REFUSED: Final = 2
INTERRUPTED: Final = 130
READER_GONE: Final = 141

_AGAIN: Final = "free some space and run the same command again"
_DENIED: Final = "permission is denied; check the permissions of the file and of its folder"
_UNUSABLE: Final[Mapping[int, str]] = {
    errno.ENOSPC: f"the disk is full; {_AGAIN}",
    errno.EDQUOT: f"the disk quota is used up; {_AGAIN}",
    errno.EROFS: "the file system is read-only; choose a folder on another one",
    errno.EACCES: _DENIED,
    errno.EPERM: _DENIED,
    errno.EISDIR: "a folder has that name; remove it, or choose another place",
    errno.ENOTDIR: "what should be a folder is a file; remove it, or choose another place",
    errno.EEXIST: "something else has that name; remove it, or choose another place",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def run(main: Callable[[], int]) -> int:
    """Run an application, and tell what stopped it in one sentence where that is the user's to mend.

    Args:
        main: the application; returns its exit code.

    Returns:
        What ``main`` returned; 2 for refused input, an archive that cannot be used, a disk that cannot be
        written, or too little memory; 130 for an interrupt; 141 where the reader of the output went away, as
        shells report it. Anything else is a defect and passes, with its traceback.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A path or a locale that stdout cannot encode must not end an application.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _end(INTERRUPTED, "Interrupted; run the same command again to go on.")
    except BrokenPipeError:
        return _end(READER_GONE, "")
    except (ValueError, OSError, MemoryError) as error:
        sentence = _sentence(error)
        if not sentence:
            raise
        return _end(REFUSED, sentence)
    return code


def _sentence(error: ValueError | OSError | MemoryError) -> str:
    if isinstance(error, MemoryError):
        return f"There is too little memory for what was asked{f': {error}' if str(error) else ''}."
    if isinstance(error, OSError):
        rule = _UNUSABLE.get(error.errno or 0)
        # Of a file that is moved to another's place, the second is the one that the user knows.
        place = error.filename2 or error.filename or "the output"
        return f"Cannot use {place}: {rule}." if rule else ""
    # Imported here, for --help must be quick and must work where NumPy is missing.
    from genome.errors import InputError

    return str(error) if isinstance(error, InputError) else ""


def _end(code: int, sentence: str) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        # Python flushes once more at exit; what stdout could not take must not fail again there.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if sentence:
        sys.stderr.write(f"{sentence}\n")
    return code
