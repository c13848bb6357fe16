"""The command line of the search; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.arguments import Help, Parser, Scalar, assignment, at_least
from apps.cli import run
from apps.search.options import SearchOptions

_DESCRIPTION = """\
Search the connections (and neurons) of an unrolled LISTA network for sparse recovery b = D x + noise,
then retrain what was found beside LISTA, LFISTA and Dense-LISTA on seeds the search never saw.
Interrupted or killed, the same command goes on where it was."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _stages(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(stage) for stage in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be stages like 4,6, got {text!r}") from None


def _option(text: str) -> tuple[str, Scalar]:
    try:
        return assignment(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, got {text!r}") from error


class _Options(argparse.Action):
    """Collects options by name, each once."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Add one."""
        name, value = values
        before = getattr(namespace, self.dest)
        if name in before:
            parser.error(f"{option_string}: must give an option once, got {name!r} twice")
        setattr(namespace, self.dest, {**before, name: value})


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    result = Parser(
        prog="python -m apps.search",
        description=_DESCRIPTION,
        formatter_class=Help,
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
        help="evolution, random, reinforce, tpe, nsga2, gp, cmaes, or a class, as package.module:Class",
    )
    group.add_argument(
        "--option",
        dest="optimizer_options",
        action=_Options,
        type=_option,
        metavar="NAME=VALUE",
        default={},
        help="an option of the optimizer, as population=32; may be given again for others",
    )
    group.add_argument(
        "--goals",
        type=_names,
        default="nmse",
        help="what to minimize: nmse first, then any of connections, parameters, multiply_adds",
    )
    group.add_argument("--budget", type=at_least(1), default=96, help="genomes to evaluate")
    group.add_argument("--batch", type=at_least(1), default=8, help="genomes asked for at once")
    group.add_argument(
        "--rungs",
        type=_stages,
        default=(),
        help="stages after which the worse part of a batch is dropped, as 4,6; none if absent",
    )
    group.add_argument("--keep", type=float, help="share of a batch that goes on at a rung; 0.5 if absent")
    group.add_argument(
        "--control",
        type=at_least(0),
        help="random genomes to evaluate beside the search; as many as the budget if absent, 0 for none",
    )
    group.add_argument("--seed", type=at_least(0), default=0, help="of the optimizer and of training")
    group.add_argument("--layers", type=at_least(1), default=8, help="depth K")
    group.add_argument(
        "--neurons",
        type=_names,
        default="soft",
        help="neuron types a layer may choose from, of soft,relu,leaky_relu",
    )


def _add_problem(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--m", type=at_least(1), default=25, help="measurements a sample")
    group.add_argument("--n", type=at_least(1), default=50, help="entries of a signal")
    group.add_argument("--sparsity", type=float, default=0.1, help="probability that an entry is non-zero")
    group.add_argument(
        "--snr", type=float, default=None, help="signal-to-noise ratio in dB; no noise if absent"
    )
    group.add_argument("--problem-seed", type=at_least(0), default=0, help="of dictionary and signals")
    group.add_argument(
        "--data",
        type=Path,
        help="your own .npz instead: dictionary (m, n), and for each of train, valid and test"
        " *_b (samples, m) and *_x (samples, n)",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--protocol", default="quick", help="smoke, quick or paper")
    group.add_argument("--form", default=None, help="sum or mean; the protocol's own if absent")
    group.add_argument("--seeds", type=at_least(2), default=5, help="seeds of the final comparison")
    group.add_argument("--top", type=at_least(1), default=10, help="best genomes that make the average")
    group.add_argument("--device", default="auto", help="auto, cpu, cuda, mps, ...")
    group.add_argument(
        "--precision",
        default="float32",
        help="of matrix products: float32, or tf32 on an NVIDIA GPU that has it, faster and less exact",
    )
    group.add_argument("--workers", type=at_least(1), help="units trained side by side")
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
