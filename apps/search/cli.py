"""The command line of the search; answers ``--help`` without importing torch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from apps.arguments import Help, Parser, Scalar, assignment, at_least, path, target
from apps.cli import run
from apps.problem_options import add_problem_options
from apps.search.options import SearchOptions
from apps.training_options import FORM_HELP

_DESCRIPTION = """\
Search the connections (and neurons, side connections, weights and thresholds) of an unrolled network, LISTA
unless --cell says otherwise, for sparse recovery b = D x + noise, then retrain what was found beside LISTA,
LFISTA and Dense-LISTA, or the same connections in another cell, on seeds the search never saw.
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
    _add_space(result.add_argument_group("design space"))
    add_problem_options(result.add_argument_group("problem"))
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
        "--founder",
        dest="founders",
        action="append",
        type=path,
        metavar="FILE.json",
        default=[],
        help="a genome that evolution begins with; may be given again for others",
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


def _add_space(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--layers", type=at_least(1), default=8, help="depth K")
    group.add_argument(
        "--cell",
        default="lista",
        help="one iteration: lista, lista_cp, alista, step_lista, hybrid, dladmm, or package.module:Class",
    )
    group.add_argument(
        "--cell-option",
        dest="cell_options",
        action=_Options,
        type=_option,
        metavar="NAME=VALUE",
        default={},
        help="an option of the cell, as tied=false; may be given again for others",
    )
    group.add_argument(
        "--connections",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="search extra connections; otherwise there are none, and the other choices are searched alone",
    )
    group.add_argument(
        "--side", action="store_true", help="search side connections too: layers may go without W_b b"
    )
    group.add_argument(
        "--neurons",
        type=_names,
        default="soft",
        help="neuron types a layer may choose from, of soft,relu,leaky_relu,support",
    )
    group.add_argument(
        "--weights",
        type=_names,
        default="free",
        help="weights a layer may choose from, of free,coupled,analytic; others than free need --cell hybrid",
    )
    group.add_argument(
        "--thresholds",
        type=_names,
        default="learned",
        help="thresholds a layer may choose from, of learned,adaptive; adaptive needs --cell hybrid",
    )


def _add_training(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--protocol", default="quick", help="smoke, quick or paper")
    group.add_argument(
        "--form",
        default=None,
        help=FORM_HELP,
    )
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
        "--out", type=path, help="run directory; named after the settings, below runs/, if absent"
    )
    group.add_argument("--storage", type=target, help="database URL of an archive shared with other searches")
    group.add_argument("--plain", action="store_true", help="plain lines even on a terminal")


def main(arguments: Sequence[str]) -> int:
    """Run the search; returns the exit code."""
    values = vars(parser().parse_args(arguments))
    options = SearchOptions(**{**values, "founders": tuple(values["founders"])})

    def search() -> int:
        from apps.search.run import run_search

        run_search(options)
        return 0

    return run(search)
