"""Every evaluation of a small space, as arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Final, Self, final

import numpy as np
from numpy.typing import NDArray

from evaluation.digest import digest
from genome import DesignSpace, Evaluation, Genome, InputError, Request

ARRAYS: Final = ("valid_nmse_db", "valid_ratio_db", "test_nmse_db", "test_ratio_db", "seconds")
MOST_GENOMES: Final = 1 << 20
"""Largest space that a table may hold; a bound against arrays that fill the memory."""

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False)
class Table:
    """The evaluations of all N genomes of a space on the first of S seeds, and of some genomes on the others.

    Genomes stand in the order of ``DesignSpace.enumerate``. NaN stands for a genome that was not trained with
    a seed, inf from the stage on that a network diverged at.

    Attributes:
        name: of the table.
        space: whose genomes it holds; K layers.
        settings: what the evaluations depend on beside their request, as of the evaluator that made them.
        valid_nmse_db: validation NMSE after each stage, mean of per-sample dB, ``(S, N, K)``.
        valid_ratio_db: the same as dB of the ratio of sums.
        test_nmse_db: test NMSE after the last stage, ``(S, N)``.
        test_ratio_db: the same as dB of the ratio of sums.
        seconds: each genome's share of the training time, ``(S, N)``.

    Raises:
        InputError: the space is too large, or an array has another shape or type.
    """

    name: str
    space: DesignSpace
    settings: Mapping[str, Any]
    valid_nmse_db: Array
    valid_ratio_db: Array
    test_nmse_db: Array
    test_ratio_db: Array
    seconds: Array

    def __post_init__(self) -> None:
        size, layers = self.space.size, self.space.layers
        if size > MOST_GENOMES:
            raise InputError(f"The space of a table must have at most {MOST_GENOMES} genomes, got {size}.")
        seeds = len(self.valid_nmse_db)
        for field in fields(self):
            if field.name not in ARRAYS:
                continue
            array = getattr(self, field.name)
            shape = (seeds, size, layers) if field.name.startswith("valid") else (seeds, size)
            if array.dtype != np.float64 or array.shape != shape or not seeds:
                raise InputError(
                    f"The array {field.name} of table {self.name} must be float64 of shape {shape}, "
                    f"got {array.dtype} of shape {array.shape}."
                )

    @classmethod
    def of(
        cls, name: str, space: DesignSpace, settings: Mapping[str, Any], evaluations: Iterable[Evaluation]
    ) -> Self:
        """Make a table of evaluations that read the test split: all genomes on seed 0, others on the next.

        Raises:
            InputError: a genome of the space is missing on seed 0, or an evaluation is of another setting, of
                another draw, or did not read the test split.
        """
        by_seed: dict[int, list[Evaluation]] = {}
        setting = digest(dict(settings))
        for evaluation in evaluations:
            request = evaluation.request
            if evaluation.setting != setting or request.draw or not request.test:
                raise InputError(
                    f"A table holds tested evaluations on draw 0 in one setting, got {request} in another."
                )
            by_seed.setdefault(request.seed, []).append(evaluation)
        if sorted(by_seed) != list(range(len(by_seed))) or len(by_seed.get(0, ())) != space.size:
            raise InputError(
                f"A table needs all {space.size} genomes on seed 0, and seeds in a row, got "
                + (", ".join(f"{len(by_seed[seed])} on seed {seed}" for seed in sorted(by_seed)) or "none")
                + "."
            )
        table = cls(name, space, settings, *_empty(len(by_seed), space))
        for seed, known in by_seed.items():
            places = [table.index(evaluation.genome) for evaluation in known]
            for array in ARRAYS:
                getattr(table, array)[seed, places] = [getattr(evaluation, array) for evaluation in known]
        return table

    @cached_property
    def setting(self) -> str:
        """Digest of the settings, as of the evaluator that made the evaluations."""
        return digest(dict(self.settings))

    @property
    def seeds(self) -> int:
        """Number of seeds; they are 0, 1, ..."""
        return len(self.valid_nmse_db)

    @property
    def scores(self) -> Array:
        """Validation NMSE after the last stage on seed 0, ``(N,)``; inf if diverged."""
        last: Array = self.valid_nmse_db[0, :, -1]
        return last

    @cached_property
    def connections(self) -> NDArray[np.int64]:
        """Number of extra connections of every genome, ``(N,)``."""
        return np.array([genome.connections for genome in self.space.enumerate()])

    @cached_property
    def _radix(self) -> tuple[tuple[str, dict[Any, int], int], ...]:
        """Every choice with the place of each option, and what one place is worth in an index."""
        worth, entries = self.space.size, []
        for name, options in self.space.choices.items():
            worth //= len(options)
            entries.append((name, {option: place for place, option in enumerate(options)}, worth))
        return tuple(entries)

    def index(self, genome: Genome) -> int:
        """Place of a genome in the order of ``DesignSpace.enumerate``.

        Raises:
            InputError: the genome is not in the space.
        """
        options = self.space.encode(genome)
        return sum(places[options[name]] * worth for name, places, worth in self._radix)

    def evaluation(self, request: Request) -> Evaluation:
        """Look an evaluation up: to the bit what training gave; its seconds are those of all stages.

        Raises:
            InputError: the table does not have it.
        """
        place = self.index(request.genome)
        known = request.draw == 0 and request.seed < self.seeds
        if not known or math.isnan(self.seconds[request.seed, place]):
            raise InputError(
                f"Table {self.name} has draw 0, every genome on seed 0 and some on seeds up to "
                f"{self.seeds - 1}, got genome {request.genome.digest} on seed {request.seed}, "
                f"draw {request.draw}."
            )
        where = request.seed, place
        nmse = _floats(self.valid_nmse_db[where][: request.stages])
        return Evaluation(
            request=request,
            setting=self.setting,
            status="diverged" if nmse[-1] == math.inf else "complete",
            valid_nmse_db=nmse,
            valid_ratio_db=_floats(self.valid_ratio_db[where][: request.stages]),
            test_nmse_db=float(self.test_nmse_db[where]) if request.test else None,
            test_ratio_db=float(self.test_ratio_db[where]) if request.test else None,
            seconds=float(self.seconds[where]),
        )


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(values.tolist())


def _empty(seeds: int, space: DesignSpace) -> Sequence[Array]:
    per_stage = (seeds, space.size, space.layers)
    return [np.full(per_stage if name.startswith("valid") else per_stage[:2], np.nan) for name in ARRAYS]
