"""The content of ``result.json``."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.claims import judge, judge_connections
from analysis.comparison import compare, summarize
from apps.search.roles import CLAIMS, CONNECTION_CLAIM, DIFFERENCES, Found
from evaluation.reuse import Reuse
from genome import Evaluation, Genome

FORMAT, VERSION = "lista-genome/result", 1

_BASELINE_KEYS = {"LISTA": "lista", "LFISTA": "lfista", "Dense-LISTA": "dense"}

_VERSIONED = (
    "lista-genome",
    "torch",
    "numpy",
    "networkx",
    "deap",
    "sqlalchemy",
    "safetensors",
    "scipy",
    "matplotlib",
    "rich",
)


def result(
    *,
    evaluations: Sequence[Evaluation],
    what: Found,
    models: Mapping[str, Genome],
    valid: Mapping[str, Evaluation],
    test: Mapping[str, Mapping[int, Evaluation]],
    settings: Mapping[str, Any],
    seconds: float,
    reuse: Reuse,
) -> dict[str, Any]:
    """Put everything that a search found into one JSON value.

    Args:
        evaluations: the search's, in the order asked.
        what: the selection.
        models: every compared model by display name.
        valid: each model's evaluation in the search's own setting (same seed, same draw).
        test: each model's evaluations of the comparison, by seed.
        settings: of the run.
        seconds: that this command took.
        reuse: what sharing and keeping prefixes saved in this command.
    """
    values = {name: {seed: _test_db(e) for seed, e in by_seed.items()} for name, by_seed in test.items()}
    spreads = summarize(values)
    entries = {
        name: {
            "genome": genome.to_dict(),
            "connections": genome.connections,
            "valid_nmse_db": _json(valid[name].score),
            "test_nmse_db": {key: spreads[name].to_dict()[key] for key in ("mean", "low", "high")},
        }
        for name, genome in models.items()
    }
    connections = {name: genome.connections for name, genome in models.items()}
    verdicts = [*(judge(claim, values) for claim in CLAIMS), judge_connections(CONNECTION_CLAIM, connections)]
    return {
        "format": FORMAT,
        "version": VERSION,
        "optimizer": settings["optimizer"],
        "seed": settings["seed"],
        "evaluations": len(evaluations),
        "diverged": sum(evaluation.status == "diverged" for evaluation in evaluations),
        "seconds": seconds,
        "reuse": reuse.to_dict(),
        **{name: entries[name] for name in ("best", "average", "chosen")},
        "baselines": {key: entries[name] for name, key in _BASELINE_KEYS.items()},
        "differences": [
            {"subject": subject, "reference": reference, **compare(values, subject, reference).to_dict()}
            for subject, reference in DIFFERENCES
        ],
        "claims": [verdict.to_dict() for verdict in verdicts],
        "top": [_leader(rank, evaluation) for rank, evaluation in enumerate(what.top, 1)],
        "heatmap": what.average.to_dict(),
        "per_stage": {name: [_json(v) for v in valid[name].valid_nmse_db] for name in models},
        "comparison": {
            "seeds": list(next(iter(test.values()))),
            "varies": settings["comparison"]["varies"],
            "test_nmse_db": {
                name: {str(seed): _json(value) for seed, value in by_seed.items()}
                for name, by_seed in values.items()
            },
            "test_ratio_db": {
                name: {str(seed): _json(e.test_ratio_db) for seed, e in by_seed.items()}
                for name, by_seed in test.items()
            },
        },
        "search": [_step(evaluation) for evaluation in evaluations],
        "settings": settings,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """What ran: packages, Python and machine."""
    packages = {name: importlib.metadata.version(name) for name in _VERSIONED}
    return {**packages, "python": platform.python_version(), "machine": platform.machine()}


def _leader(rank: int, evaluation: Evaluation) -> dict[str, Any]:
    genome = evaluation.genome
    return {
        "rank": rank,
        "digest": genome.digest,
        "connections": genome.connections,
        "neurons": list(genome.neurons),
        "valid_nmse_db": _json(evaluation.score),
        "genome": genome.to_dict(),
    }


def _step(evaluation: Evaluation) -> dict[str, Any]:
    return {
        "key": evaluation.key,
        "arch": evaluation.genome.arch_string(),
        "connections": evaluation.connections,
        "valid_nmse_db": _json(evaluation.score),
    }


def _test_db(evaluation: Evaluation) -> float:
    return float("inf") if evaluation.test_nmse_db is None else evaluation.test_nmse_db


def _json(value: float | None) -> float | str | None:
    """A dB value as strict JSON: infinity, the score of a diverged network, as text."""
    return "inf" if value == float("inf") else value
