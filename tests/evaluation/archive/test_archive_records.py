"""Evaluations go in and come out the same, in order, once."""

from __future__ import annotations

import itertools
import math
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.archive import Archive, ConflictError
from evaluation.archive.storage import Storage
from genome import NEURONS, Evaluation, Genome, InputError, Request, Status

Make = Callable[..., Evaluation]

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([-0.0, 5e-324, 1e308, -math.inf])
counts = st.integers(0, 2**63 - 1)


@st.composite
def results(draw: st.DrawFn) -> Evaluation:
    layers = draw(st.integers(1, 6))
    pairs = [(d, s) for d in range(3, layers + 1) for s in range(1, d - 1)]
    connections = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    neurons = draw(st.lists(st.sampled_from(NEURONS), min_size=layers, max_size=layers))
    request = Request(
        Genome.from_connections(layers, connections, neurons), draw(counts), draw(counts), draw(st.booleans())
    )
    good = draw(st.integers(0, layers))
    diverged = good < layers

    def stages() -> tuple[float, ...]:
        return (*draw(st.tuples(*[numbers] * good)), *[math.inf] * (layers - good))

    last = st.just(math.inf) if diverged else numbers
    tests = (draw(last), draw(last)) if request.test else (None, None)
    status: Status = "diverged" if diverged else "complete"
    seconds = draw(st.floats(0, 1e9))
    return Evaluation(request, "5e771", status, stages(), stages(), tests[0], tests[1], seconds)


def bits(evaluation: Evaluation) -> bytes:
    tests = [x for x in (evaluation.test_nmse_db, evaluation.test_ratio_db) if x is not None]
    values = [*evaluation.valid_nmse_db, *evaluation.valid_ratio_db, *tests]
    return struct.pack(f"<{len(values)}d", *values)


@pytest.fixture(scope="module")
def shared_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    with Archive.open(tmp_path_factory.mktemp("archive") / "archive.db") as opened:
        yield opened


settings_in_turn = itertools.count()


@given(result=results())
def test_every_bit_comes_back(shared_archive: Archive, result: Evaluation) -> None:
    # Another setting each time: two examples may make one request with two results.
    result = replace(result, setting=f"{next(settings_in_turn):032x}")
    shared_archive.record([result])
    for back in (shared_archive.get([result.key])[result.key], *shared_archive.evaluations(result.setting)):
        assert back == result
        assert bits(back) == bits(result)


def test_a_server_keeps_every_bit_too(database: str, make: Make) -> None:
    odd = (-0.0, 5e-324, -math.inf, math.inf)
    result = replace(make(0, score=math.inf, test=True), valid_nmse_db=odd, valid_ratio_db=odd)
    result = replace(result, request=replace(result.request, seed=2**63 - 1))
    with Archive.open(database) as archive:
        archive.record([result])
        assert bits(archive.get([result.key])[result.key]) == bits(result)


def test_recording_again_changes_nothing(archive: Archive, make: Make) -> None:
    archive.record([make(0), make(1)])
    slower = replace(make(0), seconds=99.0)
    archive.record([slower, make(2), make(2)])
    assert list(archive.evaluations()) == [make(0), make(1), make(2)]


def test_nothing_is_recorded_for_nothing(archive: Archive) -> None:
    archive.record([])
    assert archive.count() == 0
    assert archive.get([]) == {}
    assert list(archive.evaluations()) == []


def test_another_result_for_one_key_is_refused_and_nothing_of_its_batch_kept(
    archive: Archive, make: Make
) -> None:
    first = make(0)
    archive.record([first])
    stages = (*first.valid_nmse_db[:-1], math.nextafter(first.score, 0.0))
    with pytest.raises(
        ConflictError, match=rf"must come out the same every time, got for {first.key}.*valid_db"
    ):
        archive.record([make(1), replace(first, valid_nmse_db=stages)])
    assert list(archive.evaluations()) == [first]


def test_order_is_the_order_of_recording_page_by_page(archive: Archive, make: Make) -> None:
    seeds = [*range(300, 600), *range(300)]
    archive.record([make(seed, layers=2) for seed in seeds])
    read = archive.evaluations()
    first = next(read)
    archive.record([make(600, layers=2)])
    assert [first.request.seed, *(e.request.seed for e in read)] == seeds, "what came later is left out"
    assert archive.count() == 601


def test_many_keys_at_once(archive: Archive, make: Make) -> None:
    evaluations = [make(seed, layers=2) for seed in range(600)]
    archive.record(evaluations[:550])
    assert archive.get(e.key for e in evaluations) == {e.key: e for e in evaluations[:550]}


def test_filters(archive: Archive, make: Make) -> None:
    plain, other = make(0), make(1, setting="07e4")
    drawn, tested = make(2, draw=3), make(3, test=True)
    archive.record([plain, other, drawn, tested])
    assert list(archive.evaluations("07e4")) == [other]
    assert list(archive.evaluations("5e771", test=False)) == [plain, drawn]
    assert list(archive.evaluations(test=True)) == [tested]
    assert list(archive.evaluations(draw=0)) == [plain, other, tested]
    assert [archive.count(), archive.count("5e771"), archive.count(draw=3, test=True)] == [4, 3, 0]


def test_best_is_by_score_then_genome_and_leaves_out_what_cannot_compete(
    archive: Archive, make: Make
) -> None:
    equal = [make(seed, score=-30.0) for seed in (0, 1, 2)]
    worse, diverged = make(3, score=-29.0), make(4, score=math.inf)
    drawn, tested = make(5, score=-90.0, draw=1), make(6, score=-90.0, test=True)
    stages = make(7, score=-90.0).valid_nmse_db[1:]
    early = replace(
        make(7),
        request=replace(make(7).request, stages=len(stages)),
        valid_nmse_db=(-90.0,) * len(stages),
        valid_ratio_db=stages,
    )
    archive.record([worse, diverged, *equal, drawn, tested, early])
    assert archive.get([early.key]) == {early.key: early}
    ordered = [*sorted(equal, key=lambda e: e.genome.digest), worse]
    assert archive.best("5e771", 9) == ordered
    assert archive.best("5e771", 2) == ordered[:2]
    assert archive.best("5e771", 1, draw=1) == [drawn]
    assert archive.best("07e4", 1) == []
    with pytest.raises(InputError, match="must be at least 1, got 0"):
        archive.best("5e771", 0)


def test_threads_share_an_archive(archive: Archive, make: Make) -> None:
    def record(first: int) -> None:
        for seed in range(first, first + 10):
            archive.record([make(seed)])

    threads = [threading.Thread(target=record, args=(10 * index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {e.request.seed for e in archive.evaluations()} == set(range(40))


def test_a_closed_archive_is_one_file_and_every_commit_is_synced(tmp_path: Path, make: Make) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path) as archive:
        archive.record([make(0)])
        assert (tmp_path / "archive.db-wal").stat().st_size > 0
    assert list(tmp_path.iterdir()) == [path]
    storage = Storage(path)
    pragmas = [
        storage.read(lambda c, name=name: c.exec_driver_sql(f"PRAGMA {name}").scalar())  # type: ignore[misc]
        for name in ("journal_mode", "synchronous")
    ]
    storage.close()
    assert pragmas == ["wal", 2]
