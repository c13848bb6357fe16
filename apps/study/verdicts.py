"""Whether a finding of the paper holds here: by paired tests over seeds, corrected for all that are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

from analysis.comparison import Interval, Values
from analysis.significance import DivergedPair, PairedTest, paired_tests
from analysis.study_piece import Answer
from apps.study.content import Finding

LEVEL: Final = 0.05
"""Of every test, after the correction."""

_SMALLEST: Final = 1e-4


@dataclass(frozen=True)
class Tests:
    """All pairs of some models, tested together, so that the correction counts all of them.

    Attributes:
        models: scores by model and seed.
    """

    __test__ = False  # pytest collects classes that are called Test...

    models: Mapping[str, Values]

    def all(self) -> list[PairedTest | DivergedPair]:
        """Every pair once."""
        return paired_tests(self.models, list(combinations(self.models, 2)))

    def finding(
        self, paper: str, source: str, form: str, subject: str, references: Sequence[str], sign: int = 1
    ) -> Finding:
        """Judge that one model is better than each of the others.

        It holds where it is better than every one of them (p below 0.05 after Holm's correction over all
        pairs of the models), fails where it is worse than one of them, and is not shown else.

        Args:
            paper: the finding.
            source: where the paper has it.
            form: injection.
            subject: the model that should be better.
            references: the others.
            sign: -1 where differences are shown as those of the scores' negatives.
        """
        pairs = {frozenset((each.subject, each.reference)): each for each in self.all()}
        judged = [_judge(pairs[frozenset((subject, each))], subject, sign) for each in references]
        several = len(references) > 1
        sentence = "; ".join(
            f"{each.words} against {reference}" if several else each.words
            for each, reference in zip(judged, references, strict=True)
        )
        answer = together([each.answer for each in judged])
        return Finding(paper, source, form, answer, sentence, None if several else judged[0].difference)


def together(answers: Sequence[Answer]) -> Answer:
    """One answer for a finding that needs all of them."""
    for worst in ("diverged", "fails", "not shown", "not tested"):
        if worst in answers:
            return worst
    return "holds"


def by_interval(interval: Interval, *, below: bool) -> Answer:
    """Whether an interval of a mean lies wholly below 0, or above it, as it should."""
    if interval.low <= 0.0 <= interval.high:
        return "not shown"
    return "holds" if (interval.high < 0.0) == below else "fails"


def phrase(difference: Interval, rest: str) -> str:
    """A difference in words: mean, interval, and whatever else there is to say."""
    return f"{difference.mean:+.2f} dB [{difference.low:+.2f}, {difference.high:+.2f}], {rest}"


class _Judged(NamedTuple):
    answer: Answer
    words: str
    difference: Interval | None


def _judge(test: PairedTest | DivergedPair, subject: str, sign: int) -> _Judged:
    if isinstance(test, DivergedPair):
        return _Judged("diverged", str(test.divergence), None)
    turn = 1 if test.subject == subject else -1
    score = turn * test.difference.mean
    low, high = sorted(sign * turn * value for value in (test.difference.low, test.difference.high))
    shown = Interval(sign * score, low, high)
    p = f"p {test.p_holm:.2g}" if test.p_holm >= _SMALLEST else f"p < {_SMALLEST:g}"
    words = phrase(shown, f"{test.difference.n} seeds, {p}")
    if test.p_holm >= LEVEL:
        return _Judged("not shown", words, shown)
    return _Judged("holds" if score < 0 else "fails", words, shown)
