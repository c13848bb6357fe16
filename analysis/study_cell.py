"""How one cell of a study's table reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from genome.errors import InputError
from genome.strict import shown

_MEAN = ("mean", "low", "high", "seeds")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell as text; what it has not is empty.

    Attributes:
        text: the text, the number, or the mean.
        low: lower end of the 95% interval over seeds.
        high: its upper end.
        half: distance of the mean from the end that is further away.
        remark: why there is no interval.
        reported: the value that the paper reports.
        gap: the mean minus the reported value, with as many decimals.
        best: whether it is the best of its row.
        numeric: whether the text is a number, or stands for one.
    """

    text: str
    low: str = ""
    high: str = ""
    half: str = ""
    remark: str = ""
    reported: str = ""
    gap: str = ""
    best: bool = False
    numeric: bool = False

    @classmethod
    def read(cls, data: Any) -> Self:
        """Read a cell from JSON data.

        A mapping is a mean over seeds: ``mean``, ``low``, ``high`` and ``seeds``, and perhaps ``reported``,
        ``gap`` and ``best``. Where ``mean`` is null, ``diverged`` says who did (name -> seeds); where ``low``
        is null, there is one seed and no interval.

        Raises:
            InputError: it is nothing of that.
        """
        if data is None:
            return cls("")
        if isinstance(data, str):
            return cls(data)
        if isinstance(data, bool):
            return cls("yes" if data else "no")
        if isinstance(data, int | float):
            return cls(decimals(data), numeric=True)
        if not isinstance(data, Mapping):
            raise InputError(
                f"A cell of a study must be a text, a number, null or a mapping, got {shown(data)}."
            )
        return cls._mean(data)

    @classmethod
    def _mean(cls, data: Mapping[str, Any]) -> Self:
        for name in _MEAN:
            if name not in data:
                raise InputError(f"A mean of a study must have the key {name!r}, which is missing.")
        mean, low, high, seeds = (data[name] for name in _MEAN)
        reported, gap = _reported(data.get("reported"), data.get("gap"))
        best = bool(data.get("best", False))
        if mean is None:
            remark = _diverged_on(data.get("diverged"), seeds)
            return cls("diverged", remark=remark, reported=reported, numeric=True)
        if low is None or high is None:
            return cls(
                two_decimals(mean), remark="one seed", reported=reported, gap=gap, best=best, numeric=True
            )
        numbers = (mean, low, high, max(mean - low, high - mean))
        text, low, high, half = map(two_decimals, numbers)
        return cls(text, low, high, half, reported=reported, gap=gap, best=best, numeric=True)


def two_decimals(number: float) -> str:
    """A number of dB; there is no negative zero."""
    return f"{round(number, 2) + 0.0:.2f}"


def decimals(number: float) -> str:
    """A number of any unit: whole and large ones without decimals, small ones with two digits, others as dB.

    Infinities and NaN stand for what diverged.
    """
    if not math.isfinite(number):
        return "diverged"
    if isinstance(number, int) or abs(number) >= 1000.0:
        return f"{number:,.0f}"
    return f"{number:.1e}" if 0.0 < abs(number) < 0.005 else two_decimals(number)


def _reported(reported: float | None, gap: float | None) -> tuple[str, str]:
    if reported is None:
        return "", ""
    text = str(float(reported))
    places = len(text.partition(".")[2])
    return text, "" if gap is None else f"{round(gap, places) + 0.0:+.{places}f}"


def _diverged_on(who: Mapping[str, Any] | None, seeds: int) -> str:
    lost = {seed for each in (who or {}).values() for seed in each}
    return f"on {len(lost)} of {seeds} seeds" if lost else ""
