"""Whether a finding holds, on scores that are made to show it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from analysis.comparison import Interval
from apps.study.content import cells
from apps.study.verdicts import Tests, by_interval, together
from genome import InputError

SEEDS = range(5)
NOISE = np.random.default_rng(3).normal(0, 0.05, (4, len(SEEDS)))


def scores(*means: float) -> dict[str, dict[int, float]]:
    """Models A, B, ... around their means, with a seed's own level in common."""
    return {
        name: {seed: mean + seed + NOISE[place, seed] for seed in SEEDS}
        for place, (name, mean) in enumerate(zip("ABCD", means, strict=False))
    }


def answer(models: dict[str, dict[int, float]], subject: str, *references: str) -> str:
    return Tests(models).finding("A finding.", "Table 1", "sum", subject, references).answer


def test_better_than_all_holds_worse_than_one_fails_and_what_noise_hides_is_not_shown() -> None:
    models = scores(-20.0, -19.0, -18.0, -19.99)
    assert answer(models, "A", "B", "C") == "holds"
    assert answer(models, "B", "A", "C") == "fails"
    assert answer(models, "A", "B", "D") == "not shown"
    assert answer(models, "B", "A", "D") == "fails"


def test_the_order_of_the_pair_does_not_matter() -> None:
    models = scores(-20.0, -19.0)
    first = Tests(models).finding("A finding.", "Table 1", "sum", "A", ("B",))
    second = Tests(dict(reversed(models.items()))).finding("A finding.", "Table 1", "sum", "A", ("B",))
    assert first == second
    assert first.difference is not None
    assert first.difference.mean == pytest.approx(-1.0, abs=0.1)
    assert first.sentence.startswith(f"{first.difference.mean:+.2f} dB [")


def test_a_metric_of_which_more_is_better_is_shown_with_its_sign() -> None:
    found = Tests(scores(-30.0, -29.0)).finding("A finding.", "Table 3", "sum", "A", ("B",), sign=-1)
    assert found.answer == "holds"
    assert found.difference is not None
    assert 0 < found.difference.low < found.difference.mean < found.difference.high


def test_correction_counts_every_pair_of_the_models() -> None:
    """A difference that one pair alone would show is not shown among six pairs."""
    values = {"A": [0.0] * 5, "B": [0.3, 0.9, 0.1, 0.8, 0.6]}
    two = {name: dict(zip(SEEDS, each, strict=True)) for name, each in values.items()}
    assert answer(two, "A", "B") == "holds"
    rng = np.random.default_rng(0)
    more = {name: dict(enumerate(rng.normal(0.3, 2.0, 5).tolist())) for name in ("C", "D")}
    assert answer({**two, **more}, "A", "B") == "not shown"


def test_divergence_is_an_answer_of_its_own() -> None:
    models = scores(-20.0, -19.0, -18.0)
    models["C"][2] = math.inf
    assert answer(models, "A", "B") == "holds"
    assert answer(models, "A", "B", "C") == "diverged"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (["holds", "holds"], "holds"),
        (["holds", "not shown"], "not shown"),
        (["not shown", "fails", "holds"], "fails"),
        (["fails", "diverged"], "diverged"),
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


def test_a_model_that_is_not_there_is_refused() -> None:
    models = scores(-20.0, -19.0)
    models["B"].pop(4)
    with pytest.raises(InputError, match=r"the same seeds .*, got seed 4"):
        Tests(models).all()
