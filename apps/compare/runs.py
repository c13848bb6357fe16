"""Runs of optimizers on a table, in several processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from apps.compare.strategies import ALONE, Strategy
from evaluation.tabular import Table, TabularEvaluator, load_table
from genome import Request
from optimizers import Goal, Optimizer


@dataclass(frozen=True, slots=True)
class Job:
    """One run to be made.

    Attributes:
        table: name or path.
        strategy: who searches.
        seed: of the optimizer.
        budget: genomes to evaluate; fewer where the space has no more.
        batch: genomes asked for at once.
        goals: what the optimizer minimizes.
    """

    table: str
    strategy: Strategy
    seed: int
    budget: int
    batch: int
    goals: tuple[Goal, ...] = ALONE


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """What an optimizer asked for.

    Attributes:
        job: whose run this is.
        asked: places in the table of the genomes, in the order asked.
        seconds: time that the optimizer took for asking and being told.
    """

    job: Job
    asked: NDArray[np.int64]
    seconds: float


def run_all(
    jobs: Sequence[Job],
    workers: int,
    progress: Callable[[Run], None],
    make: Callable[[Job], Run] | None = None,
) -> list[Run]:
    """Make runs, as many side by side as there are workers.

    Args:
        jobs: what to run.
        workers: processes.
        progress: told each run as it is done.
        make: makes a run, in another process; ``run_job`` if absent.

    Returns:
        The runs in the order of the jobs; they depend on the jobs alone.

    Raises:
        InputError: an optimizer refuses, or asks for something that is not in the table.
    """
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin)
    try:
        futures = {pool.submit(make or run_job, job): place for place, job in enumerate(jobs)}
        done: dict[int, Run] = {}
        for future in _completed(set(futures)):
            done[futures[future]] = future.result()
            progress(done[futures[future]])
    finally:
        pool.shutdown(cancel_futures=True)
    return [done[place] for place in range(len(jobs))]


def run_job(job: Job) -> Run:
    """Search a table with one optimizer."""
    table = _table(job.table)
    return search(job, table, job.strategy.create(table.space, job.seed, job.goals))


def search(job: Job, table: Table, optimizer: Optimizer) -> Run:
    """Ask and tell until the budget is spent or the space exhausted."""
    evaluator, asked, seconds = TabularEvaluator(table), list[int](), 0.0
    while len(asked) < job.budget:
        began = time.perf_counter()
        genomes = optimizer.ask(min(job.batch, job.budget - len(asked)))
        seconds += time.perf_counter() - began
        if not genomes:
            break
        evaluations = evaluator.evaluate([Request(genome) for genome in genomes])
        asked += [table.index(genome) for genome in genomes]
        began = time.perf_counter()
        optimizer.tell(evaluations)
        seconds += time.perf_counter() - began
    return Run(job, np.array(asked), seconds)


def _completed(waiting: set[Future[Run]]) -> Iterator[Future[Run]]:
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from done


def _begin() -> None:
    """Keep linear algebra to one thread, for every core has a process already; end with the parent."""
    threadpool_limits(1)
    parent = parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    """End this process when its parent does, be it killed: the pool would wait for work for ever."""
    parent.join()
    os._exit(1)


@cache
def _table(name: str) -> Table:
    return load_table(name)
