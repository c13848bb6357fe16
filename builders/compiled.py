"""Functions compiled to machine code on first use, for loops that tensor operations would pass over again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])

_OPTIONS = {
    "nogil": True,
    "error_model": "numpy",
    # Sums may be reordered, or they could not be vectorised; infinities and NaN keep their meaning.
    "fastmath": {"reassoc", "nsz", "contract"},
}


def compiled(function: _Function) -> _Function:
    """Compile a function by Numba when it is first called, without the interpreter lock while it runs.

    The machine code is kept beside the source, or in the user's cache folder, or nowhere where neither can be
    written; it is made by LLVM in this process, without a compiler on the machine.
    """
    try:
        result: _Function = numba.njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # No folder to keep code in.
        result = numba.njit(**_OPTIONS)(function)
    return result
