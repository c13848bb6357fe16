"""The runs of an analysis: what each search and its control evaluated, and whether they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import optimizers
from analysis.average import Average, average
from analysis.choose import top
from apps.analyze.options import AnalyzeOptions
from apps.export.searched import Searched, read_json, read_search
from apps.search.control import RANDOM, control_seed
from evaluation.archive import Archive
from genome import Evaluation, Genome, InputError, Request
from genome.strict import integer, shown

_SHARED: Final = ("problem", "protocol", "cell", "space")
"""Settings in which runs that are analyzed together must agree."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Networks with scores, as importance is measured over.

    Attributes:
        random: whether they were drawn at random; otherwise a search chose them.
        genomes: those trained whole that did not diverge, distinct.
        scores: of these in dB, lower is better.
        left_out: how many others were evaluated: diverged, or dropped before the last stage.
    """

    random: bool
    genomes: Sequence[Genome]
    scores: Sequence[float]
    left_out: int


@dataclass(frozen=True, slots=True)
class AnalyzedRun:
    """One run, with everything of it checked.

    Attributes:
        name: of the run directory, and a number where another run has the same.
        folder: the run directory.
        searched: what the search evaluated.
        leaders: the best evaluations, best first.
        against: how many of these make the other average.
        samples: what importance is measured over, random networks first.
    """

    name: str
    folder: Path
    searched: Searched
    leaders: Sequence[Evaluation]
    against: int
    samples: Sequence[Sample]

    @property
    def average(self) -> Average:
        """Average of the best."""
        return average(evaluation.genome for evaluation in self.leaders)

    @property
    def other(self) -> Average:
        """Average of the fewer, or as many, best that it is compared with."""
        return average(evaluation.genome for evaluation in self.leaders[: self.against])


def read_runs(options: AnalyzeOptions) -> list[AnalyzedRun]:
    """Read all runs; nothing is written.

    Raises:
        InputError: a run cannot be read, has too few finished evaluations, or does not belong to the others.
    """
    folders = [folder.resolve() for folder in options.runs]
    for number, folder in enumerate(folders):
        if folder in folders[:number]:
            raise InputError(f"A run must be given once, got {options.runs[number]} twice.")
    names = [folder.name for folder in folders]
    found = []
    for number, folder in enumerate(options.runs):
        earlier = names[:number].count(names[number])
        name = f"{names[number]}-{earlier + 1}" if earlier else names[number]
        found.append(_read(folder, name, options))
    for first, second in pairwise(found):
        _refuse_mixed(first, second)
    return found


def _read(folder: Path, name: str, options: AnalyzeOptions) -> AnalyzedRun:
    searched = read_search(folder, options.archive)
    count = options.top or integer(searched.settings.get("top"), f"The top of {folder}", 1, 10**9)
    against = options.against or max(1, 3 * count // 5)
    if against > count:
        raise InputError(
            f"The average that is compared with must be of at most as many networks as the first, got "
            f"{against} and {count}."
        )
    leaders = top(searched.evaluations, count)
    if len(leaders) < count:
        raise InputError(
            f"The average of the best {count} networks needs as many that were trained whole, got "
            f"{len(leaders)} in {folder}; a smaller --top does."
        )
    return AnalyzedRun(name, folder, searched, leaders, against, _samples(folder, searched, options.archive))


def _samples(folder: Path, searched: Searched, archive: str | None) -> list[Sample]:
    settings = searched.settings
    own = settings["optimizer"] == RANDOM and not settings.get("halving")
    samples = [_sample(searched.evaluations, random=own)]
    count = 0 if own or not searched.finished else _controls(folder / "result.json")
    if count:
        genomes = optimizers.create(RANDOM, searched.space, control_seed(settings["seed"])).ask(count)
        setting = searched.evaluations[0].setting
        keys = [Request(genome, seed=settings["seed"]).digest(setting) for genome in genomes]
        with Archive.open(archive or folder / "archive.sqlite") as opened:
            known = opened.get(keys)
            if len(known) < len(keys):
                raise InputError(
                    f"The archive {opened.place} lacks {len(keys) - len(known)} of the {len(keys)} random "
                    f"networks that were evaluated beside the search in {folder}; run the search again."
                )
        samples.insert(0, _sample([known[key] for key in keys], random=True))
    return [sample for sample in samples if sample.scores]


def _controls(result: Path) -> int:
    """How many random networks were evaluated beside a finished search."""
    control = read_json(result).get("control")
    if control is None:
        return 0
    if not isinstance(control, dict):
        raise InputError(f"The control in {result} must be an object, got {shown(control)}.")
    return integer(control.get("evaluations"), f"The evaluations of the control in {result}", 0, 10**9)


def _sample(evaluations: Sequence[Evaluation], *, random: bool) -> Sample:
    distinct = {evaluation.key: evaluation for evaluation in evaluations}
    whole = [evaluation for evaluation in distinct.values() if evaluation.whole]
    return Sample(
        random=random,
        genomes=[evaluation.genome for evaluation in whole],
        scores=[evaluation.score for evaluation in whole],
        left_out=len(distinct) - len(whole),
    )


def _refuse_mixed(first: AnalyzedRun, second: AnalyzedRun) -> None:
    ours, theirs = first.searched.settings, second.searched.settings
    differing = [name for name in _SHARED if ours[name] != theirs[name]]
    if differing:
        raise InputError(
            f"Runs that are analyzed together must have one {', '.join(_SHARED[:-1])} and {_SHARED[-1]}, got "
            f"another {' and another '.join(differing)} in {second.folder} than in {first.folder}."
        )
