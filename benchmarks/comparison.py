"""One case of the throughput benchmark: all contenders, and what each part of the engine brings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from statistics import median
from typing import Any

import torch

from benchmarks import memory
from benchmarks.cases import PRESET, Case, evenly, phase_b_alone, with_full_first_phase
from benchmarks.contenders.engine import Engine, EngineAlone, EngineUnshared, Evolution
from benchmarks.contenders.one_at_a_time import OneAtATime
from benchmarks.contenders.side_by_side import SideBySide
from benchmarks.contenders.task import Contender
from benchmarks.contenders.vmapped import Vmapped
from benchmarks.machine import product_peak
from benchmarks.rounds import Ledger, interleaved, ratio
from benchmarks.work import training_products
from evaluation.device import usable_cores
from evaluation.reuse import Reuse
from genome import Genome

Told = Callable[[str], None]
Readings = dict[str, list[float]]

ONE_THREAD, ALL_THREADS, SIDE_BY_SIDE = "one thread", "all threads", "side by side"
PEAK = "product peak"
ALONE, UNSHARED, FULL = "engine, population of one", "engine, no shared prefix", "engine, full phase A"
BASELINE_FULL = "one thread, full phase A"
EVOLUTION = "evolution"
_CHECKED = 4
_HOPELESS = 2.0
"""What is slower by this factor in the check, of two ways to run the same contender, is not timed again."""


def stacked(size: int) -> str:
    """Key of ``torch.func`` with a batch of a size."""
    return f"torch.func {size}"


def engine(size: int) -> str:
    """Key of the engine with a batch of a size."""
    return f"engine {size}"


def phase_b(size: int) -> str:
    """Key of the engine's matrix products in phase B, with a batch of a size."""
    return f"phase B {size}"


