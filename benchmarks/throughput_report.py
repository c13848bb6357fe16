"""The throughput benchmark's results as tables, for the terminal and for a README."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.table import Table

from benchmarks.comparison import (
    ALL_THREADS,
    ALONE,
    EVOLUTION,
    FULL,
    ONE_THREAD,
    SIDE_BY_SIDE,
    UNSHARED,
    engine,
    stacked,
)

HEADER = ("trained", "networks/h", "ratio", "ceiling", "peak share", "memory")
PARTS_HEADER = ("what it brings", "factor")


def title(case: Mapping[str, Any]) -> str:
    """One line that says what was trained."""
    problem = case["problem"]
    return (
        f"{problem['m']} x {problem['n']}, {case['layers']} layers, {case['genomes']} random genomes, "
        f"protocol {case['preset']} x {case['scale']:g}"
    )


def rows(case: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Rows below ``HEADER``."""
    labels = {
        ONE_THREAD: "one at a time, 1 thread",
        ALL_THREADS: f"one at a time, {case['threads']} threads",
        SIDE_BY_SIDE: f"one at a time, {case['processes']} processes of 1 thread",
    }
    memory = case["memory_mib"]
    for key, label in labels.items():
        if key in case["networks_per_hour"]:
            yield _row(case, key, label, peak=memory["one at a time"]["1"])
        elif key in case["check"]:
            yield label, f"{case['check'][key]:,.0f} *", "", "", "", ""
    for size, peak in memory["torch.func"].items():
        yield _row(case, stacked(int(size)), f"torch.func, {size} stacked", peak=peak)
    for size, peak in memory["engine"].items():
        share = case["phase_b"][size]["share_of_peak"]
        yield _row(case, engine(int(size)), f"engine, {size} in a batch", share=share, peak=peak)
    for key in (ALONE, UNSHARED, FULL):
        yield _row(case, key, key)
    if EVOLUTION in case["networks_per_hour"]:
        yield _row(case, EVOLUTION, f"engine, evolution of {case['evolution']}, prefixes kept")


def _row(
    case: Mapping[str, Any], key: str, label: str, share: float | None = None, peak: float | None = None
) -> tuple[str, ...]:
    marked = f"{label} (baseline)" if key == case["baseline"] else label
    ceiling = case["ceilings"].get(key)
    return (
        marked,
        f"{case['networks_per_hour'][key]:,.0f}",
        f"{case['ratios'][key]:.2f}x",
        "" if ceiling is None else f"{ceiling:.1f}x",
        "" if share is None else f"{share:.0%}",
        "" if peak is None else f"{peak:,.0f} MiB",
    )


def part_rows(case: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Rows below ``PARTS_HEADER``."""
    parts, reuse = case["parts"], case["reuse"]
    yield "hand-written step, no batching (population of one / baseline)", f"{parts['step']:.2f}x"
    yield "batching (batch of other seeds / population of one)", f"{parts['batching']:.2f}x"
    whole = reuse[engine(case["genomes"])]
    yield (
        f"trie (one seed / other seeds; {whole['stages_trained']} of {whole['stages_asked']} stages trained)",
        f"{parts['trie']:.2f}x",
    )
    yield "together (engine / baseline)", f"{parts['whole']:.2f}x"
    yield "cheap phase A (phase A as is / with every parameter training)", f"{parts['cheap_phase_a']:.2f}x"
    yield "the same for one at a time, 1 thread", f"{parts['cheap_phase_a_baseline']:.2f}x"
    if EVOLUTION in reuse:
        kept = reuse[EVOLUTION]
        label = f"evolution ({kept['stages_trained']} of {kept['stages_asked']} stages trained)"
        yield f"{label} / one batch of random genomes", f"{parts['kept_prefixes']:.2f}x"


def notes(case: Mapping[str, Any]) -> str:
    """What a reader must know to judge the numbers."""
    steps = ", ".join(f"{phase['name']} {phase['steps']}" for phase in case["protocol"]["phases"])
    threads = case["threads"]
    dropped = ALL_THREADS in case["check"] and ALL_THREADS not in case["networks_per_hour"]
    text = (
        f"Steps a stage: {steps}; batch {case['protocol']['batch']}. All agree within "
        f"{case['largest_difference_db']:.2g} dB after every stage ({case['comparisons']} comparisons). "
        f"One at a time is timed on {case['timed_one_at_a_time']} evenly chosen genomes "
        f"({case['timed_side_by_side']} side by side), torch.func on populations of at most "
        f"{case['most_stacked']} at its better thread count, {case['threads_stacked']}. Ceiling: the "
        f"ratio if the matrix products that cannot be shared ran like large ones at {threads} thread(s), "
        f"{case['product_peak'] / 1e9:,.0f} GFLOP/s, and nothing else took time. Peak share: what phase B "
        f"reaches of that. Memory: of one process at most, beyond interpreter, "
        "libraries and data."
    )
    return f"{text} *: so slow in the check that it was not timed again." if dropped else text


def rich_tables(case: Mapping[str, Any]) -> tuple[Table, Table]:
    """For the terminal."""
    paces = Table(*HEADER, title=title(case))
    for column in paces.columns[1:]:
        column.justify = "right"
    for row in rows(case):
        paces.add_row(*row)
    parts = Table(*PARTS_HEADER)
    for label, factor in part_rows(case):
        parts.add_row(label, factor)
    return paces, parts


def markdown(results: Mapping[str, Any]) -> str:
    """For a README: every case's tables."""
    where = results["machine"]
    device = "" if where["device"] == "cpu" else f", {where['device']}"
    blas = f", {', '.join(where['blas'])}" if where["device"] == "cpu" else ""
    lines = [f"{where['processor']}, {where['cores']} cores{device}, torch {where['torch']}{blas}."]
    for case in results["cases"]:
        lines += ["", f"**{title(case)}**", "", *_table(HEADER, list(rows(case)))]
        lines += ["", *_table(PARTS_HEADER, list(part_rows(case))), "", notes(case)]
    return "\n".join(lines)


def _table(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    ruler = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(row)} |" for row in (header, ruler, *body)]
