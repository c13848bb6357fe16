"""The content of ``result.json``."""

from __future__ import annotations

import importlib.metadata
import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.claims import judge, judge_connections
from analysis.comparison import compare, summarize
from analysis.shown import BASELINE_NAMES, Shown
from apps.search.control import RANDOM, Control, control_seed
from apps.search.goals import CostModel
from apps.search.pareto import pareto
from apps.search.references import References
from apps.search.roles import Found
from evaluation.reuse import Reuse
from genome import Evaluation, Genome
from optimizers.goals import Goal

FORMAT, VERSION = "lista-genome/result", 2

_VERSIONED = (
    "lista-genome",
    "torch",
    "numpy",
    "networkx",
    "deap",
    "optuna",
    "sqlalchemy",
    "safetensors",
    "scipy",
    "matplotlib",
    "rich",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a search found.

    Attributes:
        evaluations: the search's, in the order asked.
        control: random genomes beside them; None where there were none.
        what: the selection.
        references: the baselines.
        models: every compared model by display name.
        valid: each model's evaluation in the search's own setting (same seed, same draw).
        test: each model's evaluations of the comparison, by seed.
        goals: what the search minimized.
        model: what its networks cost.
    """

    evaluations: Sequence[Evaluation]
    control: Control | None
    what: Found
    references: References
    models: Mapping[str, Genome]
    valid: Mapping[str, Evaluation]
    test: Mapping[str, Mapping[int, Evaluation]]
    goals: Sequence[Goal]
    model: CostModel

    @property
    def test_db(self) -> dict[str, dict[int, float]]:
        """Test score in dB of every model and seed."""
        return {name: {seed: _test_db(e) for seed, e in row.items()} for name, row in self.test.items()}

    @property
    def levels(self) -> dict[str, Evaluation]:
        """The baselines in the search's own setting, by display name."""
        return {name: self.valid[name] for name in self.references.genomes}

    @property
    def rivalry(self) -> Control | None:
        """The control, where its best network takes part in the comparison."""
        return self.control if RANDOM in self.models else None


def result(found: Outcome, settings: Mapping[str, Any], seconds: float, reuse: Reuse) -> dict[str, Any]:
    """Put everything that a search found into one JSON value.

    Args:
        found: what it found.
        settings: of the run.
        seconds: that this command took.
        reuse: what sharing and keeping prefixes saved in this command.
    """
    values, evaluations = found.test_db, found.evaluations
    entries = _entries(found, values)
    pairs = [*found.references.differences, *(found.rivalry.differences if found.rivalry else ())]
    return {
        "format": FORMAT,
        "version": VERSION,
        "optimizer": settings["optimizer"],
        "seed": settings["seed"],
        "evaluations": len(evaluations),
        "diverged": sum(evaluation.status == "diverged" for evaluation in evaluations),
        "seconds": seconds,
        "reuse": reuse.to_dict(),
        "halving": _halving(evaluations, settings["halving"]),
        **{name: entries[name] for name in ("best", "average", "chosen")},
        "baselines": _baselines(found.references.names, entries),
        "control": _control(found.control, entries, settings["seed"]),
        "pareto": pareto(found.goals, found.model, evaluations, found.levels, found.control),
        "differences": [
            {"subject": subject, "reference": reference, **compare(values, subject, reference).to_dict()}
            for subject, reference in pairs
        ],
        "claims": _claims(found, values, Shown.of({"settings": settings})),
        "top": [_leader(rank, evaluation) for rank, evaluation in enumerate(found.what.top, 1)],
        "heatmap": found.what.average.to_dict(),
        "per_stage": {name: [_json(v) for v in each.valid_nmse_db] for name, each in found.valid.items()},
        "comparison": {
            "seeds": list(next(iter(found.test.values()))),
            "varies": settings["comparison"]["varies"],
            "test_nmse_db": {
                name: {str(seed): _json(value) for seed, value in by_seed.items()}
                for name, by_seed in values.items()
            },
            "test_ratio_db": {
                name: {str(seed): _json(e.test_ratio_db) for seed, e in by_seed.items()}
                for name, by_seed in found.test.items()
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


def _entries(found: Outcome, values: Mapping[str, Mapping[int, float]]) -> dict[str, dict[str, Any]]:
    spreads = summarize(values)
    entries = {}
    for name, genome in found.models.items():
        entries[name] = {
            "genome": genome.to_dict(),
            "connections": genome.connections,
            **found.model.described(genome),
            "valid_nmse_db": _json(found.valid[name].score),
            "test_nmse_db": {key: spreads[name].to_dict()[key] for key in ("mean", "low", "high")},
        }
    return entries


def _baselines(names: Mapping[str, str], entries: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """By key; an entry says its display name where the key does not."""
    told = {key: {} if BASELINE_NAMES.get(key) == name else {"name": name} for key, name in names.items()}
    return {key: {**told[key], **entries[name]} for key, name in names.items()}


def _claims(
    found: Outcome, values: Mapping[str, Mapping[int, float]], shown: Shown
) -> list[dict[str, object]]:
    claims = [*found.references.claims, *([found.rivalry.claim] if found.rivalry else [])]
    connections = {name: genome.connections for name, genome in found.models.items()}
    verdicts = [judge(claim, values, shown) for claim in claims]
    verdicts.append(judge_connections(found.references.connection_claim, connections))
    return [verdict.to_dict() for verdict in verdicts]


def _control(
    control: Control | None, entries: Mapping[str, Mapping[str, Any]], seed: int
) -> dict[str, Any] | None:
    if control is None:
        return None
    named = {name: entries.get(control.name(name)) for name in ("best", "chosen")}
    return {
        "own": control.own,
        "seed": None if control.own else control_seed(seed),
        "evaluations": len(control.random),
        "diverged": sum(each.status == "diverged" for each in control.random),
        "compared_at": control.budget,
        "early": control.budget < len(control.searched),
        "best": entries["best"] if control.own else entries.get(RANDOM),
        "search": named,
        "evaluations_to_reach": control.evaluations_to_reach,
        "table": [{key: _json(value) for key, value in row.items()} for row in control.table],
        "valid_nmse_db": [_json(score) for score in control.random_scores],
    }


def _halving(evaluations: Sequence[Evaluation], settings: Mapping[str, Any]) -> dict[str, Any] | None:
    """What halving dropped, and how many stages these networks would have had, each counted alone."""
    if not settings:
        return None
    dropped = Counter(each.stages for each in evaluations if each.censored)
    return {
        **settings,
        "dropped": {str(rung): dropped[rung] for rung in settings["rungs"]},
        "stages_saved": sum(each.genome.layers - each.stages for each in evaluations),
    }


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
        "stages": evaluation.stages,
        "valid_nmse_db": _json(evaluation.score),
    }


def _test_db(evaluation: Evaluation) -> float:
    return float("inf") if evaluation.test_nmse_db is None else evaluation.test_nmse_db


def _json(value: float | None) -> float | str | None:
    """A dB value as strict JSON: infinity, the score of a diverged network, as text."""
    return "inf" if value == float("inf") else value
