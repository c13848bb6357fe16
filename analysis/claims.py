"""Claims fixed before the numbers are seen, and the plain sentence that says what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from analysis.comparison import Divergence, PairedDifference, Values, compare
from analysis.shown import NMSE, Shown
from genome.errors import InputError

Kind = Literal["better_by", "not_worse_by"]
Answer = Literal["true", "false", "not shown", "diverged"]
"""What a claim turned out to be; see `judge`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Subject is at least `margin_db` better than reference, or not more than `margin_db` worse.

    Better by a margin of 0 is plainly better: a network is not better than itself.

    Raises:
        InputError: if the margin is negative or not finite.
    """

    subject: str
    reference: str
    kind: Kind
    margin_db: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.margin_db < float("inf"):
            raise InputError(
                f"The margin of a claim must be a finite number of dB, at least 0, got {self.margin_db}."
            )

    @property
    def bound_db(self) -> float:
        """What subject minus reference (dB, lower is better) must not exceed for the claim to be true."""
        return -self.margin_db if self.kind == "better_by" else self.margin_db

    def __str__(self) -> str:
        if self.kind == "better_by" and not self.margin_db:
            return f"{self.subject} is better than {self.reference}"
        if self.kind == "better_by":
            return f"{self.subject} is at least {self.margin_db:g} dB better than {self.reference}"
        return f"{self.subject} is not worse than {self.reference} by more than {self.margin_db:g} dB"


@dataclass(frozen=True, slots=True)
class ConnectionClaim:
    """Subject uses at most `fraction` of the reference's extra connections (the default ones do not count).

    Raises:
        InputError: if the fraction is not in [0, 1].
    """

    subject: str
    reference: str
    fraction: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.fraction <= 1.0:
            raise InputError(f"The fraction of a connection claim must lie in [0, 1], got {self.fraction}.")

    def __str__(self) -> str:
        return f"{self.subject} uses at most {self.fraction:.0%} of {self.reference}'s extra connections"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A claim, what it turned out to be, one sentence with the numbers, and the difference behind it."""

    claim: Claim | ConnectionClaim
    answer: Answer
    sentence: str
    difference: PairedDifference | None = None

    @property
    def holds(self) -> bool:
        """Whether the claim was shown to be true."""
        return self.answer == "true"

    def to_dict(self) -> dict[str, object]:
        """The verdict as JSON data: ``sentence``, ``holds`` and ``verdict`` (the answer)."""
        return {"sentence": self.sentence, "holds": self.holds, "verdict": self.answer}


def judge(claim: Claim, models: Mapping[str, Values], shown: Shown = NMSE) -> Verdict:
    """Judge a claim by the two-sided 95% interval of the paired difference, subject minus reference.

    The whole interval must support the claim. With the bound -margin for `better_by` and +margin for
    `not_worse_by` (lower dB is better):

    * ``true``: the upper end of the interval is at most the bound (below it, where the margin of
      `better_by` is 0);
    * ``false``: the lower end is above the bound (at least the bound, there);
    * ``not shown``: the interval straddles the bound, so these seeds do not tell;
    * ``diverged``: a training of either model diverged, so there is no interval.

    Only ``true`` holds. Each claim is judged on its own: with several claims the chance that at least one
    comes out true (or false) by luck is higher than an interval's 5%, and no correction for this is made.

    Args:
        claim: the claim, with its margin fixed before the values were seen.
        models: model name -> seed -> test score in dB, from seeds that took no part in the selection.
        shown: how the sentence shows the difference.

    Raises:
        InputError: for an unknown model, unpaired seeds or fewer than two of them.
    """
    difference = compare(models, claim.subject, claim.reference)
    if isinstance(difference, Divergence):
        return Verdict(claim, "diverged", f"Not shown: {claim}, because {difference}.")
    mean, low, high = shown.interval(
        {"mean": difference.mean, "low": difference.low, "high": difference.high}
    )
    numbers = f"difference {mean:+.2f} dB, 95% interval {low:+.2f} to {high:+.2f} dB, {difference.n} seeds"
    strict = claim.kind == "better_by" and claim.margin_db == 0.0
    if difference.high < claim.bound_db or (difference.high == claim.bound_db and not strict):
        return Verdict(claim, "true", f"True: {claim} ({numbers}).", difference)
    if difference.low > claim.bound_db or (difference.low == claim.bound_db and strict):
        return Verdict(claim, "false", f"False: {claim} ({numbers}).", difference)
    undecided = f"{numbers}, which does not settle it"
    return Verdict(claim, "not shown", f"Not shown: {claim} ({undecided}).", difference)


def judge_connections(claim: ConnectionClaim, connections: Mapping[str, int]) -> Verdict:
    """Judge a claim on numbers of extra connections, which are exact: it is true or false.

    Args:
        claim: the claim.
        connections: model name -> number of extra connections (`Genome.connections`).

    Raises:
        InputError: for an unknown model; the message lists the known ones.
    """
    for name in (claim.subject, claim.reference):
        if name not in connections:
            raise InputError(f"Unknown model {name!r} in a claim; known: {', '.join(sorted(connections))}.")
    used, available = connections[claim.subject], connections[claim.reference]
    # 0.29 * 100 is 28.999999999999996: whole numbers of connections must not fail by rounding.
    holds = used <= claim.fraction * available + 1e-9
    numbers = f"{used} of {available}" + (f", {used / available:.1%}" if available else "")
    sentence = f"{'True' if holds else 'False'}: {claim} ({numbers})."
    return Verdict(claim, "true" if holds else "false", sentence)
