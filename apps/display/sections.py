"""Parts of the report at the end that not every search has: its control, and its trade-off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from analysis.shown import Shown
from apps.display.colours import QUIET
from apps.display.tables import control_table, costs_table, models_rows
from apps.display.text import decibels

_NONE: Final = (
    "No random networks were evaluated beside the search, so that nothing here says whether it beats random "
    "search."
)
_OWN: Final = "The search is random search, and so its own control; the order of its networks is chance."
_EXACT: Final = (
    "Random: the best of as many out of {count} random networks, mean [5%, 95%] over all draws, exactly."
)


def control_section(result: Mapping[str, Any], shown: Shown) -> RenderableType:
    """What random search got at the same budget.

    Args:
        result: content of ``result.json``; those of version 1 knew no control.
        shown: how its scores are shown.
    """
    control = result.get("control")
    if control is None:
        return Text(_NONE, QUIET)
    parts: list[RenderableType] = [control_table(control["table"], shown)]
    if not control["own"] and control["best"] is not None:
        parts += [Text(), models_rows({"random": control["best"], **_early(control)}, shown)]
    return Group(*parts, Text(" ".join(_remarks(result, control, shown)), QUIET))


def pareto_section(result: Mapping[str, Any], shown: Shown) -> RenderableType:
    """The networks that no other is better than in every goal, with what they cost, above the baselines."""
    front = result["pareto"]
    goals = " and ".join(shown.goal(name).replace("_", "-") for name in front["goals"])
    remark = f"Networks of the search that no other beats in {goals}; the baselines below them."
    volume = front["hypervolume"]
    if volume is not None:
        remark += f" Hypervolume up to the baselines' worst: {volume['search']:.4g}"
        if volume["random"] is not None:
            at = volume["compared_at"]
            both = f"{volume['search_compared']:.4g} against random search's {volume['random']:.4g}"
            remark += f"; after {at} evaluations {both}"
        remark += "."
    return Group(costs_table(front["entries"], result["baselines"], shown), Text(remark, QUIET))


def _early(control: Mapping[str, Any]) -> dict[str, Any]:
    """The search's networks at the shared budget, where that is not the whole search."""
    at = control["compared_at"]
    named = {f"{name} of {at}": model for name, model in control["search"].items() if model is not None}
    return named if control["early"] else {}


def _remarks(result: Mapping[str, Any], control: Mapping[str, Any], shown: Shown) -> list[str]:
    count, at = control["evaluations"], control["compared_at"]
    remarks = [_OWN] if control["own"] else []
    remarks.append(_EXACT.format(count=count))
    if count != result["evaluations"]:
        remarks.append(
            f"The search has {result['evaluations']} evaluations: both are compared after {at}, "
            "the claim of their best networks included."
        )
    reached, best = control["evaluations_to_reach"], decibels(shown.value(control["table"][-1]["search"]))
    if best != "diverged" and not control["own"]:
        said = f"at {reached} evaluations" if reached is not None else f"not within {count} evaluations"
        remarks.append(f"Random search is expected to reach {best} dB, the search's best: {said}.")
    return remarks
