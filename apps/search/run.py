"""One search from settings to files."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from analysis.shown import NMSE, Shown, cell_text
from apps.display import create_display
from apps.display.observer import Observer, Plan
from apps.problem_options import create_problem
from apps.search.comparison import compare_on_test, comparison_seeds
from apps.search.control import own_control, run_control
from apps.search.goals import CostModel, search_goals
from apps.search.loop import search
from apps.search.options import SearchOptions
from apps.search.outputs import write_outputs
from apps.search.references import References, references
from apps.search.result import Outcome, result
from apps.search.roles import CONTROL_CLAIM, found
from apps.search.run_directory import RunDirectory, owner
from apps.search.strategy import check_optimizer, create_halving, create_optimizer, founders
from apps.training_options import create_protocol
from builders.cells import Lista, create_cell
from evaluation.archive import Archive
from evaluation.digest import digest
from evaluation.evaluator import Evaluator
from evaluation.halving import Halving
from evaluation.problems.base import Problem
from evaluation.tuning import check_whole
from genome import DesignSpace, Evaluation, Genome, InputError, Request
from optimizers.goals import Goal


@dataclass(frozen=True, slots=True)
class _Run:
    """A search about to begin, with everything of it checked."""

    options: SearchOptions
    space: DesignSpace
    references: References
    goals: tuple[Goal, ...]
    model: CostModel
    halving: Halving | None
    evaluator: Evaluator
    settings: Mapping[str, Any]
    out: Path
    began: float


def run_search(options: SearchOptions) -> dict[str, Any]:
    """Search, compare and write; returns the content of ``result.json``.

    Raises:
        InputError: an option that cannot be met; nothing is written then.
    """
    run = _prepare(options)
    with (
        RunDirectory(run.out, run.settings),
        Archive.open(options.storage or run.out / "archive.sqlite") as archive,
    ):
        run.evaluator.keep_prefixes(run.out / "prefixes")
        run.evaluator.attach(archive, owner=owner(run.out))
        with create_display(plain=options.plain) as observer:
            return _search(run, archive, observer)


def _prepare(options: SearchOptions) -> _Run:
    """Refuse here what cannot be met, before anything is written."""
    began = time.perf_counter()
    space, cell = _space(options), create_cell(options.cell, options.cell_options)
    training = create_protocol(options.protocol, options.form)
    problem = create_problem(options, options.protocol)  # Last, for some learn their dictionary.
    m, n = problem.dictionary.shape
    compared = references(cell.name, space)
    model = CostModel(cell, m, n, training.form)
    _check_space(model, space, compared)
    goals = search_goals(options.goals, model)
    check_optimizer(options, space, goals)
    halving = create_halving(options)
    if halving is not None:
        check_whole(cell, halving.looks(Request(Genome.lista(options.layers))))
    comparison_seeds(options.seeds, options.seed)
    evaluator = Evaluator(
        problem,
        training,
        cell=cell,
        device=options.device,
        workers=options.workers,
        precision=options.precision,
        memory=_memory(options),
    )
    evaluator.check_memory(options.layers)
    settings = _settings(options, space, compared, halving, evaluator)
    out = options.out or Path("runs") / _name(options, settings)
    return _Run(options, space, compared, goals, model, halving, evaluator, settings, out, began)


def _search(run: _Run, archive: Archive, observer: Observer) -> dict[str, Any]:
    options, evaluator = run.options, run.evaluator

    def in_search_setting(genomes: Mapping[str, Genome]) -> dict[str, Evaluation]:
        requests = [Request(genome, seed=options.seed) for genome in genomes.values()]
        return dict(zip(genomes, evaluator.evaluate(requests, observer.progress), strict=True))

    levels = in_search_setting(run.references.genomes)
    observer.started(_plan(run), levels)
    evaluations = search(
        create_optimizer(options, run.space, run.goals),
        evaluator,
        archive,
        budget=options.budget,
        batch=options.batch,
        seed=options.seed,
        halving=run.halving,
        observer=observer,
    )
    what = found(evaluations, options.top)
    control = run_control(options, run.space, evaluator, archive, evaluations, observer)
    rivals = control.models(what, options.top) if control else {}
    models = {**what.genomes(), **run.references.genomes, **rivals}
    seeds = comparison_seeds(options.seeds, options.seed)
    valid = in_search_setting(models)
    observer.comparing(len(set(models.values())) * len(seeds))
    test = compare_on_test(evaluator, models, seeds, observer.progress)
    outcome = Outcome(evaluations, control, what, run.references, models, valid, test, run.goals, run.model)
    content = result(outcome, run.settings, time.perf_counter() - run.began, evaluator.reuse)
    chosen = evaluator.network(Request(what.chosen.genome, seed=options.seed))
    write_outputs(run.out, content, outcome, chosen)
    observer.finished(content)
    return content


def _space(options: SearchOptions) -> DesignSpace:
    return DesignSpace(
        options.layers,
        neurons=options.neurons,
        search_connections=options.connections,
        search_side=options.side,
        weights=options.weights,
        thresholds=options.thresholds,
    )


def _check_space(model: CostModel, space: DesignSpace, compared: References) -> None:
    """Refuse a space of genomes that the cell cannot take.

    Raises:
        InputError: it cannot take a baseline, or a choice in a layer.
    """
    choices = space.choices
    turns = max(map(len, choices.values()), default=1)
    turned = [
        space.decode({name: options[turn % len(options)] for name, options in choices.items()})
        for turn in range(turns)
    ]
    for genome in (*compared.genomes.values(), *turned):
        model.cell.check(genome, model.m, model.n)


def _memory(options: SearchOptions) -> int | None:
    """Bytes.

    Raises:
        InputError: not a positive number of GiB.
    """
    if options.memory is None:
        return None
    if not 0 < options.memory < math.inf:
        raise InputError(f"The memory for training must be a positive number of GiB, got {options.memory}.")
    return int(options.memory * 2**30)


def _settings(
    options: SearchOptions,
    space: DesignSpace,
    compared: References,
    halving: Halving | None,
    evaluator: Evaluator,
) -> dict[str, Any]:
    """Everything that the run's results depend on but the budget and the control's, which may grow."""
    problem = evaluator.problem
    claims = (*compared.claims, CONTROL_CLAIM, compared.connection_claim)
    return {
        "optimizer": options.optimizer,
        "options": dict(options.optimizer_options),
        "goals": list(options.goals),
        "batch": options.batch,
        "halving": halving.to_dict() if halving else {},
        "seed": options.seed,
        "space": space.to_dict(),
        "top": options.top,
        "comparison": {
            "seeds": options.seeds,
            "varies": "signals and batch order" if problem.draws_differ else "batch order",
            "claims": [str(claim) for claim in claims],
        },
        **({"founders": [each.to_dict() for each in founders(options, space)]} if options.founders else {}),
        **_unusual(problem),
        **evaluator.settings(),
    }


def _unusual(problem: Problem) -> dict[str, Any]:
    """What a description of the problem need not say: its metric, unless NMSE, and the dictionary's sizes."""
    shown, described = _shown(problem), problem.to_dict()
    m, n = problem.dictionary.shape
    sizes = {} if {"m", "n"} <= described.keys() else {"dictionary": {"m": m, "n": n}}
    return {**({} if shown == NMSE else {"metric": asdict(shown)}), **sizes}


