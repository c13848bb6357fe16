"""Whether a finding holds, on scores that are made to show it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.comparison import Interval
from apps.study.content import Finding, cells
from apps.study.verdicts import Better, by_interval, judge, together
from genome import InputError

SEEDS = range(5)
NOISE = np.random.default_rng(3).normal(0, 0.05, (4, len(SEEDS)))


def scores(*means: float) -> dict[str, dict[int, float]]:
    """Models A, B, ... around their means, with a seed's own level in common."""
    return {
        name: {seed: mean + seed + NOISE[place, seed] for seed in SEEDS}
        for place, (name, mean) in enumerate(zip("ABCD", means, strict=False))
    }


def one(models: dict[str, dict[int, float]], *claim: str, sign: int = 1) -> Finding:
    """What becomes of the finding that the first of some models is better than the others."""
    subject, *references = claim
    wanted = Better("A finding.", subject, tuple(references))
    (finding,) = judge(models, [wanted], "Table 1", "sum", sign).findings
    return finding


def test_better_than_all_holds_worse_than_one_fails_and_what_noise_hides_is_not_shown() -> None:
    models = scores(-20.0, -19.0, -18.0, -19.99)
    assert one(models, "A", "B", "C").answer == "holds"
    assert one(models, "B", "A", "C").answer == "fails"
    assert one(models, "A", "B", "D").answer == "not shown"
    assert one(models, "B", "A", "D").answer == "fails"


def test_the_difference_is_the_subjects_whatever_order_the_pair_was_tested_in() -> None:
    models = scores(-20.0, -19.0)
    both = [Better("First.", "A", ("B",)), Better("Second.", "B", ("A",))]
    first, second = judge(models, both, "Table 1", "sum").findings
    assert (first.answer, second.answer) == ("holds", "fails")
    assert first.difference is not None
    assert second.difference is not None
    assert first.difference.mean == pytest.approx(-second.difference.mean) == pytest.approx(-1.0, abs=0.1)
    assert first.sentence.startswith(f"{first.difference.mean:+.2f} dB [")


def test_a_metric_of_which_more_is_better_is_shown_with_its_sign() -> None:
    found = one(scores(-30.0, -29.0), "A", "B", sign=-1)
    assert found.answer == "holds"
    assert found.difference is not None
    assert 0 < found.difference.low < found.difference.mean < found.difference.high


def test_correction_counts_the_pairs_of_all_findings_judged_together_and_no_other() -> None:
    values = {"A": [0.0] * 5, "B": [0.3, 0.9, 0.1, 0.8, 0.6]}
    models = {name: dict(zip(SEEDS, each, strict=True)) for name, each in values.items()}
    rng = np.random.default_rng(0)
    models |= {name: dict(enumerate(rng.normal(0.3, 2.0, 5).tolist())) for name in ("C", "D")}
    alone = Better("A finding.", "A", ("B",))
    assert judge(models, [alone], "", "").findings[0].answer == "holds"
    others = [Better("Another.", a, (b,)) for a, b in ("AC", "AD", "BC", "BD", "CD")]
    judged = judge(models, [alone, *others], "", "")
    assert judged.findings[0].answer == "not shown"
    assert len(judged.tests) == 6
    assert judge(models, [alone, alone], "", "").findings[0].answer == "holds"


def test_divergence_is_an_answer_of_its_own() -> None:
    models = scores(-20.0, -19.0, -18.0)
    models["C"][2] = math.inf
    assert one(models, "A", "B").answer == "holds"
    assert one(models, "A", "B", "C").answer == "diverged"


def test_a_finding_about_a_model_that_is_not_there_is_left_out() -> None:
    assert judge(scores(-20.0, -19.0), [Better("A finding.", "A", ("D",))], "", "").findings == []


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "not shown"], "not shown"),
        (["not shown", "fails", "holds"], "fails"),
        (["diverged", "fails"], "fails"),
        (["not shown", "diverged"], "diverged"),
    ],
)
def test_several_answers_give_one(answers: list, expected: str) -> None:  # type: ignore[type-arg]
    assert together(answers) == expected


@pytest.mark.parametrize(
    ("low", "high", "below", "expected"),
    [(-2, -1, True, "holds"), (-2, -1, False, "fails"), (1, 2, False, "holds"), (-1, 1, True, "not shown")],
)
def test_an_interval_on_one_side_answers(low: float, high: float, below: bool, expected: str) -> None:
    assert by_interval(Interval((low + high) / 2, low, high), below=below) == expected


def test_cells_name_the_best_and_the_gap_in_the_published_sign() -> None:
    models = scores(-30.0, -29.0)
    made = cells(models, {"A": 31.0}, sign=-1)
    mean = sum(models["A"].values()) / 5
    assert made["A"]["mean"] == pytest.approx(-mean)
    assert made["A"]["gap"] == pytest.approx(-mean - 31.0)
    assert made["A"]["low"] < made["A"]["mean"] < made["A"]["high"]
    assert made["A"]["best"] is True
    assert "best" not in made["B"]
    assert "reported" not in made["B"]


def test_models_without_all_seeds_are_refused() -> None:
    models = scores(-20.0, -19.0)
    models["B"].pop(4)
    with pytest.raises(InputError, match=r"the same seeds .*, got seed 4"):
        one(models, "A", "B")
