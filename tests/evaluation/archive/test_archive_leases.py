"""Leases: who may work on what, and until when."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import pytest

from evaluation.archive import Archive
from genome import Evaluation, InputError

Make = Callable[..., Evaluation]
KEYS = [f"{index:032x}" for index in range(600)]


def test_a_lease_is_exclusive_until_it_ends(archive: Archive) -> None:
    assert archive.claim(["b", "a"], "one", seconds=10.0, now=100.0) == ["b", "a"]
    assert archive.claim(["a", "b", "c"], "two", seconds=10.0, now=109.9) == ["c"]
    assert archive.claim(["a", "b", "c"], "two", seconds=10.0, now=110.0) == ["a", "b", "c"]
    assert archive.renew("one", ["a", "b"], seconds=10.0, now=110.0) == []


def test_an_owner_keeps_what_it_has(archive: Archive) -> None:
    archive.claim(["a"], "one", seconds=10.0, now=100.0)
    assert archive.claim(["a"], "one", seconds=10.0, now=105.0) == ["a"]
    assert archive.claim(["a"], "two", seconds=10.0, now=114.0) == []
    assert archive.renew("one", ["a", "b"], seconds=10.0, now=114.0) == ["a"]
    assert archive.claim(["a"], "two", seconds=10.0, now=123.0) == []


def test_release_ends_all_leases_of_one_owner(archive: Archive) -> None:
    archive.claim(["a", "b"], "one", seconds=10.0)
    archive.claim(["c"], "two", seconds=10.0)
    archive.release("one")
    assert archive.claim(["a", "b", "c"], "three", seconds=10.0) == ["a", "b"]


def test_what_is_recorded_cannot_be_claimed(archive: Archive, make: Make) -> None:
    done, other = make(0), make(1)
    archive.claim([done.key, other.key], "one", seconds=10.0)
    archive.record([done], owner="late")
    assert archive.claim([done.key, other.key], "two", seconds=10.0) == []
    assert archive.renew("one", [done.key, other.key], seconds=10.0) == [other.key]


def test_leases_end_by_the_clock_of_the_database(archive: Archive) -> None:
    assert archive.claim(["a"], "one", seconds=0.2) == ["a"]
    assert archive.claim(["a"], "two", seconds=0.2) == []
    time.sleep(0.25)
    assert archive.claim(["a"], "two", seconds=0.2) == ["a"]


def test_a_claim_may_be_large_and_repeat_keys(archive: Archive) -> None:
    assert archive.claim([*KEYS, KEYS[0]], "one", seconds=10.0) == KEYS
    assert archive.claim(KEYS, "two", seconds=10.0) == []
    assert archive.renew("one", KEYS, seconds=10.0) == KEYS


def test_a_clock_set_back_does_not_block_a_key_for_ever(archive: Archive) -> None:
    archive.claim(["a"], "dead", seconds=10.0, now=1_000_000.0)
    assert archive.claim(["a"], "two", seconds=10.0, now=999_995.0) == [], "a small step leaves it alive"
    assert archive.claim(["a"], "two", seconds=10.0, now=500.0) == ["a"]


@pytest.mark.parametrize("seconds", [0.0, -1.0, math.inf, math.nan])
def test_a_lease_without_an_end_is_refused(archive: Archive, seconds: float) -> None:
    with pytest.raises(InputError, match=f"must last a positive number of seconds, got {seconds}"):
        archive.claim(["a"], "one", seconds)
    with pytest.raises(InputError, match=f"must last a positive number of seconds, got {seconds}"):
        archive.renew("one", ["a"], seconds)


def test_a_lease_without_an_owner_is_refused(archive: Archive) -> None:
    with pytest.raises(InputError, match="A lease must have an owner"):
        archive.claim(["a"], "", seconds=1.0)
