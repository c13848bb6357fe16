"""How reports show what ``result.json`` holds: its scores, by name and sign of the metric, and its names."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, final

from genome.usual import USUAL_THRESHOLD, USUAL_WEIGHT

BASELINE_NAMES: Final = {"lista": "LISTA", "lfista": "LFISTA", "dense": "Dense-LISTA"}
"""Key below ``baselines`` in ``result.json`` -> display name, where the entry has no ``name`` of its own."""

_SCORE_GOAL: Final = "nmse"
"""What a search calls its score among its goals, whatever the metric."""


@final
@dataclass(frozen=True, slots=True)
class Shown:
    """How scores, of which lower is better, are shown.

    Attributes:
        name: of the metric.
        sign: 1 where a score is shown as it is, -1 where its negative is, of which higher is better.
    """

    name: str = "NMSE"
    sign: int = 1

    @classmethod
    def of(cls, result: Mapping[str, Any]) -> Self:
        """As ``settings.metric`` in a ``result.json`` says; NMSE where it says nothing."""
        return cls(**result.get("settings", {}).get("metric", {}))

    @property
    def better(self) -> str:
        """The direction that is better, in a word."""
        return "lower" if self.sign > 0 else "higher"

    @property
    def gain(self) -> str:
        """The sign of a shown difference, in a word, where what comes first in it is better."""
        return "Negative" if self.sign > 0 else "Positive"

    def value(self, score: float | str | None) -> float:
        """A score, or a difference of scores, as it is shown.

        None, and the text "inf" of strict JSON, stand for what diverged and are not finite.
        """
        number = math.inf if score is None else float(score)
        return number if self.sign > 0 else 0.0 - number

    def interval(self, interval: Mapping[str, float | str | None]) -> tuple[float, float, float]:
        """What lies under ``mean``, ``low`` and ``high`` as it is shown, in that order."""
        mean, low, high = (self.value(interval[key]) for key in ("mean", "low", "high"))
        return (mean, low, high) if self.sign > 0 else (mean, high, low)

    def goal(self, name: str) -> str:
        """The name of a goal, with the metric's for the score."""
        return self.name.lower() if name == _SCORE_GOAL else name


NMSE: Final = Shown()


def baseline_name(key: str, entry: Mapping[str, Any]) -> str:
    """Display name of an entry below ``baselines`` in ``result.json``."""
    return str(entry.get("name", BASELINE_NAMES.get(key, key)))


def cell_text(description: str | Mapping[str, Any]) -> str:
    """A cell, as it describes itself, in one line: "dladmm", "lista tied=false"."""
    if isinstance(description, str):
        return description
    options = (f"{name}={json.dumps(value)}" for name, value in description.items() if name != "name")
    return " ".join([description["name"], *options])


def choices(genome: Mapping[str, Any]) -> list[list[str]]:
    """What each layer of a network is, by kind of choice; only neurons are named where they are the usual.

    Args:
        genome: as JSON, see `Genome.to_dict`.

    Returns:
        The neurons; and what layers have other than free weights, learned thresholds, and their side
        connection, one name a layer, each list where it is not empty.
    """
    weights = [name for name in genome.get("weights", ()) if name != USUAL_WEIGHT]
    thresholds = [name for name in genome.get("thresholds", ()) if name != USUAL_THRESHOLD]
    sides = ["no side" for side in genome["side"] if not side]
    return [genome["neurons"], *(names for names in (weights, thresholds, sides) if names)]
