"""Whether a finding holds here: by paired tests over seeds, corrected for all that are made together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from analysis.comparison import Interval, Values
from analysis.significance import DivergedPair, PairedTest, paired_tests
from analysis.study_piece import Answer
from apps.study.content import Finding, Json

LEVEL: Final = 0.05
"""Of every test, after the correction."""

_SMALLEST: Final = 1e-4

_NOTHING_DB: Final = 0.005
"""Differences that two decimals do not show are none."""

ANY: Final = "any"
"""Form of a finding that is the same in all of them, or over all of them."""


@dataclass(frozen=True, slots=True)
class Better:
    """A finding to be: one model is better than each of some others.

    Attributes:
        text: the finding, in a sentence.
        subject: the model that should be better.
        references: the others.
    """

    text: str
    subject: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """Findings that were judged together.

    Attributes:
        findings: one each.
        tests: of every pair of models that they speak of.
    """

    findings: list[Finding]
    tests: list[PairedTest | DivergedPair]

    def to_list(self) -> list[Json]:
        """The tests as JSON data, without the seeds' own numbers, which are in the records."""
        kept = ({k: v for k, v in test.to_dict().items() if k != "per_seed"} for test in self.tests)
        return list(kept)


def judge(
    models: Mapping[str, Values], wanted: Sequence[Better], source: str, form: str, sign: int = 1
) -> Judged:
    """Judge findings about some models.

    A finding holds where its model is better than every other that it names (p below 0.05 after Holm's
    correction over all pairs that any of these findings names), fails where it is worse than one of them, and
    is not shown else.

    Args:
        models: scores by model and seed.
        wanted: the findings; those that name a model that is not there are left out.
        source: where they come from.
        form: injection.
        sign: -1 where differences are shown as those of the scores' negatives.
    """
    told = [each for each in wanted if {each.subject, *each.references} <= models.keys()]
    pairs = [(each.subject, reference) for each in told for reference in each.references]
    kept = list({frozenset(pair): pair for pair in reversed(pairs)}.values())
    tests = paired_tests(models, kept)
    found = {frozenset((test.subject, test.reference)): test for test in tests}
    findings = []
    for each in told:
        judged = [
            _judge(found[frozenset((each.subject, name))], each.subject, sign) for name in each.references
        ]
        several = len(judged) > 1
        sentence = "; ".join(
            f"{one.words} against {name}" if several else one.words
            for one, name in zip(judged, each.references, strict=True)
        )
        answer = together([one.answer for one in judged])
        difference = None if several else judged[0].difference
        findings.append(Finding(each.text, source, form, answer, sentence, difference))
    return Judged(findings, tests)


def together(answers: Sequence[Answer]) -> Answer:
    """One answer for a finding that needs all of them."""
    worst: tuple[Answer, ...] = ("fails", "diverged", "not shown")
    return next((answer for answer in worst if answer in answers), "holds")


def by_interval(interval: Interval, *, below: bool) -> Answer:
    """Whether an interval of a mean lies wholly below 0, or above it, as it should."""
    if interval.low <= 0.0 <= interval.high or abs(interval.mean) < _NOTHING_DB:
        return "not shown"
    return "holds" if (interval.high < 0.0) == below else "fails"


def phrase(difference: Interval, rest: str) -> str:
    """A difference in words: mean, interval, and whatever else there is to say."""
    return f"{difference.mean:+.2f} dB [{difference.low:+.2f}, {difference.high:+.2f}], {rest}"


class _Verdict(NamedTuple):
    answer: Answer
    words: str
    difference: Interval | None


def _judge(test: PairedTest | DivergedPair, subject: str, sign: int) -> _Verdict:
    if isinstance(test, DivergedPair):
        return _Verdict("diverged", str(test.divergence), None)
    turn = 1 if test.subject == subject else -1
    score = turn * test.difference.mean
    low, high = sorted(sign * turn * value for value in (test.difference.low, test.difference.high))
    shown = Interval(sign * score, low, high)
    p = f"p {test.p_holm:.2g}" if test.p_holm >= _SMALLEST else f"p < {_SMALLEST:g}"
    words = phrase(shown, f"{test.difference.n} seeds, {p}")
    if test.p_holm >= LEVEL or abs(score) < _NOTHING_DB:
        return _Verdict("not shown", words, shown)
    return _Verdict("holds" if score < 0 else "fails", words, shown)