def _shown(problem: Problem) -> Shown:
    return Shown(problem.metric.name, problem.metric.sign)


def _name(options: SearchOptions, settings: Mapping[str, Any]) -> str:
    given = "".join(f"-{name}-{value}" for name, value in sorted(options.optimizer_options.items()))
    optimizer = options.optimizer.rpartition(":")[2].rpartition(".")[2] + re.sub(r"[^\w.-]", "_", given)[:60]
    usual = settings["cell"] == Lista.name
    cell = "" if usual else "-" + re.sub(r"[^\w.-]", "_", cell_text(settings["cell"]).rpartition(":")[2])
    return f"{options.label}{cell}-K{options.layers}-{optimizer}-s{options.seed}-{digest(settings)[:8]}"


def _plan(run: _Run) -> Plan:
    options, problem, cell = run.options, run.evaluator.problem, run.settings["cell"]
    m, n = problem.dictionary.shape
    controls = 0 if own_control(options) else options.controls
    compared = len(run.references.genomes) + 3 + (1 if controls else 0)
    layers = f"{options.layers} layers" + ("" if cell == Lista.name else f" of {cell_text(cell)}")
    return Plan(
        title=f"{m} x {n}, {options.source}: {layers}, {options.optimizer}, seed {options.seed}",
        layers=options.layers,
        budget=options.budget,
        controls=controls,
        comparisons=compared * options.seeds,
        out=str(run.out),
        shown=_shown(problem),
    )
