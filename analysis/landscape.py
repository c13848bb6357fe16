"""Whether a space is worth searching: what of its scores is additive, and what is noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from genome import DesignSpace, Genome, InputError


def additive_share(space: DesignSpace, genomes: Sequence[Genome], scores: ArrayLike) -> float:
    """Share of the variance of scores that a sum of one term for every option of every choice explains.

    Least squares with an intercept; 1 means that every choice can be made by itself, so that there is nothing
    to search for.

    Args:
        space: whose choices are the terms.
        genomes: of the space, more than there are terms.
        scores: one for each, finite.

    Raises:
        InputError: there are too few genomes, or all scores are equal.
    """
    y = np.asarray(scores, dtype=np.float64)
    terms = np.array([_terms(space, genome) for genome in genomes])
    if len(terms) <= terms.shape[-1] or np.ptp(y) == 0.0:
        raise InputError(
            f"An additive model needs more genomes than its {terms.shape[-1]} terms and scores that differ, "
            f"got {len(genomes)} genomes."
        )
    weights = np.linalg.lstsq(terms, y, rcond=None)[0]
    return float(1.0 - np.var(y - terms @ weights) / np.var(y))


def seed_ratio(scores: ArrayLike) -> float:
    """Variance between genomes, as a multiple of the variance between seeds of one genome.

    Args:
        scores: finite, of G genomes on S seeds, (G, S); at least two each.

    Returns:
        The variance of the genomes' scores on the first seed, divided by the mean over genomes of the
        variance over seeds; what a seed does to all genomes alike counts as variance between seeds.
    """
    values = np.asarray(scores, dtype=np.float64)
    return float(values[:, 0].var(ddof=1) / values.var(axis=1, ddof=1).mean())


def _terms(space: DesignSpace, genome: Genome) -> NDArray[np.float64]:
    chosen = space.encode(genome)
    terms = [chosen[name] == option for name, options in space.choices.items() for option in options[1:]]
    return np.array([True, *terms], dtype=np.float64)
