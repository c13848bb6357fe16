"""The content of ``analysis.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from analysis.average import Average
from analysis.dependence import dependence
from analysis.importance import Effect, effects_alone, effects_beside_others
from analysis.patterns import AGREED, Pattern, agreement, pattern
from analysis.stability import SETTLED, Bootstrap, Difference, bootstrap, difference
from apps.analyze.options import AnalyzeOptions
from apps.analyze.runs import AnalyzedRun, Sample
from genome import Genome, InputError
from genome.patterns import extra_places

FORMAT, VERSION = "lista-genome/analysis", 1
RANDOM, SEARCHED = "random networks", "networks of the search"
"""Names of the samples that importance is measured over."""

_PARTS: Final = {"third": 1 / 3, "half": 1 / 2}


def content(run: AnalyzedRun, options: AnalyzeOptions) -> dict[str, Any]:
    """Analyze a run; gives the content of its ``analysis.json``."""
    average, settings = run.average, run.searched.settings
    genome = average.genome(options.threshold)
    resampled = bootstrap(
        [evaluation.genome for evaluation in run.leaders],
        options.resamples,
        seed=options.seed,
        threshold=options.threshold,
    )
    return {
        "format": FORMAT,
        "version": VERSION,
        "run": run.name,
        "optimizer": settings["optimizer"],
        "finished": run.searched.finished,
        "evaluations": len(run.searched.evaluations),
        "layers": average.layers,
        "top": average.count,
        "against": run.against,
        "threshold": options.threshold,
        "average": {"genome": genome.to_dict(), "connections": genome.connections, **average.to_dict()},
        "agreement": {"level": AGREED, **agreement(average).to_dict()},
        "difference": _difference(difference(run.other, average, options.threshold)),
        "bootstrap": _bootstrap(resampled, options.seed),
        "patterns": {"network": _pattern(pattern(genome)), "mean": _pattern(pattern(average))},
        "neurons": _neurons(average),
        "connections": _connections(average, resampled),
        "samples": {RANDOM if each.random else SEARCHED: _sample(each) for each in run.samples},
        "metric": settings.get("metric", {}),
    }


def _difference(found: Difference) -> dict[str, Any]:
    largest = found.largest
    return {
        "mean": found.mean,
        "largest": None if largest is None else {**_named(largest), "difference": found.at(largest)},
        "crossing": [_named(connection) for connection in found.crossing],
        "values": found.values.tolist(),
    }


def _bootstrap(found: Bootstrap, seed: int) -> dict[str, Any]:
    return {
        "resamples": found.resamples,
        "seed": seed,
        "settled_from": SETTLED,
        "on": len(found.connections("on")),
        "off": len(found.connections("off")),
        "open": [_named(connection) for connection in found.connections("open")],
        "distinct": found.distinct,
        "frequent": [_frequent(genome, share) for genome, share in found.frequent],
    }


def _frequent(genome: Genome, share: float) -> dict[str, Any]:
    return {"share": share, "connections": genome.connections, "genome": genome.to_dict()}


def _pattern(found: Pattern) -> dict[str, Any]:
    return {
        "by_layer": [use.to_dict() for use in found.by_layer],
        "by_distance": [use.to_dict() for use in found.by_distance],
        "last_layer": None if found.last is None else found.last.to_dict(),
        "layers_without": list(found.without),
        **_least(found, with_default=False),
        "with_default": _least(found, with_default=True),
    }


def _least(found: Pattern, *, with_default: bool) -> dict[str, Any]:
    """Which layers use less than a third or half of their sources, and which share of the layers does not."""
    return {
        "layers_below": {
            name: list(found.below(part, with_default=with_default)) for name, part in _PARTS.items()
        },
        "share_of_layers": {
            name: found.share_of_layers(part, with_default=with_default) for name, part in _PARTS.items()
        },
    }


def _neurons(average: Average) -> list[dict[str, Any]]:
    return [
        {"layer": layer, "neuron": winner, "share": shares[winner]}
        for layer, (winner, shares) in enumerate(
            zip(average.neurons, average.neuron_shares, strict=True), start=1
        )
    ]


def _connections(average: Average, resampled: Bootstrap) -> list[dict[str, Any]]:
    return [
        {
            "destination": d,
            "source": s,
            "share": float(average.share[d - 1, s - 1]),
            "low": float(resampled.low[d - 1, s - 1]),
            "high": float(resampled.high[d - 1, s - 1]),
            "resamples_on": float(resampled.on[d - 1, s - 1]),
            "state": resampled.state((d, s)),
        }
        for d, s in extra_places(average.layers)
    ]


def _sample(sample: Sample) -> dict[str, Any]:
    """Effects and dependence over a sample, or the sentences that say why there is none."""
    found: dict[str, Any] = {
        "random": sample.random,
        "networks": len(sample.scores),
        "left_out": sample.left_out,
        "alone": _effects(effects_alone(sample.genomes, sample.scores)),
    }
    try:
        found["beside_others"] = _effects(effects_beside_others(sample.genomes, sample.scores))
    except InputError as error:
        found |= {"beside_others": None, "not_beside_others": str(error)}
    try:
        found["dependence"] = dependence(sample.genomes, sample.scores).to_dict()
    except InputError as error:
        found |= {"dependence": None, "no_dependence": str(error)}
    return found


def _effects(effects: Sequence[Effect]) -> list[Mapping[str, Any]]:
    return [effect.to_dict() for effect in effects]


def _named(connection: tuple[int, int]) -> dict[str, int]:
    return dict(zip(("destination", "source"), connection, strict=True))
