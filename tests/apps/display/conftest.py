"""A search whose scores are made up, told to a display event by event; and the result that it would write."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from analysis.average import average
from analysis.choose import chosen, top
from analysis.claims import Claim, ConnectionClaim, judge, judge_connections
from analysis.comparison import compare, summarize
from apps.display import Observer, Plan
from genome import DesignSpace, Evaluation, Genome, Request

if TYPE_CHECKING:
    from collections.abc import Iterator

LEVELS = {"LISTA": -24.91, "LFISTA": -30.20, "Dense-LISTA": -31.31}


def evaluation(genome: Genome, score: float) -> Evaluation:
    """A record with this score; it falls stage by stage, and diverges on the last one where it is inf."""
    layers = genome.layers
    last = score if math.isfinite(score) else -20.0
    stages = [last * (stage + 1) / layers for stage in range(layers)]
    stages[-1] = score
    return Evaluation(
        request=Request(genome),
        setting="made-up",
        status="complete" if math.isfinite(score) else "diverged",
        valid_nmse_db=tuple(stages),
        valid_ratio_db=tuple(stages),
        test_nmse_db=None,
        test_ratio_db=None,
        seconds=1.0,
    )


def baselines(layers: int, levels: dict[str, float]) -> dict[str, Evaluation]:
    made = {"LISTA": Genome.lista, "LFISTA": Genome.lfista, "Dense-LISTA": Genome.dense}
    return {name: evaluation(made[name](layers), score) for name, score in levels.items()}


class Clock:
    """Seconds that pass only when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Session:
    """A search of random genomes, of which one in ``diverging`` diverges; each takes ``seconds`` to train."""

    layers: int = 8
    budget: int = 32
    batch: int = 8
    seconds: float = 2.0
    reused: int = 3
    diverging: int = 10
    controls: int = 0
    levels: dict[str, float] = field(default_factory=lambda: dict(LEVELS))
    title: str = "50 x 100, sparsity 0.1, no noise: evolution, seed 0"
    clock: Clock = field(default_factory=Clock)

    @property
    def plan(self) -> Plan:
        return Plan(
            self.title, self.layers, self.budget, controls=self.controls, comparisons=10, out="runs/first"
        )

    @property
    def evaluations(self) -> list[Evaluation]:
        rng = np.random.default_rng(7)
        space = DesignSpace(self.layers)
        found: dict[Genome, None] = {}
        while len(found) < min(self.budget, space.size):
            found.setdefault(space.sample(rng))
        return [
            evaluation(
                genome, math.inf if place % self.diverging == self.diverging // 2 else self._score(place)
            )
            for place, genome in enumerate(found)
        ]

    def _score(self, place: int) -> float:
        return -28.0 - 4.0 * place / self.budget + 0.7 * math.sin(5.0 * place)

    def play(self, observer: Observer) -> Iterator[str]:
        """Tell everything up to the result; yields the name of every event after it was told."""
        from evaluation.reuse import Reuse
        from evaluation.trie import Progress

        def train(networks: int) -> Iterator[str]:
            for stage in range(1, self.layers + 1):
                self.clock.now += self.seconds * networks / self.layers
                observer.progress(Progress(stage, self.layers, stage / self.layers))
                yield "progress"

        yield from train(3)
        observer.started(self.plan, baselines(self.layers, self.levels))
        yield "started"
        evaluations = self.evaluations
        for number, start in enumerate(range(0, len(evaluations), self.batch), 1):
            size = len(evaluations[start : start + self.batch])
            reused = self.reused if number == 1 else 0
            observer.batch(number, size, reused)
            yield "batch"
            yield from train(size - reused)
            asked = self.layers * (start + size)
            spent = self.seconds * (start + size)
            observer.told(evaluations[: start + size], Reuse(asked, asked // 4, 3 * spent, spent))
            yield "told"
        if self.controls:
            observer.controlling(self.controls, self.reused)
            yield "controlling"
            yield from train(self.controls - self.reused)
        observer.comparing(self.plan.comparisons)
        yield "comparing"
        yield from train(self.plan.comparisons)

    def play_until(self, observer: Observer, event: str, times: int = 1) -> None:
        """Tell everything up to the event of this name, counted from the first one."""
        for name in self.play(observer):
            times -= name == event
            if not times:
                return
        raise AssertionError(f"the search has no further {event}")

    def result(self, *, diverged: Sequence[str] = ()) -> dict[str, Any]:
        """What the search would write; the models named here diverged in the comparison."""
        evaluations = self.evaluations
        leaders = top(evaluations, 5)
        heat = average(leader.genome for leader in leaders)
        references = baselines(self.layers, self.levels)
        found = {
            "average": evaluation(heat.genome(), leaders[0].score + 0.1),
            "chosen": chosen(evaluations),
            "best": leaders[0],
            **references,
        }
        tests = {
            name: {
                seed: math.inf if name in diverged else each.score + 0.2 + 0.01 * math.sin(seed + len(name))
                for seed in range(1, 6)
            }
            for name, each in found.items()
        }
        spreads = summarize(tests)
        models = {
            name: {
                "genome": each.genome.to_dict(),
                "connections": each.connections,
                "parameters": 7000 + each.connections,
                "multiply_adds": 20_000 + 50 * each.connections,
                "valid_nmse_db": each.score if math.isfinite(each.score) else "inf",
                "test_nmse_db": {key: spreads[name].to_dict()[key] for key in ("mean", "low", "high")},
            }
            for name, each in found.items()
        }
        claims = [
            judge(Claim("chosen", "LFISTA", "better_by", 0.3), tests),
            judge(Claim("chosen", "Dense-LISTA", "better_by", 5.0), tests),
            judge(Claim("chosen", "average", "better_by", abs(_mean(tests, "chosen", "average"))), tests),
            judge_connections(
                ConnectionClaim("chosen", "Dense-LISTA", 0.6),
                {name: each.connections for name, each in found.items()},
            ),
        ]
        return {
            "format": "lista-genome/result",
            "version": 2,
            "optimizer": "evolution",
            "seed": 0,
            "evaluations": len(evaluations),
            "diverged": sum(each.status == "diverged" for each in evaluations),
            "seconds": 312.4,
            "reuse": {
                "stages_asked": 512,
                "stages_trained": 200,
                "seconds_asked": 600.0,
                "seconds_trained": 250.0,
            },
            "best": models["best"],
            "average": models["average"],
            "chosen": models["chosen"],
            "baselines": {
                "lista": models["LISTA"],
                "lfista": models["LFISTA"],
                "dense": models["Dense-LISTA"],
            },
            "halving": {"rungs": [2], "keep": 0.5, "dropped": {"2": 9}, "stages_saved": 54},
            "control": {
                "own": False,
                "seed": 5,
                "evaluations": 24,
                "diverged": 1,
                "compared_at": 24,
                "early": True,
                "best": models["LFISTA"],
                "search": {"best": models["best"], "chosen": None},
                "evaluations_to_reach": 17,
                "table": [
                    {"evaluations": 8, "search": -30.0, "mean": -29.5, "low": -30.25, "high": -28.75},
                    {"evaluations": 24, "search": -31.0, "mean": "inf", "low": -31.5, "high": "inf"},
                ],
            },
            "pareto": {
                "goals": ["nmse", "multiply_adds"],
                "entries": [
                    {**models[name], "digest": found[name].genome.digest} for name in ("best", "chosen")
                ],
                "hypervolume": {
                    "corner": [-24.91, 20_000.0],
                    "search": 123.456,
                    "compared_at": 24,
                    "search_compared": 120.0,
                    "random": 99.5,
                },
            },
            "differences": [
                {"subject": "chosen", "reference": name, **compare(tests, "chosen", name).to_dict()}
                for name in references
            ],
            "claims": [claim.to_dict() for claim in claims],
            "top": [
                {
                    "rank": rank,
                    "digest": each.genome.digest,
                    "connections": each.connections,
                    "neurons": list(each.genome.neurons),
                    "valid_nmse_db": each.score,
                    "genome": each.genome.to_dict(),
                }
                for rank, each in enumerate(leaders, 1)
            ],
            "heatmap": heat.to_dict(),
            "comparison": {"varies": "signals and batch order"},
            "settings": {"problem": {"kind": "sparse_recovery", "m": 50, "n": 100, "snr_db": None}},
            "versions": {"python": "3.11"},
        }


def _mean(tests: dict[str, dict[int, float]], first: str, second: str) -> float:
    value = compare(tests, first, second).to_dict()["mean"]
    return value if isinstance(value, float) else 0.0


@pytest.fixture
def new_session() -> type[Session]:
    return Session


@pytest.fixture
def sink() -> io.StringIO:
    return io.StringIO()
