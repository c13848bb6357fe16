"""Effects of two factors against designs made of known effects."""

import math

import numpy as np
import pytest

from analysis.factorial import BOTH, FIRST, NEITHER, SECOND, Levels, effects
from genome import InputError


def design(
    first: float, second: float, interaction: float, noise: float = 0.0
) -> dict[Levels, dict[int, float]]:
    """Scores with these effects: each level moves half an effect to its side."""
    rng = np.random.default_rng(0)
    return {
        (a, b): {
            seed: -20.0
            + seed
            + first * (a - 0.5)
            + second * (b - 0.5)
            + interaction * (2 * a - 1) * (2 * b - 1) / 2
            + noise * rng.standard_normal()
            for seed in range(6)
        }
        for a, b in (NEITHER, FIRST, SECOND, BOTH)
    }


def test_effects_are_found_whatever_the_seeds_change() -> None:
    found = effects(design(1.5, -0.25, 0.75))
    assert (found.first.mean, found.second.mean) == pytest.approx((1.5, -0.25))
    assert found.interaction.mean == pytest.approx(0.75)
    assert found.first.high - found.first.low == pytest.approx(0.0, abs=1e-9)


def test_intervals_cover_known_effects_amid_noise() -> None:
    found = effects(design(1.5, 0.0, 0.0, noise=0.1))
    assert 0 < found.first.low < 1.5 < found.first.high
    assert found.second.low < 0 < found.second.high


def test_an_effect_is_the_mean_of_the_two_simple_ones() -> None:
    scores = {
        NEITHER: {0: -1.0, 1: -3.0},
        FIRST: {0: -2.0, 1: -5.0},
        SECOND: {0: 0.0, 1: 0.0},
        BOTH: {0: 4.0, 1: 1.0},
    }
    found = effects(scores)
    assert found.first.mean == pytest.approx(((-1 + 4) / 2 + (-2 + 1) / 2) / 2)
    assert found.interaction.mean == pytest.approx(((4 + 1) / 2 + (1 + 2) / 2) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda scores: scores.pop(BOTH), r"all four combinations .*, got none of \(True, True\)"),
        (lambda scores: scores[FIRST].pop(3), r"the same seeds .*, got others for \(True, False\)"),
        (
            lambda scores: scores[SECOND].update({2: math.inf}),
            r"finite scores, got inf for \(False, True\), seed 2",
        ),
    ],
)
def test_refusals(change, message: str) -> None:  # type: ignore[no-untyped-def]
    scores = design(1.0, 1.0, 1.0)
    change(scores)
    with pytest.raises(InputError, match=message):
        effects(scores)