class Comparison:
    """One case on one device.

    Args:
        case: what is trained.
        device: where.
        told: told of every reading.
    """

    def __init__(self, case: Case, device: torch.device, told: Told) -> None:
        self._case, self._device, self._told = case, device, told
        self._task, self._genomes = case.task(device), case.draw()
        self._ledger = Ledger()
        self._on_cpu = device.type == "cpu"
        self._cores = usable_cores() if self._on_cpu else 1
        self._processes = self._cores if self._on_cpu else 2
        self._reuse: dict[str, Reuse] = {}
        self._evolved: list[Genome] = []
        self._stacked_threads = 1

    def run(self) -> dict[str, Any]:
        """Check, measure, and put together what the results file says of the case.

        Raises:
            DisagreementError: two contenders reached different errors.
        """
        with SideBySide(self._task, self._processes) as side_by_side:
            checked = self._check(side_by_side)
            self._stacked_threads = max((1, self._cores), key=lambda count: checked[f"torch.func at {count}"])
            entries = self._entries(side_by_side, checked)
            self._told(f"agreement within {self._ledger.largest:.2g} dB; {len(entries)} readings a round")
            readings = interleaved(entries, self._case.repeats, self._told)
        return {
            **self._described(),
            "check": checked,
            **self._findings(readings),
            "memory_mib": self._memory(),
        }

    def _check(self, side_by_side: Contender) -> dict[str, float]:
        """Train some networks with every contender; returns networks per hour, rough numbers."""
        task = self._task
        contenders = {
            ONE_THREAD: OneAtATime(task, 1),
            SIDE_BY_SIDE: side_by_side,
            "engine": Engine(task),
            ALONE: EngineAlone(task),
            **{f"torch.func at {threads}": self._vmapped(threads) for threads in (1, self._cores)},
        }
        if self._on_cpu:
            contenders[ALL_THREADS] = OneAtATime(task, self._cores)
        genomes = evenly(self._genomes, max(min(_CHECKED, self._case.baseline), self._processes))
        paces = {}
        for key, contender in contenders.items():
            contender.train([genome.prefix(2) for genome in genomes])
            paces[key] = self._ledger.check(key, contender.train(genomes)).per_hour
            self._told(f"check: {key}: {paces[key]:,.4g}")
        return paces

    def _vmapped(self, threads: int) -> Vmapped:
        return Vmapped(self._task, threads, self._case.stacked)

    def _entries(
        self, side_by_side: Contender, checked: Mapping[str, float]
    ) -> dict[str, Callable[[], float]]:
        case, task = self._case, self._task
        few = evenly(self._genomes, case.baseline)
        shares = evenly(self._genomes, max(case.baseline, self._processes))
        full = with_full_first_phase(task)
        entries = {ONE_THREAD: self._pace(ONE_THREAD, OneAtATime(task, 1), few)}
        if checked.get(ALL_THREADS, 0.0) * _HOPELESS > checked[ONE_THREAD]:
            entries[ALL_THREADS] = self._pace(ALL_THREADS, OneAtATime(task, self._cores), few)
        entries[SIDE_BY_SIDE] = self._pace(SIDE_BY_SIDE, side_by_side, shares)
        entries[BASELINE_FULL] = self._pace(None, OneAtATime(full, 1), few)
        for size in (size for size in case.batches if size <= case.stacked):
            entries[stacked(size)] = self._pace(
                stacked(size), self._vmapped(self._stacked_threads), evenly(self._genomes, size)
            )
        entries[PEAK] = partial(product_peak, self._device, self._cores)
        for size in case.batches:
            some = evenly(self._genomes, size)
            entries[phase_b(size)] = partial(self._phase_b, some)
            entries[engine(size)] = partial(self._engine, engine(size), some)
        entries[ALONE] = self._pace(ALONE, EngineAlone(task), shares)
        entries[UNSHARED] = self._pace(None, EngineUnshared(task), self._genomes)
        entries[FULL] = self._pace(None, Engine(full), self._genomes)
        if case.evolution:
            entries[EVOLUTION] = self._evolution
        return entries

    def _pace(self, key: str | None, contender: Contender, genomes: list[Genome]) -> Callable[[], float]:
        """Networks an hour; scores are compared where the task is the common one and has a key."""

        def measure() -> float:
            run = contender.train(genomes)
            return (self._ledger.check(key, run) if key else run).per_hour

        return measure

    def _engine(self, key: str, genomes: list[Genome]) -> float:
        contender = Engine(self._task)
        pace = self._ledger.check(key, contender.train(genomes)).per_hour
        self._reuse[key] = contender.reuse
        return pace

    def _evolution(self) -> float:
        case = self._case
        run, self._reuse[EVOLUTION] = Evolution(self._task, case.layers, case.evolution, batch=8).run()
        self._evolved = list(run.scores)
        return self._ledger.check(EVOLUTION, run).per_hour

    def _phase_b(self, genomes: list[Genome]) -> float:
        """Operations a second of the useful matrix products, in steps on all parameters only."""
        task = phase_b_alone(self._task, self._case.phase_b)
        useful = training_products(genomes, task, shared=False)
        return useful / EngineUnshared(task).train(genomes).seconds

    def _memory(self) -> dict[str, dict[str, float]]:
        case = self._case
        few = [size for size in case.batches if size <= case.stacked]
        vmapped = partial(memory.stacked, most=case.stacked, threads=self._stacked_threads)
        makers: memory.Makers = {
            "one at a time": (memory.one_at_a_time, [1]),
            "torch.func": (vmapped, few),
            "engine": (memory.engine, case.batches),
        }
        self._told("memory")
        found = memory.peaks(makers, case, self._device)
        return {name: {str(size): value for size, value in by.items()} for name, by in found.items()}

    def _described(self) -> dict[str, Any]:
        case, task = self._case, self._task
        return {
            "case": case.name,
            "problem": task.problem.to_dict(),
            "layers": case.layers,
            "preset": PRESET,
            "scale": case.scale,
            "protocol": task.protocol.to_dict(),
            "genomes": case.genomes,
            "timed_one_at_a_time": case.baseline,
            "timed_side_by_side": max(case.baseline, self._processes),
            "most_stacked": case.stacked,
            "evolution": case.evolution,
            "repeats": case.repeats,
            "threads": self._cores,
            "threads_stacked": self._stacked_threads,
            "processes": self._processes,
        }

    def _findings(self, readings: Readings) -> dict[str, Any]:
        case, middle = self._case, {key: median(values) for key, values in readings.items()}
        candidates = [key for key in (ONE_THREAD, ALL_THREADS, SIDE_BY_SIDE) if key in readings]
        baseline = max(candidates, key=lambda key: middle[key])
        paces = [key for key in readings if key != PEAK and not key.startswith("phase B")]
        return {
            "largest_difference_db": self._ledger.largest,
            "comparisons": self._ledger.compared,
            "baseline": baseline,
            "networks_per_hour": {key: middle[key] for key in paces},
            "ratios": {key: ratio(readings[key], readings[baseline]) for key in paces},
            "ceilings": self._ceilings(readings, baseline),
            "parts": self._parts(readings, baseline),
            "product_peak": middle[PEAK],
            "phase_b": {
                str(size): {
                    "operations_per_second": middle[phase_b(size)],
                    "share_of_peak": ratio(readings[phase_b(size)], readings[PEAK]),
                }
                for size in case.batches
            },
            "reuse": {key: reuse.to_dict() for key, reuse in self._reuse.items()},
            "readings": readings,
        }

    def _ceilings(self, readings: Readings, baseline: str) -> dict[str, float]:
        """Ratios that would be reached if the matrix products ran at their peak and all else took no time."""
        sharing = {engine(size): evenly(self._genomes, size) for size in self._case.batches}
        if self._evolved:
            sharing[EVOLUTION] = self._evolved
        one = training_products(self._genomes[:1], self._task, shared=False)
        each = {
            key: training_products(genomes, self._task, shared=True) / len(genomes)
            for key, genomes in sharing.items()
        }
        peak = [3600 * operations for operations in readings[PEAK]]
        return {
            key: ratio(peak, readings[baseline]) / operations
            for key, operations in {ALONE: one, UNSHARED: one, **each}.items()
        }

    def _parts(self, readings: Readings, baseline: str) -> dict[str, float]:
        whole = readings[engine(self._case.genomes)]
        parts = {
            "step": ratio(readings[ALONE], readings[baseline]),
            "batching": ratio(readings[UNSHARED], readings[ALONE]),
            "trie": ratio(whole, readings[UNSHARED]),
            "whole": ratio(whole, readings[baseline]),
            "cheap_phase_a": ratio(whole, readings[FULL]),
            "cheap_phase_a_baseline": ratio(readings[ONE_THREAD], readings[BASELINE_FULL]),
        }
        if EVOLUTION in readings:
            parts["kept_prefixes"] = ratio(readings[EVOLUTION], whole)
        return parts
