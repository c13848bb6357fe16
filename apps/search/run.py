"""One search from settings to files."""

from __future__ import annotations

import math
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps.display import create_display
from apps.display.observer import Observer, Plan
from apps.search.comparison import compare_on_test, comparison_seeds
from apps.search.control import own_control, run_control
from apps.search.goals import CostModel, search_goals
from apps.search.loop import search
from apps.search.options import SearchOptions
from apps.search.outputs import write_outputs
from apps.search.result import Outcome, result
from apps.search.roles import CLAIMS, CONNECTION_CLAIM, CONTROL_CLAIM, all_models, baselines, found
from apps.search.run_directory import RunDirectory
from apps.search.strategy import check_optimizer, create_halving, create_optimizer
from builders.cells import Lista
from evaluation.archive import Archive
from evaluation.digest import digest
from evaluation.evaluator import Evaluator
from evaluation.halving import Halving
from evaluation.problems.base import Problem
from evaluation.problems.data_file import DataFile
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import Protocol, protocol
from genome import DesignSpace, Evaluation, Genome, InputError, Request
from optimizers.goals import Goal

_SAMPLES = {"smoke": (2048, 512, 512), "quick": (102_400, 2048, 10_240), "paper": (102_400, 10_240, 10_240)}
"""Training, validation and test samples of a drawn problem, by protocol."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A search about to begin, with everything of it checked."""

    options: SearchOptions
    space: DesignSpace
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
        run.evaluator.attach(archive, owner=f"{socket.gethostname()}:{run.out.resolve()}")
        with create_display(plain=options.plain) as observer:
            return _search(run, archive, observer)


def _prepare(options: SearchOptions) -> _Run:
    """Refuse here what cannot be met, before anything is written."""
    began = time.perf_counter()
    problem, training = _problem(options), _protocol(options)
    space = DesignSpace(options.layers, neurons=options.neurons)
    m, n = problem.dictionary.shape
    model = CostModel(Lista.name, m, n, training.form)
    goals = search_goals(options.goals, model)
    check_optimizer(options, space, goals)
    halving = create_halving(options)
    comparison_seeds(options.seeds, options.seed)
    evaluator = Evaluator(
        problem,
        training,
        device=options.device,
        workers=options.workers,
        precision=options.precision,
        memory=_memory(options),
    )
    evaluator.check_memory(options.layers)
    settings = _settings(options, space, halving, evaluator)
    out = options.out or Path("runs") / _name(options, settings)
    return _Run(options, space, goals, model, halving, evaluator, settings, out, began)


def _search(run: _Run, archive: Archive, observer: Observer) -> dict[str, Any]:
    options, evaluator = run.options, run.evaluator

    def in_search_setting(genomes: Mapping[str, Genome]) -> dict[str, Evaluation]:
        requests = [Request(genome, seed=options.seed) for genome in genomes.values()]
        return dict(zip(genomes, evaluator.evaluate(requests, observer.progress), strict=True))

    references = in_search_setting(baselines(options.layers))
    observer.started(_plan(options, evaluator.problem, run.out), references)
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
    models = {**all_models(options.layers, what), **rivals}
    seeds = comparison_seeds(options.seeds, options.seed)
    valid = in_search_setting(models)
    observer.comparing(len(set(models.values())) * len(seeds))
    test = compare_on_test(evaluator, models, seeds, observer.progress)
    outcome = Outcome(evaluations, control, what, models, valid, test, run.goals, run.model)
    content = result(outcome, run.settings, time.perf_counter() - run.began, evaluator.reuse)
    chosen = evaluator.network(Request(what.chosen.genome, seed=options.seed))
    write_outputs(run.out, content, outcome, chosen)
    observer.finished(content)
    return content


def _problem(options: SearchOptions) -> Problem:
    if options.data is not None:
        return DataFile(options.data)
    train, valid, test = _SAMPLES.get(options.protocol, _SAMPLES["quick"])
    return SparseRecovery(
        m=options.m,
        n=options.n,
        sparsity=options.sparsity,
        snr_db=options.snr_db,
        seed=options.problem_seed,
        train=train,
        valid=valid,
        test=test,
    )


def _protocol(options: SearchOptions) -> Protocol:
    chosen = protocol(options.protocol)
    return chosen if options.form is None else chosen.with_form(options.form)


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
    options: SearchOptions, space: DesignSpace, halving: Halving | None, evaluator: Evaluator
) -> dict[str, Any]:
    """Everything that the run's results depend on but the budget and the control's, which may grow."""
    claims = (*CLAIMS, CONTROL_CLAIM, CONNECTION_CLAIM)
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
            "varies": "signals and batch order" if options.data is None else "batch order",
            "claims": [str(claim) for claim in claims],
        },
        **evaluator.settings(),
    }


def _name(options: SearchOptions, settings: Mapping[str, Any]) -> str:
    problem = f"{options.m}x{options.n}" if options.data is None else options.data.stem
    given = "".join(f"-{name}-{value}" for name, value in sorted(options.optimizer_options.items()))
    optimizer = options.optimizer.rpartition(":")[2].rpartition(".")[2] + re.sub(r"[^\w.-]", "_", given)[:60]
    return f"{problem}-K{options.layers}-{optimizer}-s{options.seed}-{digest(settings)[:8]}"


def _plan(options: SearchOptions, problem: Problem, out: Path) -> Plan:
    m, n = problem.dictionary.shape
    what = "data" if options.data is None else options.data.name
    noise = "no noise" if options.snr_db is None else f"SNR {options.snr_db:g} dB"
    source = f"sparsity {options.sparsity:g}, {noise}" if options.data is None else what
    controls = 0 if own_control(options) else options.controls
    compared = len(baselines(options.layers)) + 3 + (1 if controls else 0)
    return Plan(
        title=f"{m} x {n}, {source}: {options.layers} layers, {options.optimizer}, seed {options.seed}",
        layers=options.layers,
        budget=options.budget,
        controls=controls,
        comparisons=compared * options.seeds,
        out=str(out),
    )
