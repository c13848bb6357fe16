"""What connections are worth without retraining: their coefficients set to zero in the trained network."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from scipy.stats import kendalltau

from analysis.pruning_parts import Part
from builders.injections import COEFFICIENT
from builders.network import UnrolledNetwork
from evaluation.problems.base import Problem
from evaluation.problems.dataset import Split
from evaluation.solvers import Judge
from genome.errors import InputError


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """Kendall's tau-b of two rankings of the same things, and the two-sided p of its being 0.

    Attributes:
        tau: from -1 to 1.
        p: exact where there are no ties and few things.
        number: of things ranked.
    """

    tau: float
    p: float
    number: int


def has_coefficients(network: UnrolledNetwork) -> bool:
    """Whether every connection has a coefficient of its own, as in all forms but the naive average."""
    return COEFFICIENT in dict(network.named_parameters())


def zeroed(network: UnrolledNetwork, problem: Problem, split: Split) -> dict[Part, float]:
    """What each extra connection adds to a trained network: score with its coefficient zero minus score.

    Nothing else changes: the other coefficients stay as they are, and in the mean form an input still counts
    in the number that the sum is divided by.

    Args:
        network: trained, on the CPU; as it was afterwards.
        problem: whose metric scores.
        split: validation data.

    Returns:
        Extra connection (destination, source) -> difference in dB, positive where the connection helps; inf
        where the network then overflows.

    Raises:
        InputError: its connections have no coefficients of their own.
    """
    if not has_coefficients(network):
        raise InputError(
            f"To be set to zero, connections need coefficients of their own, got form {network.form!r}."
        )
    coefficient = network.get_parameter(COEFFICIENT)
    judge, differences = Judge(problem, split), dict[Part, float]()
    with torch.no_grad():
        whole = judge.score(network(split.b).numpy())
        for destination, source in network.genome.extra_connections():
            place = destination - 1, source - 1
            kept = coefficient[place].clone()
            coefficient[place] = 0.0
            try:
                differences[destination, source] = judge.score(network(split.b).numpy()) - whole
            finally:
                coefficient[place] = kept
    return differences


def rank_correlation(first: Mapping[Part, float], second: Mapping[Part, float]) -> RankCorrelation | None:
    """How far two effects agree on the order of the connections.

    Args:
        first: connection -> effect in dB.
        second: the same for the same connections.

    Returns:
        None where a ranking says nothing: fewer than two connections, or all effects equal.

    Raises:
        InputError: the two are not of the same connections.
    """
    if first.keys() != second.keys():
        raise InputError(
            f"Rankings to be compared must be of the same connections, got {len(first)} and {len(second)}."
        )
    if len(first) < 2:
        return None
    found = kendalltau([first[each] for each in first], [second[each] for each in first])
    tau, p = float(found.statistic), float(found.pvalue)
    return RankCorrelation(tau, p, len(first)) if math.isfinite(tau) else None
