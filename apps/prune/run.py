"""One pruning from options to files."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.claims import Claim
from analysis.pruning import eliminate, try_removals
from analysis.pruning_parts import Part, Parts
from analysis.side_pruning import Side, reconnected, side_patterns, with_side
from analysis.zeroing import has_coefficients, zeroed
from apps.arguments import named_options
from apps.display.console import AppConsole
from apps.problem_options import create_problem
from apps.prune.content import SMALLEST, START, Outcome, content, selected
from apps.prune.options import PruneOptions
from apps.prune.outputs import write_outputs
from apps.prune.report import report
from apps.prune.start import check_cell, parts_of, start
from apps.prune.watched import Watched
from apps.search.comparison import FIRST_SEED, compare_on_test, comparison_seeds
from apps.search.run_directory import RunDirectory, owner
from apps.training_options import create_protocol
from builders.cells import create_cell
from evaluation.archive import Archive
from evaluation.digest import digest
from evaluation.evaluator import Evaluator
from genome import Genome, InputError, Request

_COMPARED = 5
"""Networks of the comparison on test data, at most."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A pruning about to begin, with everything of it checked."""

    options: PruneOptions
    genome: Genome
    parts: Parts
    claim: Claim
    seeds: Sequence[int]
    fresh: tuple[int, ...]
    patterns: Sequence[Side]
    evaluator: Evaluator
    settings: Mapping[str, Any]
    out: Path
    began: float


def run_prune(options: PruneOptions) -> dict[str, Any]:
    """Rank, eliminate, compare, print and write; returns the content of ``prune.json``.

    Raises:
        InputError: an option that cannot be met, and nothing is written then; or the network diverges.
        OSError: the files cannot be written.
    """
    run = _prepare(options)
    console = AppConsole()
    with (
        RunDirectory(run.out, run.settings),
        Archive.open(run.out / "archive.sqlite") as archive,
    ):
        run.evaluator.keep_prefixes(run.out / "prefixes")
        run.evaluator.attach(archive, owner=owner(run.out))
        with Watched.over(run.evaluator, _networks(run), console) as watched:
            outcome = _prune(run, watched)
        made = content(outcome, run.settings, time.perf_counter() - run.began)
        written = write_outputs(run.out, made, outcome)
    console.print(report(made))
    console.remark(f"Written to {run.out}: {', '.join(written)}.")
    return made


def _prepare(options: PruneOptions) -> _Run:
    """Refuse here what cannot be met, before anything is written."""
    began = time.perf_counter()
    claim = Claim(SMALLEST, START, "not_worse_by", options.margin)
    genome = start(options)
    parts = parts_of(options, genome)
    training = create_protocol(options.protocol, options.form, options.steps)
    seeds = range(options.seed, options.seed + options.seeds)
    if seeds[-1] >= FIRST_SEED:
        raise InputError(
            f"The seeds that select must lie below {FIRST_SEED}, where the comparison's begin, got "
            f"{options.seeds} from {options.seed} on."
        )
    fresh = comparison_seeds(options.seeds, seeds[-1])
    cell = create_cell(*named_options(options.cell, "A cell"))
    problem = create_problem(options, options.protocol)
    check_cell(cell, genome, parts, *problem.dictionary.shape)
    rng = np.random.default_rng(options.seed)
    patterns = side_patterns(genome.layers, options.patterns, rng) if options.patterns else ()
    evaluator = Evaluator(problem, training, cell=cell, device=options.device, workers=options.workers)
    evaluator.check_memory(genome.layers)
    settings = {
        "genome": genome.to_dict(),
        "parts": parts.name,
        "candidates": options.candidates,
        "seeds": {"selection": list(seeds), "comparison": list(fresh)},
        "claim": str(claim),
        **evaluator.settings(),
    }
    name = f"prune-{options.label}-K{genome.layers}-{Path(options.genome).stem}-{digest(settings)[:8]}"
    out = options.out or Path("runs") / name
    return _Run(options, genome, parts, claim, seeds, fresh, patterns, evaluator, settings, out, began)


def _networks(run: _Run) -> int:
    """How many networks are trained at most, one a seed."""
    removable = len(run.parts.of(run.genome))
    kept = 0 if run.options.least is None else run.options.least - run.parts.least
    rounds = range(kept + 1, removable)
    most = run.options.candidates or removable
    pruned = 1 + removable + sum(min(most, each) for each in rounds) + len(run.patterns)
    return len(run.seeds) * pruned + len(run.fresh) * _COMPARED


def _prune(run: _Run, watched: Watched) -> Outcome:
    options = run.options
    first = try_removals(watched, run.genome, run.seeds, run.parts)
    effects = _zeroed(run)
    curve = eliminate(watched, first, run.parts, least=options.least, candidates=options.candidates)
    chosen = selected(curve, run.parts, options.margin)
    models = {name: each.genome for name, each in chosen.items()}
    with watched.counting(len(run.fresh) * _COMPARED) as tell:
        test = compare_on_test(run.evaluator, models, run.fresh, tell)
    return Outcome(
        run.parts, run.claim, curve, chosen, test, effects, _patterns(run, watched), run.evaluator.problem
    )


def _zeroed(run: _Run) -> Mapping[int, Mapping[Part, float]] | None:
    """By seed, what setting the coefficient of a connection to zero does; None where there is none."""
    if run.options.side:
        return None
    problem, effects = run.evaluator.problem, dict[int, Mapping[Part, float]]()
    valid = problem.dataset(0).valid
    for seed in run.seeds:
        network = run.evaluator.network(Request(run.genome, seed=seed))
        if not has_coefficients(network):
            return None
        effects[seed] = zeroed(network, problem, valid)
    return effects


def _patterns(run: _Run, watched: Watched) -> Mapping[Side, Sequence[float]]:
    """Validation scores, one a seed, of the patterns asked for and of all side connections."""
    if not run.patterns:
        return {}
    whole = reconnected(run.genome)
    sides = [*dict.fromkeys((*run.patterns, whole.side))]
    requests = [Request(with_side(whole, side), seed=seed) for side in sides for seed in run.seeds]
    scores = iter([each.score for each in watched.evaluate(requests)])
    return {side: [next(scores) for _ in run.seeds] for side in sides}
