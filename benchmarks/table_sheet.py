"""The numbers of the tables' data sheet, docs/tables.md, taken from the tables themselves.

python -m benchmarks.table_sheet
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files

import numpy as np
from scipy.stats import spearmanr

from analysis.landscape import additive_share, seed_ratio
from apps.search.roles import baselines
from benchmarks.table_recipes import RECIPES, Recipe
from evaluation.tabular import Table, load_table
from genome import Genome, Request

DRAWN = 512
"""Random genomes of the additive model."""


def stages_trained(recipe: Recipe, table: Table) -> int:
    """Distinct prefixes over all seeds: what a trie trains."""
    scores = dict(zip(table.space.enumerate(), table.scores.tolist(), strict=True))
    requests = [*recipe.all_requests(), *recipe.repeated_requests(scores)]
    layers = range(1, table.space.layers + 1)
    return len({(request.seed, request.genome.prefix(k)) for request in requests for k in layers})


def steps_a_stage(recipe: Recipe) -> int:
    """Training steps of one stage; every phase of the tables has a fixed number."""
    return sum(phase.steps or 0 for phase in recipe.training.phases)


def additive(table: Table) -> float:
    """Share of the variance that an additive model explains, on random genomes."""
    genomes = list(table.space.enumerate())
    drawn = np.random.default_rng(1).choice(len(genomes), DRAWN, replace=False)
    return additive_share(table.space, [genomes[place] for place in drawn], table.scores[drawn])


def between_seeds(recipe: Recipe, table: Table) -> float:
    """Variance between genomes over that between seeds, on the random ones of the repeated genomes."""
    return seed_ratio(table.valid_nmse_db[:, recipe.drawn(), -1].T)


def after_stages(table: Table) -> str:
    """Rank correlation of the NMSE after each stage but the last with the last; - where all are equal."""
    early = table.valid_nmse_db[0, :, :-1].T
    return ", ".join(
        f"{spearmanr(scores, table.scores).statistic:.2f}" if np.ptp(scores) else "-" for scores in early
    )


def _nmse(table: Table, genome: Genome) -> str:
    return f"{table.evaluation(Request(genome)).score:.2f} dB"


def _best(table: Table) -> str:
    place = int(np.argmin(table.scores))
    return f"{table.scores[place]:.2f} dB ({table.connections[place]} connections)"


def _connections(table: Table) -> str:
    return f"{spearmanr(table.connections, table.scores).statistic:.2f}"


def _size(table: Table) -> str:
    file = files("evaluation.tabular").joinpath("data", f"{table.name}.npz")
    return f"{len(file.read_bytes()) / 2**20:.1f} MiB"


def sheet() -> str:
    """The data sheet's table, as Markdown."""
    tables = {name: load_table(name) for name in RECIPES}
    rows: Mapping[str, Callable[[str], str]] = {
        "networks": lambda name: f"{tables[name].space.size:,}",
        "stages trained": lambda name: f"{stages_trained(RECIPES[name], tables[name]):,}",
        "training steps a stage": lambda name: str(steps_a_stage(RECIPES[name])),
        "LISTA, LFISTA, Dense-LISTA": lambda name: ", ".join(
            _nmse(tables[name], genome) for genome in baselines(tables[name].space.layers).values()
        ),
        "best": lambda name: _best(tables[name]),
        "mean, standard deviation": lambda name: (
            f"{tables[name].scores.mean():.2f}, {tables[name].scores.std():.2f} dB"
        ),
        f"variance that an additive model explains, {DRAWN} random networks": lambda name: (
            f"{additive(tables[name]):.0%}"
        ),
        "variance between networks over that between seeds": lambda name: (
            f"{between_seeds(RECIPES[name], tables[name]):,.0f}"
        ),
        "rank correlation with the number of connections": lambda name: _connections(tables[name]),
        "rank correlation of NMSE after stage 1, 2, ... with the last": lambda name: after_stages(
            tables[name]
        ),
        "file": lambda name: _size(tables[name]),
    }
    lines = [f"| | {' | '.join(f'`{name}`' for name in tables)} |", f"| --- |{' ---: |' * len(tables)}"]
    lines += [f"| {head} | {' | '.join(value(name) for name in tables)} |" for head, value in rows.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(sheet(), end="")
