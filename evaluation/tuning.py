"""The search for the numbers of networks that are not trained by stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from math import ceil, inf, isinf, prod
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from builders.cells import Cell
from builders.genes import Genes
from builders.unroll import filled, unroll
from evaluation.backend import ThreadBackend
from evaluation.digest import Json
from evaluation.nmse import Nmse
from evaluation.phase import CancelledError, Member, Trainer
from evaluation.probe import Crew
from evaluation.problems.dataset import Split
from evaluation.stage import StageState
from evaluation.trie import Progress
from genome import Genome, InputError, Request

Places = NDArray[np.float64]

_SEARCH, _SAMPLES = 0, 1
_LEAST_VARIANCE = 1e-7
"""Added to that of every place: a fit to equal candidates still has one."""
_ACTIVATION = 2**19
"""Floats of a layer's output for a population, at most, where caches hold it: larger ones are slower."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """How numbers are searched: random candidates, then those of normal distributions fitted to the best.

    That is the cross-entropy method (Rubinstein, *The Cross-Entropy Method for Combinatorial and Continuous
    Optimization*, 1999). A candidate's numbers are places in [0, 1], see ``Range``. The first candidate is
    the cell's own start, the others of the first round are uniform. In every later round, candidates are
    drawn from the normal distribution with the mean and ``spread`` times the covariance of the best
    candidates of all rounds so far.

    Attributes:
        samples: training samples that a candidate is scored on; all where there are fewer.
        first: candidates of the first round.
        rounds: later rounds.
        each: candidates of a later round.
        best: candidates that a distribution is fitted to, at most ``first``.
        spread: see above; above 1, so that the search does not come to rest too early.

    Raises:
        InputError: a count is out of range, or the spread is not positive and finite.
    """

    samples: int = 256
    first: int = 96
    rounds: int = 8
    each: int = 32
    best: int = 8
    spread: float = 1.5

    def __post_init__(self) -> None:
        for name, least in {"samples": 1, "first": 1, "rounds": 0, "each": 1}.items():
            if getattr(self, name) < least:
                raise InputError(f"The tuning's {name} must be at least {least}, got {getattr(self, name)}.")
        if not 0 < self.spread < inf:
            raise InputError(f"The tuning's spread must be positive and finite, got {self.spread}.")
        if self.rounds and not 2 <= self.best <= self.first:
            raise InputError(f"The tuning's best must be in 2..{self.first}, got {self.best}.")

    def to_dict(self) -> dict[str, Json]:
        """Everything that the search depends on."""
        values: dict[str, Json] = asdict(self)
        return values


def check_whole(cell: Cell, requests: Iterable[Request]) -> None:
    """Refuse requests for some stages of a cell that is not trained by stages.

    Raises:
        InputError: there is one.
    """
    for request in requests:
        if request.stages is not None and not cell.trained_by_stages:
            raise InputError(
                f"Cell {cell.name!r} is not trained by stages, so that there are no first ones to train, "
                f"got a request for {request.stages} stages of {request.genome.layers}."
            )


@final
class Tuner:
    """Searches the numbers of one network after the other.

    A round's candidates are scored as members of populations. How they are divided changes no result: it is a
    function of member, problem, protocol and tuning.

    Args:
        trainer: what the run shares.
        tuning: the budget.
        backend: where populations of candidates run.
        crew: their largest size, and how many run at once.
    """

    def __init__(self, trainer: Trainer, tuning: Tuning, backend: ThreadBackend, crew: Crew) -> None:
        self._trainer, self._tuning, self._backend, self._crew = trainer, tuning, backend, crew
        self._ranges = trainer.cell.ranges()
        self._sizes = [prod(trainer.layout.shape(name)) for name in self._ranges]

    def run(
        self, members: Sequence[Member], progress: Callable[[Progress], None]
    ) -> Iterator[tuple[Member, StageState]]:
        """Yield each member with its state, as soon as it is known.

        Args:
            members: distinct networks of depth K.
            progress: told how far the search is.
        """
        layers, rounds = self._trainer.layout.layers, self._tuning.rounds + 1
        for place, member in enumerate(members):

            def tell(done: int, before: int = place) -> None:
                progress(Progress(layers, layers, (before + done / rounds) / len(members)))

            yield member, self._tune(member, tell)

    def _tune(self, member: Member, tell: Callable[[int], None]) -> StageState:
        """Find the numbers that are best on training samples, and score the network after each layer."""
        start = time.perf_counter()
        split = self._samples(member)
        rng = _generator(member.seed, _SEARCH)
        places, scores = np.zeros((0, sum(self._sizes))), np.zeros(0)
        for index in range(self._tuning.rounds + 1):
            candidates = self._candidates(index, places, scores, rng)
            found = self._score(member.genome, self._rows(candidates), split)
            places, scores = np.concatenate((places, candidates)), np.concatenate((scores, found))
            tell(index + 1)
        row = self._rows(places[[np.argmin(scores)]])
        valid = self._trainer.tables.split(member.draw, "valid")

        def validate(best: Tensor) -> list[Nmse]:
            return layer_scores(self._trainer, member.genome, best, valid)

        ((_, stages),) = self._backend.run(validate, [row], 1)
        return StageState(
            row[0].cpu(),
            _until_divergence([stage.mean_db[0] for stage in stages]),
            _until_divergence([stage.ratio_db[0] for stage in stages]),
            time.perf_counter() - start,
        )

    def _samples(self, member: Member) -> Split:
        """The training samples that candidates are scored on: which ones, the seed says."""
        split = self._trainer.tables.split(member.draw, "train")
        count = min(self._tuning.samples, split.samples)
        rows = _generator(member.seed, _SAMPLES).permutation(split.samples)[:count]
        chosen = torch.from_numpy(np.sort(rows)).to(split.b.device)
        groups = None if split.groups is None else split.groups[chosen]
        return Split(split.b[chosen], split.x[chosen], groups)

    def _candidates(self, index: int, places: Places, scores: Places, rng: np.random.Generator) -> Places:
        """Places of a round, ``(candidates, numbers)``."""
        tuning = self._tuning
        if index == 0:
            return np.concatenate((self._start(), rng.random((tuning.first - 1, places.shape[1]))))
        best = places[np.argsort(scores, kind="stable")[: tuning.best]]
        covariance = tuning.spread * np.atleast_2d(np.cov(best.T)) + _LEAST_VARIANCE * np.eye(best.shape[1])
        drawn = rng.multivariate_normal(best.mean(axis=0), covariance, tuning.each, method="cholesky")
        return np.clip(drawn, 0.0, 1.0)

    def _start(self) -> Places:
        initial = self._trainer.layout.views(self._trainer.layout.initial()[None])
        numbers = [(r, number) for name, r in self._ranges.items() for number in initial[name].flatten()]
        return np.array([[r.place(float(number)) for r, number in numbers]])

    def _rows(self, places: Places) -> Tensor:
        """Parameters of candidates, ``(candidates, size)``, on the device."""
        layout = self._trainer.layout
        rows = layout.initial().repeat(len(places), 1)
        ends = np.cumsum(self._sizes)[:-1]
        for (name, r), part in zip(self._ranges.items(), np.split(places, ends, axis=1), strict=True):
            view = layout.views(rows)[name]
            view.copy_(torch.from_numpy(r.at(part)).view(view.shape))
        return rows.to(self._trainer.device)

    def _score(self, genome: Genome, rows: Tensor, split: Split) -> Places:
        """Score of every candidate, ``(candidates,)``."""
        output = min(split.samples, self._trainer.protocol.batch) * self._trainer.tables.n
        size = min(self._crew.unit, ceil(len(rows) / self._crew.workers), max(1, _ACTIVATION // output))
        units = range(0, len(rows), size)

        def score(first: int) -> Sequence[float]:
            part = rows[first : first + size]
            (scored,) = layer_scores(self._trainer, genome, part, split, last=True)
            return scored.mean_db

        scores = np.empty(len(rows))
        for first, found in self._backend.run(score, units, self._crew.workers):
            scores[first : first + size] = found
        return scores


@torch.no_grad()
def layer_scores(
    trainer: Trainer, genome: Genome, rows: Tensor, split: Split, *, last: bool = False
) -> list[Nmse]:
    """Scores of a population of one genome after each layer, from one pass over a split.

    Args:
        trainer: what the run shares.
        genome: the architecture.
        rows: parameters of the members, ``(P, size)``.
        split: the samples, the same for every member.
        last: whether only the last layer is scored.

    Returns:
        One a layer that is scored.

    Raises:
        CancelledError: the trainer was asked to stop.
    """
    members, n = len(rows), trainer.tables.n
    genes = Genes.of([genome] * members, trainer.device)
    weights = trainer.injection.weights(genes.gates)
    values = {**trainer.layout.views(rows), **trainer.constants}
    layers = range(genome.layers - 1 if last else 0, genome.layers)
    errors: list[list[Tensor]] = [[] for _ in layers]
    size = trainer.protocol.batch
    for measured, target in zip(torch.split(split.b, size), torch.split(split.x, size), strict=True):
        if trainer.cancelled():
            raise CancelledError
        b, x = measured.expand(members, -1, -1), target.expand(members, -1, -1)
        signals = unroll(trainer.cell, trainer.injection, genes, weights, values, filled(b), n)
        for layer, kept in zip(layers, errors, strict=True):
            found = signals[layer][:, : b.shape[1]]
            kept.append(trainer.objective.residual(found, x).square().sum(dim=2))
    energies = split.x.square().sum(dim=1).expand(members, -1).cpu().double()
    groups = None if split.groups is None else split.groups.cpu()
    norms = [torch.cat(kept, dim=1).cpu().double() for kept in errors]
    return [trainer.metric.scores(each, energies, groups) for each in norms]


def _until_divergence(scores: Sequence[float]) -> tuple[float, ...]:
    """The scores of consecutive layers; infinity from the first infinity on."""
    return tuple(accumulate(scores, lambda before, score: before if isinf(before) else score))


def _generator(seed: int, purpose: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence((seed, purpose)))
