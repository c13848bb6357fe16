"""What a check finds, and how checks are run so that none can stop the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Status = Literal["ok", "warning", "failed"]

REINSTALL: Final = "install again, in the project's folder: python -m pip install -e . -c constraints.txt"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    Attributes:
        name: of the check.
        status: "failed" if results cannot be trusted or had, "warning" if something costs speed or may
            come to harm.
        measured: what was measured, as one line.
        advice: what to do; empty if the status is "ok".
    """

    name: str
    status: Status
    measured: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check to run.

    Attributes:
        name: as its finding's.
        find: the check.
    """

    name: str
    find: Callable[[], Finding]


def carry_out(check: Check) -> Finding:
    """Run a check; an exception in it is its finding."""
    try:
        return check.find()
    except Exception as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        reason = next(iter(str(error).splitlines()), "no message")
        return Finding(
            check.name,
            "failed",
            f"stopped by {type(error).__name__}: {reason} ({Path(frame.filename).name}:{frame.lineno})",
            f"{REINSTALL}; if it stays, report this line",
        )
