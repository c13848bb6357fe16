"""Fronts against their definition, and volumes against a count of cells."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genome.errors import InputError
from optimizers import front, hypervolume

Points = list[tuple[float, ...]]


def clouds(goals: int, most: int = 5) -> st.SearchStrategy[Points]:
    """Points on a small grid, so that ties and equal points are common."""
    return st.lists(st.tuples(*[st.integers(0, most).map(float)] * goals), max_size=12)


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x <= y for x, y in zip(a, b, strict=True)) and a != b


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4).flatmap(clouds))
def test_the_front_is_what_nothing_dominates(points: Points) -> None:
    assert front(points) == [
        place for place, point in enumerate(points) if not any(dominates(other, point) for other in points)
    ]


def test_equal_points_are_on_the_front_together() -> None:
    assert front([(1.0, 2.0), (0.0, 3.0), (1.0, 2.0), (1.0, 3.0)]) == [0, 1, 2]


def test_what_is_not_finite_is_never_on_the_front() -> None:
    assert front([(math.inf, 0.0), (1.0, 1.0), (0.0, math.inf), (-math.inf, 5.0)]) == [1]
    assert front([(math.inf, math.inf)]) == []


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 4).flatmap(lambda goals: st.tuples(st.just(goals), clouds(goals, most=4))))
def test_the_volume_is_that_of_the_cells_dominated(drawn: tuple[int, Points]) -> None:
    """Up to the corner (4, 4, ...), the unit cell at c is covered if some point is nowhere above c."""
    goals, points = drawn
    cells = sum(
        any(all(x <= c for x, c in zip(point, cell, strict=True)) for point in points)
        for cell in itertools.product(range(4), repeat=goals)
    )
    assert hypervolume(points, (4.0,) * goals) == cells


def test_the_volume_of_boxes_that_overlap() -> None:
    assert hypervolume([(-30.0, 2.0), (-20.0, 0.5), (-10.0, 0.0)], (0.0, 3.0)) == pytest.approx(
        30.0 + 20.0 * 1.5 + 10.0 * 0.5
    )


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 3).flatmap(lambda goals: st.tuples(st.just(goals), clouds(goals))), st.randoms())
def test_only_the_front_counts_in_any_order(drawn: tuple[int, Points], random: object) -> None:
    goals, points = drawn
    corner = (4.5,) * goals
    assert hypervolume([points[place] for place in front(points)], corner) == hypervolume(points, corner)
    shuffled = list(points)
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own random.Random
    assert hypervolume(shuffled, corner) == hypervolume(points, corner)
    assert hypervolume([*points, (1.0,) * goals], corner) >= hypervolume(points, corner)


def test_what_is_beyond_the_reference_or_not_finite_adds_nothing() -> None:
    inside: Points = [(1.0, 1.0)]
    beyond = [(3.0, 0.0), (0.0, 2.0), (math.inf, 0.0), (math.inf, math.inf), (-math.inf, 0.0)]
    assert hypervolume(inside + beyond, (3.0, 2.0)) == hypervolume(inside, (3.0, 2.0)) == 2.0
    assert hypervolume(beyond, (3.0, 2.0)) == 0.0


def test_no_points_at_all() -> None:
    assert front([]) == []
    assert hypervolume([], (1.0, 1.0)) == 0.0


def test_arrays_are_taken_and_left_as_they_are() -> None:
    points = np.array([[2.0, 1.0], [1.0, 2.0], [2.0, 2.0]])
    before = points.copy()
    assert front(points) == [0, 1]
    assert hypervolume(points, (3.0, 3.0)) == 3.0
    assert np.array_equal(points, before)


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([(1.0, 2.0), (math.nan, 0.0)], r"^Points must hold numbers, got nan at point 1\.$"),
        ([1.0, 2.0], r"^Points must have the shape \(points, goals\), got \(2,\)\.$"),
    ],
)
def test_what_are_no_points_is_refused(points: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        front(points)
    with pytest.raises(InputError, match=message):
        hypervolume(points, (1.0, 1.0))


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ((1.0,), r"must have a number for each of 2 goals, got 1\.$"),
        ((1.0, math.inf), r"must be finite numbers, got \(1\.0, inf\)\.$"),
        ((), r"must be finite numbers, got \(\)\.$"),
    ],
)
def test_a_wrong_reference_is_refused(reference: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=f"^The reference of a hypervolume {message}"):
        hypervolume([(0.0, 0.0)], reference)
