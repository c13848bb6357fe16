"""Whatever recovers signals and is measured: a tuned solver or a network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, final

import torch

from builders.network import UnrolledNetwork
from evaluation.solvers import Floats, Solve

Kind = Literal["solver", "network"]


@final
@dataclass(frozen=True, slots=True)
class Contender:
    """What is measured.

    Attributes:
        name: what tables call it.
        kind: whether it learned.
        solve: with what depends on the dictionary alone done already; None for a network that diverged.
        batched: whether it takes many signals in one call.
        details: what else reports say of it; any JSON.
    """

    name: str
    kind: Kind
    solve: Solve | None
    batched: bool
    details: Mapping[str, Any]


def network_contender(name: str, network: UnrolledNetwork | None, details: Mapping[str, Any]) -> Contender:
    """A network on the CPU; None stands for one that diverged in training."""
    if network is None:
        return Contender(name, "network", None, True, details)

    def solve(b: Floats) -> Floats:
        with torch.inference_mode():
            signals: Floats = network(torch.from_numpy(b)).numpy()
        return signals

    return Contender(name, "network", solve, True, details)
