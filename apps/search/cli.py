"""The command line of the search; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from apps.cli import run
from apps.search.options import SearchOptions

_DESCRIPTION = """\
Search the connections (and neurons) of an unrolled LISTA network for sparse recovery b = D x + noise,
then retrain what was found beside LISTA, LFISTA and Dense-LISTA on seeds the search never saw.
Interrupted or killed, the same command goes on where it was."""


class _Parser(argparse.ArgumentParser):
    """Refuses in one sentence, like every other refusal; the usage would hide it."""

    def error(self, message: str) -> NoReturn:
        """End with the message."""
        self.exit(2, f"{message.removeprefix('argument ')}; {self.prog} --help lists the options.\n")


def _at_least(least: int) -> type[int]:
    def convert(text: str) -> int:
        value = int(text)
        if value < least:
            raise argparse.ArgumentTypeError(f"must be at least {least}, got {value}")
        return value

    convert.__name__ = "int"
    return convert  # type: ignore[return-value]


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = _Parser(
        prog="python -m apps.search",
        description=_DESCRIPTION,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_search(result.add_argument_group("search"))
    _add_problem(result.add_argument_group("problem"))
    _add_training(result.add_argument_group("training and comparison"))
    _add_run(result.add_argument_group("run"))
    return result


def _add_search(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--optimizer",
        default="evolution",
        help="evolution, random, or the path of a class, package.module:Class",
    )
    group.add_argument("--budget", type=_at_least(1), default=96, help="genomes to evaluate")
    group.add_argument("--batch", type=_at_least(1), default=8, help="genomes asked for at once")
    group.add_argument("--seed", type=_at_least(0), default=0, help="of the optimizer and of training")
    group.add_argument("--layers", type=_at_least(1), default=8, help="depth K")
    group.add_argument(
        "--neurons",
        type=lambda text: tuple(text.split(",")),
        default=("soft",),
        help="neuron types a layer may choose from, of soft,relu,leaky_relu",
    )


def _add_problem(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--m", type=_at_least(1), default=25, help="measurements a sample")
    group.add_argument("--n", type=_at_least(1), default=50, help="entries of a signal")
    group.add_argument("--sparsity", type=float, default=0.1, help="probability that an entry is non-zero")
    group.add_argument(
        "--snr", type=float, default=None, help="signal-to-noise ratio in dB; no noise if absent"
    )
    group.add_argument("--problem-seed", type=_at_least(0), default=0, help="of dictionary and signals")
    group.add_argument(
        "--data",
        type=Path,
        help="your own .npz instead: dictionary (m, n), and for each of train, valid and test"
        " *_b (samples, m) and *_x (samples, n)",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--protocol", default="quick", help="smoke, quick or paper")
    group.add_argument("--form", default=None, help="sum or mean; the protocol's own if absent")
    group.add_argument("--seeds", type=_at_least(2), default=5, help="seeds of the final comparison")
    group.add_argument("--top", type=_at_least(1), default=10, help="best genomes that make the average")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, mps, ...")
    group.add_argument(
        "--precision",
        default="float32",
        help="of matrix products: float32, or tf32 on an NVIDIA GPU that has it, faster and less exact",
    )
    group.add_argument("--workers", type=_at_least(1), help="units trained side by side")
    group.add_argument(
        "--memory",
        type=float,
        metavar="GIB",
        help="GiB that training may hold on its device; 3/4 of what is free if absent, on an accelerator 4/5",
    )


def _add_run(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--out", type=Path, help="run directory; named after the settings, below runs/, if absent"
    )
    group.add_argument("--storage", help="database URL of an archive shared with other searches")
    group.add_argument("--plain", action="store_true", help="plain lines even on a terminal")


def main(arguments: Sequence[str]) -> int:
    """Run the search; returns the exit code."""
    values = vars(parser().parse_args(arguments))
    options = SearchOptions(snr_db=values.pop("snr"), **values)

    def search() -> int:
        from apps.search.run import run_search

        run_search(options)
        return 0

    return run(search)
