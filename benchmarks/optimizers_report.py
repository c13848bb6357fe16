"""The optimizers' regrets as Markdown, for docs/tables.md.

python -m benchmarks.optimizers_report
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RESULTS = Path("benchmarks/results/optimizers.json")


def markdown(results: Mapping[str, Any]) -> str:
    """One row for each algorithm, one column for each table and number of evaluations.

    Args:
        results: content of ``benchmarks/results/optimizers.json``.
    """
    columns = [
        (table, budget, by_name)
        for table, budgets in results["tables"].items()
        for budget, by_name in budgets.items()
    ]
    first = columns[0][2]
    heads = [f"`{table}`, {budget}" for table, budget, _ in columns]
    lines = [f"| | {' | '.join(heads)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name in sorted(first, key=lambda each: first[each]["mean"]):
        cells = [_cell(by_name[name]) if name in by_name else "" for _, _, by_name in columns]
        lines.append(f"| {name if first[name]['stock'] else f'`{name}`'} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(entry: Mapping[str, Any]) -> str:
    spread = "" if entry["p"] is None else f" [{entry['low']:.2f}, {entry['high']:.2f}]"
    return f"{entry['relative']:.2f}{spread}"


if __name__ == "__main__":
    print(markdown(json.loads(RESULTS.read_text("utf-8"))), end="")
