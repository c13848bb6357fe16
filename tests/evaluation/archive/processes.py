"""A program of the tests: several processes on one archive. Prints one JSON value.

Usage: processes.py PART TARGET [ARGUMENT ...], PART being the name of a function here.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from evaluation.archive import Archive
from genome import DesignSpace, Evaluation, Request, Status

PROCESSES = multiprocessing.get_context("fork")
LAYERS = 4


def made(
    seed: int,
    *,
    layers: int = LAYERS,
    setting: str = "5e771",
    draw: int = 0,
    test: bool = False,
    score: float | None = None,
) -> Evaluation:
    """Give the evaluation number ``seed``, always the same one; a score of inf is a diverged one."""
    rng = np.random.default_rng(seed)
    request = Request(DesignSpace(layers).sample(rng), seed, draw, test)
    nmse, ratio = rng.normal(-20.0, 5.0, (2, layers)).tolist()
    nmse[-1] = nmse[-1] if score is None else score
    ratio[-1] = math.inf if score == math.inf else ratio[-1]
    tests = (nmse[-1], ratio[-1]) if test else (None, None)
    status: Status = "diverged" if score == math.inf else "complete"
    return Evaluation(request, setting, status, tuple(nmse), tuple(ratio), tests[0], tests[1], seconds=0.25)


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Run ``work(0..count - 1)`` at once, each in a process; give what they return, or the errors' text."""
    barrier = PROCESSES.Barrier(count)
    ends = []
    for index in range(count):
        here, there = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=_answer, args=(there, barrier, work, index))
        process.start()
        there.close()
        ends.append((here, process))
    answers = [here.recv() for here, _ in ends]
    for _, process in ends:
        process.join()
    return answers


def _answer(there: Connection, barrier: Any, work: Callable[[int], Any], index: int) -> None:
    barrier.wait()
    try:
        there.send(work(index))
    except Exception as error:
        there.send(repr(error))


def opening(target: str) -> list[Any]:
    """Make one archive from eight processes at once."""

    def work(_: int) -> str:
        with Archive.open(target) as archive:
            return f"opened with {archive.count()} evaluations"

    return together(8, work)


def writing(target: str) -> list[Any]:
    """Record 2 x 80 evaluations from two processes, one at a time, reading in between."""

    def work(index: int) -> int:
        with Archive.open(target) as archive:
            for seed in range(80 * index, 80 * (index + 1)):
                archive.record([made(seed)], owner=str(index))
                archive.get([made(seed - 1).key]) if seed else None
            return archive.count()

    return together(2, work)


def claiming(target: str) -> list[Any]:
    """Four processes claim 60 evaluations in different orders until all are recorded; each lists its own."""
    seeds = {made(seed).key: seed for seed in range(60)}

    def work(index: int) -> list[int]:
        mine = []
        keys = np.random.default_rng(index).permutation(list(seeds)).tolist()
        with Archive.open(target) as archive:
            while archive.count() < len(seeds):
                for start in range(0, len(keys), 3):
                    claimed = archive.claim(keys[start : start + 3], f"process {index}", seconds=60.0)
                    time.sleep(0.005 * len(claimed))  # the evaluation
                    archive.record([made(seeds[key]) for key in claimed], owner=f"process {index}")
                    mine += [seeds[key] for key in claimed]
        return mine

    return together(4, work)


def killing(target: str, kills: str, seed: str) -> dict[str, Any]:
    """SIGKILL a writer at a random moment, again and again; give every evaluation that was acknowledged."""
    rng = np.random.default_rng(int(seed))
    acknowledged: list[dict[str, Any]] = []
    kept = []
    for kill in range(int(kills)):
        here, there = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=_write_forever, args=(target, there, 1000 * kill))
        process.start()
        there.close()
        # The first kills come early: while the archive is made.
        time.sleep(rng.uniform(0.0, 0.02 if kill < 5 else 0.2))
        process.kill()
        process.join()
        acknowledged += _received(here)
        kept.append(_kept(target))
    return {"acknowledged": acknowledged, "kept": kept}


def _write_forever(target: str, there: Connection, first: int) -> None:
    with Archive.open(target) as archive:
        for seed in range(first, first + 1000):
            evaluation = made(seed)
            archive.claim([evaluation.key], "killed", seconds=60.0)
            archive.record([evaluation])
            there.send(evaluation.to_dict())


def _received(here: Connection) -> list[dict[str, Any]]:
    received = []
    try:
        while True:
            received.append(here.recv())
    except (EOFError, OSError):
        return received


def _kept(target: str) -> int:
    """Count in another process, as the next run would: this one forks and must hold no connection."""

    def work(_: int) -> int:
        with Archive.open(target) as archive:
            return archive.count()

    return int(together(1, work)[0])


def forking(target: str) -> str:
    """Use an archive in a child that inherited it."""
    with Archive.open(target) as archive:
        read, write = os.pipe()
        if os.fork() == 0:
            try:
                archive.count()
            except RuntimeError as error:
                os.write(write, str(error).encode())
            os._exit(0)
        os.wait()
        os.close(write)
        return os.read(read, 1000).decode()


if __name__ == "__main__":
    json.dump(globals()[sys.argv[1]](*sys.argv[2:]), sys.stdout)
