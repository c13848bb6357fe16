"""Train every genome of a small space, so that optimizers can be compared without training anything.

Every finished network is recorded at once: interrupted or killed, the same command goes on where it was.

    python -m benchmarks.make_table connections
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table_recipes import RECIPES, Recipe
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from evaluation.tabular import Table, save_table
from genome import Evaluation, Request

SHIPPED = Path("evaluation/tabular/data")
CHUNK = 1024
"""Requests evaluated at once: enough to share prefixes, few enough to say how far it is."""


def evaluate(evaluator: Evaluator, requests: Sequence[Request], what: str) -> list[Evaluation]:
    """Evaluate in chunks; prints how far it is."""
    began, done = time.perf_counter(), list[Evaluation]()
    for start in range(0, len(requests), CHUNK):
        done += evaluator.evaluate(requests[start : start + CHUNK])
        passed = time.perf_counter() - began
        left = passed / len(done) * (len(requests) - len(done))
        trained = f"{evaluator.reuse.stages_trained:,} stages, {evaluator.reuse.seconds_trained:.0f} s"
        print(f"{what}: {len(done):,} of {len(requests):,}, {left / 60:.0f} min left ({trained})", flush=True)
    return done


def train(recipe: Recipe, evaluator: Evaluator) -> list[Evaluation]:
    """All evaluations of a table: every genome on seed 0, then the repeated ones."""
    first = evaluate(evaluator, recipe.all_requests(), "every genome")
    scores = {evaluation.genome: evaluation.score for evaluation in first}
    return first + evaluate(evaluator, recipe.repeated_requests(scores), "more seeds")


def main() -> None:
    """Train, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--work", type=Path, help="folder of the archive; runs/table-NAME if absent")
    parser.add_argument("--out", type=Path, help="file of the table; where it ships from if absent")
    parser.add_argument("--workers", type=int, help="units trained side by side")
    options = parser.parse_args()
    recipe = RECIPES[options.name]
    work = options.work or Path("runs") / f"table-{options.name}"
    work.mkdir(parents=True, exist_ok=True)
    evaluator = Evaluator(recipe.problem, recipe.training, workers=options.workers)
    with Archive.open(work / "archive.sqlite") as archive:
        evaluator.attach(archive, owner="make_table")
        evaluations = train(recipe, evaluator)
    out = options.out or SHIPPED / f"{options.name}.npz"
    out.parent.mkdir(parents=True, exist_ok=True)
    save_table(out, Table.of(options.name, recipe.space, evaluator.settings(), evaluations))
    print(f"{out}: {out.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
