"""One search from settings to files."""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optimizers
from apps.display import create_display
from apps.display.observer import Observer, Plan
from apps.search.comparison import compare_on_test, comparison_seeds
from apps.search.loop import search
from apps.search.options import SearchOptions
from apps.search.outputs import write_outputs
from apps.search.result import result
from apps.search.roles import CLAIMS, CONNECTION_CLAIM, all_models, baselines, found
from apps.search.run_directory import RunDirectory
from evaluation.archive import Archive
from evaluation.data_file import DataFile
from evaluation.digest import digest
from evaluation.evaluator import Evaluator
from evaluation.problem import Problem
from evaluation.protocol import Protocol, protocol
from evaluation.sparse_recovery import SparseRecovery
from genome import DesignSpace, Evaluation, Genome, InputError, Request

_SAMPLES = {"smoke": (2048, 512, 512), "quick": (102_400, 2048, 10_240), "paper": (102_400, 10_240, 10_240)}
"""Training, validation and test samples of a drawn problem, by protocol."""


def run_search(options: SearchOptions) -> dict[str, Any]:
    """Search, compare and write; returns the content of ``result.json``.

    Raises:
        InputError: an option that cannot be met; nothing is written then.
    """
    began = time.perf_counter()
    problem, training = _problem(options), _protocol(options)
    space = DesignSpace(options.layers, neurons=options.neurons)
    # Refused here, before anything is written.
    optimizers.create(options.optimizer, space, options.seed)
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
    settings = _settings(options, space, evaluator)
    out = options.out or Path("runs") / _name(options, settings)
    with RunDirectory(out, settings), Archive.open(options.storage or out / "archive.sqlite") as archive:
        evaluator.keep_prefixes(out / "prefixes")
        evaluator.attach(archive, owner=f"{socket.gethostname()}:{out.resolve()}")
        with create_display(plain=options.plain) as observer:
            content = _search(options, space, evaluator, archive, out, settings, began, observer)
    return content


def _search(
    options: SearchOptions,
    space: DesignSpace,
    evaluator: Evaluator,
    archive: Archive,
    out: Path,
    settings: Mapping[str, Any],
    began: float,
    observer: Observer,
) -> dict[str, Any]:
    def in_search_setting(genomes: Mapping[str, Genome]) -> dict[str, Evaluation]:
        requests = [Request(genome, seed=options.seed) for genome in genomes.values()]
        return dict(zip(genomes, evaluator.evaluate(requests, observer.progress), strict=True))

    references = in_search_setting(baselines(options.layers))
    observer.started(_plan(options, evaluator.problem, out), references)
    evaluations = search(
        optimizers.create(options.optimizer, space, options.seed),
        evaluator,
        archive,
        budget=options.budget,
        batch=options.batch,
        seed=options.seed,
        observer=observer,
    )
    what = found(evaluations, options.top)
    models = all_models(options.layers, what)
    seeds = comparison_seeds(options.seeds, options.seed)
    valid = in_search_setting(models)
    observer.comparing(len(set(models.values())) * len(seeds))
    test = compare_on_test(evaluator, models, seeds, observer.progress)
    content = result(
        evaluations=evaluations,
        what=what,
        models=models,
        valid=valid,
        test=test,
        settings=settings,
        seconds=time.perf_counter() - began,
        reuse=evaluator.reuse,
    )
    chosen = evaluator.network(Request(what.chosen.genome, seed=options.seed))
    write_outputs(out, content, what, chosen)
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


def _settings(options: SearchOptions, space: DesignSpace, evaluator: Evaluator) -> dict[str, Any]:
    """Everything that the run's results depend on but the budget, which may grow."""
    return {
        "optimizer": options.optimizer,
        "batch": options.batch,
        "seed": options.seed,
        "space": space.to_dict(),
        "top": options.top,
        "comparison": {
            "seeds": options.seeds,
            "varies": "signals and batch order" if options.data is None else "batch order",
            "claims": [*(str(claim) for claim in CLAIMS), str(CONNECTION_CLAIM)],
        },
        **evaluator.settings(),
    }


def _name(options: SearchOptions, settings: Mapping[str, Any]) -> str:
    problem = f"{options.m}x{options.n}" if options.data is None else options.data.stem
    optimizer = options.optimizer.rpartition(":")[2].rpartition(".")[2]
    return f"{problem}-K{options.layers}-{optimizer}-s{options.seed}-{digest(settings)[:8]}"


def _plan(options: SearchOptions, problem: Problem, out: Path) -> Plan:
    m, n = problem.dictionary.shape
    what = "data" if options.data is None else options.data.name
    noise = "no noise" if options.snr_db is None else f"SNR {options.snr_db:g} dB"
    source = f"sparsity {options.sparsity:g}, {noise}" if options.data is None else what
    return Plan(
        title=f"{m} x {n}, {source}: {options.layers} layers, {options.optimizer}, seed {options.seed}",
        layers=options.layers,
        budget=options.budget,
        comparisons=len(baselines(options.layers)) * options.seeds + 3 * options.seeds,
        out=str(out),
    )
