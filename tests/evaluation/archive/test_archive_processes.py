"""Several processes on one archive, and processes that are killed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from evaluation.archive import Archive
from genome import Evaluation

Processes = Callable[..., Any]
Make = Callable[..., Evaluation]


def test_processes_that_make_one_archive_at_once_all_open_it(target: str, processes: Processes) -> None:
    assert processes("opening", target) == ["opened with 0 evaluations"] * 8


def test_two_writers_neither_fail_nor_lose_anything(target: str, processes: Processes, make: Make) -> None:
    counts = processes("writing", target)
    assert max(counts) == 160, counts
    with Archive.open(target) as archive:
        assert Counter(e.request.seed for e in archive.evaluations()) == Counter(range(160))
        assert archive.get([make(7).key]) == {make(7).key: make(7)}


def test_four_processes_never_get_one_evaluation_twice(target: str, processes: Processes) -> None:
    claimed = processes("claiming", target)
    assert sorted(seed for mine in claimed for seed in mine) == list(range(60)), claimed
    assert sum(map(bool, claimed)) >= 2, "one process did everything: nothing ran at once"


def test_what_was_acknowledged_survives_kills(target: str, processes: Processes) -> None:
    result = processes("killing", target, 15, 0)
    acknowledged = [Evaluation.from_dict(data) for data in result["acknowledged"]]
    assert len(acknowledged) > 15
    assert all(before <= after for before, after in pairwise(result["kept"]))
    with Archive.open(target) as archive:
        kept = {evaluation.key: evaluation for evaluation in archive.evaluations()}
        # A writer may be killed between recording and saying so: one more a kill, and no other.
        assert len(acknowledged) <= len(kept) <= len(acknowledged) + 15
        assert {e.key: e for e in acknowledged}.items() <= kept.items()
        # What a dead process leased is free again when the lease ends.
        lost = [e.key for e in acknowledged[:1]] + ["0" * 32]
        assert archive.claim(lost, "next", seconds=60.0) == ["0" * 32]


def test_an_archive_does_not_follow_a_fork(tmp_path: Any, processes: Processes) -> None:
    assert "was opened in another process; open it again here" in processes("forking", tmp_path / "a.db")
