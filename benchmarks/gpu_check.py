"""On a GPU: does a replayed training step compute what the eager one does, how much faster is it, and TF32?

    python -m benchmarks.gpu_check --m 250 --n 500 --layers 16 --members 1 16 64

A difference is ``||a - b|| / ||b - start||``: of the parameters after the same steps as the eager step took,
relative to how far these have moved. The tests that need a GPU: ``pytest tests/evaluation -k cuda``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.clock import seconds
from builders.cells import Lista
from builders.injections import injection
from builders.unroll import network_layout
from evaluation.cuda_graph import recorder
from evaluation.phase import Member, PhaseRun, Trainer
from evaluation.precision import Precision, matrix_products
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.tables import Tables
from genome import DesignSpace

STEPS = 50


@dataclass(frozen=True)
class Trained:
    """Milliseconds a step, and the parameters after ``2 * STEPS`` steps, ``(P, size)``, on the CPU."""

    milliseconds: float
    rows: Tensor


def make_trainer(m: int, n: int, layers: int, device: torch.device) -> Trainer:
    """A trainer of the quick protocol whose steps just run."""
    settings = protocol("quick")
    problem = SparseRecovery(m=m, n=n, train=settings.batch * 2 * STEPS, valid=2, test=2)
    combination = injection(settings.form)
    layout = network_layout(Lista(), combination, problem.dictionary, layers)
    tables = Tables(problem, device)
    return Trainer(
        Lista(), combination, layout, settings, tables, device, lambda: False, padded=device.type == "cuda"
    )


def train(trainer: Trainer, count: int, precision: Precision = "float32") -> Trained:
    """Steps of the last phase of the deepest stage, for random networks: half to warm up, half timed."""
    layers, last = trainer.layout.layers, len(trainer.protocol.phases) - 1
    rng = np.random.default_rng(0)
    members = [Member(DesignSpace(layers).sample(rng), 0, 0) for _ in range(count)]
    start = trainer.layout.initial().to(trainer.device).repeat(count, 1)
    with matrix_products(precision):
        run = PhaseRun(trainer, members, start, layers, last)
        warm_up, timed = torch.split(next(run.epochs()), STEPS, dim=1)
        run.train(warm_up)
        taken = seconds(lambda: run.train(timed), trainer.device)
    return Trained(1e3 * taken / STEPS, run.rows.cpu())


def difference(a: Trained, b: Trained, start: Tensor) -> float:
    """``||a - b|| / ||b - start||``."""
    return float((a.rows - b.rows).double().norm() / (b.rows - start).double().norm())


def main(arguments: Sequence[str]) -> int:
    """Print one line a population size; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--m", type=int, default=250)
    parser.add_argument("--n", type=int, default=500)
    parser.add_argument("--layers", type=int, default=16)
    parser.add_argument("--members", type=int, nargs="+", default=[1, 16, 64])
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        print("A CUDA device is needed, and torch reports none.", file=sys.stderr)
        return 2
    eager_trainer = make_trainer(options.m, options.n, options.layers, torch.device("cuda"))
    replaying = replace(eager_trainer, recorder=recorder(eager_trainer.device))
    start = eager_trainer.layout.initial()
    print(f"{torch.cuda.get_device_name()}, {options.m} x {options.n}, K = {options.layers}, ms a step")
    print("members    eager   replay  speedup  difference     tf32  difference")
    for count in options.members:
        eager, replayed = train(eager_trainer, count), train(replaying, count)
        fast = train(replaying, count, "tf32")
        print(
            f"{count:7} {eager.milliseconds:8.3f} {replayed.milliseconds:8.3f}"
            f" {eager.milliseconds / replayed.milliseconds:8.2f} {difference(replayed, eager, start):11.1e}"
            f" {fast.milliseconds:8.3f} {difference(fast, eager, start):11.1e}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
