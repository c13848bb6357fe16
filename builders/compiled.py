"""Functions compiled to machine code on first use, for loops that tensor operations would pass over again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function by Numba when it is first called, without the interpreter lock while it runs.

    The machine code is kept beside the source, or in the user's cache folder, or nowhere where neither can be
    written; it is made by LLVM in this process, without a compiler on the machine. It is renewed when the
    function's file changes, so that a compiled function may call compiled functions of its own file only.
    """
    try:
        return _compiled(function, keep=True)
    except RuntimeError:  # No folder to keep code in.
        return _compiled(function, keep=False)


def _compiled(function: _Function, *, keep: bool) -> _Function:
    # Sums may be reordered, or they could not be vectorised; infinities and NaN keep their meaning.
    reorder = {"reassoc", "nsz", "contract"}
    result = numba.njit(cache=keep, nogil=True, error_model="numpy", fastmath=reorder)(function)
    return cast(_Function, result)
