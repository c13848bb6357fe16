"""Which problem: the part of a command line that applications share, and the problem it asks for."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from apps.arguments import at_least, path

if TYPE_CHECKING:
    from evaluation.problems.base import Problem

_SAMPLES = {"smoke": (2048, 512, 512), "quick": (102_400, 2048, 10_240), "paper": (102_400, 10_240, 10_240)}
"""Training, validation and test samples of a drawn problem, by protocol."""


@dataclass(frozen=True, slots=True)
class ProblemOptions:
    """The problem that a command line asks for; its values are checked where it is made.

    Attributes:
        m: measurements a sample.
        n: entries of a signal.
        sparsity: probability that an entry is non-zero.
        snr_db: signal-to-noise ratio in dB; None means no noise.
        problem_seed: of dictionary and data.
        data: the user's own data instead of a drawn problem.
        problem: the description of any problem instead.
    """

    m: int
    n: int
    sparsity: float
    snr_db: float | None
    problem_seed: int
    data: Path | None
    problem: Path | None

    @property
    def label(self) -> str:
        """A short name, fit for a folder."""
        file = self.data or self.problem
        return f"{self.m}x{self.n}" if file is None else file.stem

    @property
    def source(self) -> str:
        """Where the signals come from, in words."""
        file = self.data or self.problem
        if file is not None:
            return file.name
        noise = "no noise" if self.snr_db is None else f"SNR {self.snr_db:g} dB"
        return f"sparsity {self.sparsity:g}, {noise}"


def add_problem_options(group: argparse._ArgumentGroup) -> None:
    """Add the options, each under the name of its attribute of ``ProblemOptions``."""
    group.add_argument("--m", type=at_least(1), default=25, help="measurements a sample")
    group.add_argument("--n", type=at_least(1), default=50, help="entries of a signal")
    group.add_argument("--sparsity", type=float, default=0.1, help="probability that an entry is non-zero")
    group.add_argument(
        "--snr",
        dest="snr_db",
        metavar="SNR",
        type=float,
        default=None,
        help="signal-to-noise ratio in dB; no noise if absent",
    )
    group.add_argument("--problem-seed", type=at_least(0), default=0, help="of dictionary and signals")
    files = group.add_mutually_exclusive_group()
    files.add_argument(
        "--data",
        type=path,
        help="your own .npz instead: dictionary (m, n), and for each of train, valid and test"
        " *_b (samples, m) and *_x (samples, n)",
    )
    files.add_argument(
        "--problem",
        type=path,
        metavar="FILE.json",
        help="any problem instead, as docs/problems.md describes it",
    )


def create_problem(options: ProblemOptions, protocol: str) -> Problem:
    """The problem.

    Args:
        options: which.
        protocol: name of the preset that decides how many samples a drawn problem has.

    Raises:
        InputError: a value out of range, or a data file that cannot be used.
    """
    from evaluation.problems import DataFile, SparseRecovery, load_problem

    if options.problem is not None:
        return load_problem(options.problem)
    if options.data is not None:
        return DataFile(options.data)
    train, valid, test = _SAMPLES.get(protocol, _SAMPLES["quick"])
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
