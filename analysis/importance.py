"""What each extra connection does to the score, over the networks that were evaluated.

Two questions are asked of the same evaluations. *Alone*: do networks that have a connection score better than
those that have not? *Beside the others*: what does it add in a sum of one term for every connection and every
other choice? Over networks drawn at random both estimate an effect. Over a search's own they describe what it
evaluated: it concentrates where scores are good, so that connections come together and few networks are
without a good one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from analysis.comparison import CONFIDENCE
from analysis.significance import holm
from genome.errors import InputError
from genome.gates import flat_gates
from genome.genome import Genome
from genome.patterns import extra_places

_NEGLIGIBLE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Effect:
    """What one extra connection does to the score.

    Attributes:
        destination: layer that takes it, from 1.
        source: layer that it comes from.
        on: how many of the networks have it.
        off: how many have not.
        mean: score with it minus score without it in dB; negative where it helps.
        low: lower end of the 95% interval, which is not corrected for the number of connections.
        high: upper end.
        p: of the two-sided t-test that it does nothing.
        p_holm: the same after Holm's correction for all connections measured.
    """

    destination: int
    source: int
    on: int
    off: int
    mean: float
    low: float
    high: float
    p: float
    p_holm: float

    @property
    def connection(self) -> tuple[int, int]:
        """Destination and source."""
        return self.destination, self.source

    def to_dict(self) -> dict[str, float]:
        """The numbers as JSON data."""
        return asdict(self)


def effects_alone(genomes: Sequence[Genome], scores: ArrayLike) -> list[Effect]:
    """Compare, for each extra connection, the networks that have it with those that have not.

    The interval and the p-value are of Welch's t-test, which does not take the two groups to spread alike.

    Args:
        genomes: distinct ones of one depth.
        scores: one for each in dB, finite.

    Returns:
        In ascending order, the connections that at least two networks have and two have not, where the scores
        of one of the two groups differ.

    Raises:
        InputError: no genome, another number of scores, one that is not finite, or genomes that differ in
            depth.
    """
    values = checked_scores(genomes, scores)
    gates = np.array([flat_gates(genome.gates) for genome in genomes], dtype=np.bool_)
    found = []
    for place, connection in enumerate(extra_places(genomes[0].layers)):
        having = gates[:, place]
        on, off = values[having], values[~having]
        if min(len(on), len(off)) >= 2 and (np.ptp(on) or np.ptp(off)):
            found.append(
                _Measured(connection, len(on), len(off), float(on.mean() - off.mean()), *_welch(on, off))
            )
    return _corrected(found)


def effects_beside_others(genomes: Sequence[Genome], scores: ArrayLike) -> list[Effect]:
    """Fit a sum of one term for every choice that varies, by least squares, and give the connections' terms.

    Beside the connections the choices are each layer's neuron, side connection, weights and threshold. The
    interval and the p-value are those of ordinary least squares, which takes the errors to spread alike and
    the sum to be the truth; where choices act together, an effect is a mean over what they were together
    with.

    Args:
        genomes: distinct ones of one depth, more than there are terms.
        scores: one for each in dB, finite.

    Returns:
        In ascending order, the connections whose term is determined: one that only ever came together with
        other choices is left out. None where all scores are equal.

    Raises:
        InputError: as for ``effects_alone``, and where there are not more genomes than terms.
    """
    values = checked_scores(genomes, scores)
    gates = np.array([flat_gates(genome.gates) for genome in genomes], dtype=np.float64)
    varying = np.flatnonzero(np.ptp(gates, axis=0)) if gates.size else np.array([], dtype=np.intp)
    terms = np.column_stack([gates[:, varying], np.ones(len(genomes)), *_other_choices(genomes)])
    if len(terms) <= terms.shape[1]:
        raise InputError(
            f"Effects beside each other need more networks than the {terms.shape[1]} choices that vary among "
            f"them, got {len(terms)}."
        )
    if not np.ptp(values):
        return []
    left, sizes, right = np.linalg.svd(terms, full_matrices=False)
    rank = int(np.sum(sizes > sizes[0] * max(terms.shape) * np.finfo(np.float64).eps))
    inverse = right[:rank].T / sizes[:rank]
    weights = inverse @ (left[:, :rank].T @ values)
    freedom = len(terms) - rank
    error = float(np.sum((values - terms @ weights) ** 2)) / freedom
    places, found = extra_places(genomes[0].layers), []
    for term, place in enumerate(varying.tolist()):
        spread = float(np.sqrt(error * np.sum(inverse[term] ** 2)))
        determined = np.sum(right[rank:, term] ** 2) < _NEGLIGIBLE
        if determined and spread > 0.0:
            on = int(gates[:, place].sum())
            mean = float(weights[term])
            found.append(_Measured(places[place], on, len(terms) - on, mean, spread, freedom))
    return _corrected(found)


def checked_scores(genomes: Sequence[Genome], scores: ArrayLike) -> NDArray[np.float64]:
    """Scores as an array, one a genome.

    Raises:
        InputError: no genome, another number of scores, one that is not finite, or genomes that differ in
            depth.
    """
    values = np.asarray(scores, dtype=np.float64)
    if not len(genomes) or values.shape != (len(genomes),):
        raise InputError(
            f"An analysis of scores needs one for each genome, got {values.size} for {len(genomes)} genomes."
        )
    if not np.isfinite(values).all():
        raise InputError(f"Scores to be analyzed must be finite, got {values[~np.isfinite(values)][0]}.")
    depths = sorted({genome.layers for genome in genomes})
    if len(depths) > 1:
        raise InputError(f"Genomes to be analyzed must have one depth, got {depths[0]} and {depths[-1]}.")
    return values


@dataclass(frozen=True, slots=True)
class _Measured:
    """An effect with its standard error and degrees of freedom."""

    connection: tuple[int, int]
    on: int
    off: int
    mean: float
    error: float
    freedom: float

    @property
    def p(self) -> float:
        return 2.0 * float(stdtr(self.freedom, -abs(self.mean) / self.error))

    @property
    def half(self) -> float:
        return float(stdtrit(self.freedom, (1.0 + CONFIDENCE) / 2.0)) * self.error


def _welch(on: NDArray[np.float64], off: NDArray[np.float64]) -> tuple[float, float]:
    """Standard error and degrees of freedom of Welch's t-test."""
    parts = [float(group.var(ddof=1)) / len(group) for group in (on, off)]
    total = sum(parts)
    shares = (part**2 / (len(group) - 1) for part, group in zip(parts, (on, off), strict=True))
    return float(np.sqrt(total)), total**2 / sum(shares)


def _corrected(found: Sequence[_Measured]) -> list[Effect]:
    adjusted = holm([each.p for each in found])
    return [
        Effect(
            *each.connection,
            on=each.on,
            off=each.off,
            mean=each.mean,
            low=each.mean - each.half,
            high=each.mean + each.half,
            p=each.p,
            p_holm=p_holm,
        )
        for each, p_holm in zip(found, adjusted, strict=True)
    ]


def _other_choices(genomes: Sequence[Genome]) -> Iterable[NDArray[np.float64]]:
    """A column (G,) for every option but the first of every choice beside connections that varies."""
    parts = (
        np.array([genome.neurons for genome in genomes]),
        np.array([genome.side for genome in genomes]),
        np.array([genome.weights for genome in genomes]),
        np.array([genome.thresholds for genome in genomes]),
    )
    for part in parts:
        for layer in part.T:
            yield from ((layer == option).astype(np.float64) for option in np.unique(layer)[1:])
