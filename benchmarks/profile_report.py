"""What the profile of a training step prints."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def bound(part: dict[str, float], found: dict[str, Any], step: str) -> float:
    """Seconds that a part would take at the machine's own speed: the roofline."""
    arithmetic = part["operations"] / found["product_peak"]
    return float(max(arithmetic, part["traffic"] / found["bandwidth"][step]))


def table(found: dict[str, Any], step: str, phase: str) -> Table:
    """One phase's parts."""
    measured = found["steps"][step][phase]
    whole = measured["step_seconds"]
    title = (
        f"{found['case']}, {found['members']} members, stage {found['stage']}, phase {phase}, {step}: "
        f"{1e3 * whole:.2f} ms a step"
    )
    caption = f"The parts measured add up to {measured['parts_over_whole']:.0%} of the step."
    headings = ("part", "calls", "ms", "share", "MB", "GFLOP", "GB/s", "GFLOP/s", "bound, ms")
    result = Table(*headings, title=title, caption=caption)
    for column in result.columns[1:]:
        column.justify = "right"
    for name, part in measured["parts"].items():
        spent = part["seconds"]
        result.add_row(
            name,
            f"{part['calls']:.0f}",
            f"{1e3 * spent:.3f}",
            f"{spent / whole:.0%}",
            f"{part['traffic'] / 1e6:.2f}",
            f"{part['operations'] / 1e9:.3f}",
            f"{part['traffic'] / spent / 1e9:.1f}" if part["traffic"] and spent else "",
            f"{part['operations'] / spent / 1e9:.1f}" if part["operations"] else "",
            f"{1e3 * bound(part, found, step):.3f}",
        )
    return result


def conclusion(found: dict[str, Any], step: str) -> str:
    """The roofline of a step on all parameters, the phase profiled last, and the gap."""
    least, measured = found["least"], list(found["steps"][step].values())[-1]
    whole, parts = measured["step_seconds"], measured["parts"].values()
    speed = found["bandwidth"][step]
    arithmetic, traffic = least["products"] / found["product_peak"], least["traffic"] / speed
    as_is = sum(bound(part, found, step) for part in parts)
    moved = sum(part["traffic"] for part in parts)
    products, moves = least["products"] / 1e9, least["traffic"] / 1e6
    near, far = speed / 1e9, found["bandwidth_main_memory"] / 1e9
    return (
        f"A step on all parameters needs at least {products:.3f} GFLOP of products, "
        f"{1e3 * arithmetic:.2f} ms at {found['product_peak'] / 1e9:.0f} GFLOP/s, and {moves:.1f} MB, "
        f"{1e3 * traffic:.2f} ms at {near:.1f} GB/s (main memory: {far:.1f}). "
        f"The step ({step}) takes {whole / max(arithmetic, traffic):.1f} times the larger, "
        f"{whole / (arithmetic + traffic):.1f} times their sum. Its own operations move "
        f"{moved / 1e6:.1f} MB and would take {1e3 * as_is:.2f} ms at the machine's speed."
    )
