"""A search that is killed or interrupted goes on with the same command, and nothing is lost or done twice."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import pytest

# Imported here, for the refusal beside a running search must not wait for it.
import apps.search.run  # noqa: F401
from apps.search.cli import main
from apps.search.run_directory import RunDirectory
from evaluation.archive import Archive

ROOT = Path(__file__).parents[2]
SIZES = "--protocol smoke --m 16 --n 32 --layers 6 --batch 4 --budget 96 --control 24 --seeds 2"
ARGUMENTS = (*SIZES.split(), "--neurons", "soft,relu,leaky_relu")
KILLS_AT_START, KILLS_AT_WORK = 3, 10
TIMEOUT = 50.0
"""Less than a lease lasts: a search that waited for a dead one's leases would fail here."""


@dataclass(frozen=True)
class Reference:
    """A search that nobody disturbed."""

    out: Path
    more: tuple[str, ...]  # arguments
    start: float  # seconds until its first line
    work: float  # seconds from there to its end


@contextmanager
def started(out: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """The search in a process group of its own; whatever is left of it is killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.search", *ARGUMENTS, "--out", str(out), *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def finish(out: Path, *more: str) -> None:
    with started(out, *more) as process:
        _, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, errors) == (0, "")


def rows(out: Path, scratch: Path) -> list[tuple[Any, ...]]:
    """Every column of the recorded evaluations, read from a copy: recovery is left to the search."""
    if not (out / "archive.sqlite").exists():
        return []
    scratch.mkdir()
    for file in out.glob("archive.sqlite*"):
        shutil.copy(file, scratch)
    with closing(sqlite3.connect(scratch / "archive.sqlite")) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        found = "SELECT * FROM evaluations ORDER BY id"
        result = connection.execute(found).fetchall() if "evaluations" in tables else []
    shutil.rmtree(scratch)
    return result


def bits(out: Path) -> dict[str, tuple[Any, ...]]:
    """Everything of a run's evaluations but the time they took."""
    with Archive.open(out / "archive.sqlite") as archive:
        return {
            e.key: (e.request, e.status, e.valid_nmse_db, e.valid_ratio_db, e.test_nmse_db, e.test_ratio_db)
            for e in archive.evaluations()
        }


def numbers(out: Path) -> dict[str, Any]:
    """The result without what depends on the clock and on what was trained before."""
    result = json.loads((out / "result.json").read_text("utf-8"))
    return {name: value for name, value in result.items() if name not in ("seconds", "reuse")}


def check_same(out: Path, reference: Reference) -> None:
    assert bits(out) == bits(reference.out)
    assert numbers(out) == numbers(reference.out)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference(tmp_path_factory.mktemp("undisturbed") / "run")


@pytest.fixture(scope="module")
def halved(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference(tmp_path_factory.mktemp("halved") / "run", "--rungs", "2,4", "--budget", "24")


def reference(out: Path, *more: str) -> Reference:
    began = perf_counter()
    with started(out, *more) as process:
        assert process.stdout is not None
        process.stdout.readline()
        working = perf_counter()
        _, errors = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, errors) == (0, "")
    return Reference(out, more, working - began, perf_counter() - working)


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after this many evaluations more than the archive held are recorded."""

    evaluations: int
    seconds: float

    @property
    def sooner(self) -> Moment:
        """What is left to wait for where the first process of all took longer, say to compile."""
        return Moment(self.evaluations, self.seconds / 2)


def moments(undisturbed: Reference, at_start: int, at_work: int) -> list[Moment]:
    """Some while a search starts, and more while it works: every process goes on where the last one was.

    Those that work wait for evaluations, not for a clock, so that they come in mid-search on any machine.
    """
    rng = random.Random(20)
    start = [Moment(0, rng.random() * undisturbed.start) for _ in range(at_start)]
    work = [Moment(rng.randint(1, 9), rng.random() * undisturbed.work / 50) for _ in range(at_work)]
    return rng.sample(start + work, at_start + at_work)


def recorded_now(out: Path) -> int:
    """Evaluations in an archive that another process may be writing; it is not changed by this."""
    try:
        with closing(sqlite3.connect(f"file:{out}/archive.sqlite?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM evaluations").fetchone()[0])
    except sqlite3.OperationalError:  # Not there yet, or without its tables.
        return 0


def killed(out: Path, moment: Moment, recorded: int, *more: str) -> bool:
    """Search, and kill the search at a moment if it is not done before; tell whether it was killed."""
    with started(out, *more) as process:
        deadline = perf_counter() + TIMEOUT
        while process.poll() is None and recorded_now(out) < recorded + moment.evaluations:
            assert perf_counter() < deadline, "nothing is recorded any more"
            sleep(0.005)
        try:
            process.communicate(timeout=moment.seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (0, -signal.SIGKILL)
    return process.returncode != 0


def kill_and_check(folder: Path, undisturbed: Reference, at_start: int, at_work: int) -> None:
    out, recorded, seen = folder / "first", list[tuple[Any, ...]](), set[int]()
    for number, planned in enumerate(moments(undisturbed, at_start, at_work)):
        moment = planned
        while not killed(out, moment, len(recorded), *undisturbed.more):
            check_same(out, undisturbed)  # It was done before the moment: begin another search, kill sooner.
            out, recorded, moment = folder / f"{out.name}-{number}", [], moment.sooner
        now = rows(out, folder / "copy")
        assert now[: len(recorded)] == recorded
        recorded = now
        seen.add(len(recorded))
    finish(out, *undisturbed.more)
    assert rows(out, folder / "copy")[: len(recorded)] == recorded
    check_same(out, undisturbed)
    assert len(seen) > at_work / 2, "kills must come while evaluations are being recorded"


def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    tmp_path: Path, undisturbed: Reference
) -> None:
    kill_and_check(tmp_path, undisturbed, KILLS_AT_START, KILLS_AT_WORK)


def test_kills_while_batches_are_halved_lose_nothing_and_repeat_nothing(
    tmp_path: Path, halved: Reference
) -> None:
    assert {request.stages for request, *_ in bits(halved.out).values()} == {2, 4, None}
    kill_and_check(tmp_path, halved, 0, 3)


def test_a_signal_ends_a_search_cleanly_and_while_it_runs_its_folder_is_taken(
    tmp_path: Path, undisturbed: Reference, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    for number in (signal.SIGTERM, signal.SIGINT):
        with started(out, "--budget", "999") as process:  # Long enough to be running still.
            assert process.stdout is not None
            next(line for line in process.stdout if line.startswith("Baselines"))
            assert main([*ARGUMENTS, "--out", str(out)]) == 2
            place = f"another is at work in {out}"
            assert capsys.readouterr().err == f"A run directory serves one process at a time, and {place}.\n"
            process.send_signal(number)
            _, errors = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 130
        assert errors == "Interrupted; run the same command again to go on.\n"
        assert not (out / "result.json").exists()
        assert not (out / "archive.sqlite-wal").exists(), "the archive was not closed"
        with closing(sqlite3.connect(out / "archive.sqlite")) as connection:
            assert connection.execute("SELECT count(*) FROM leases").fetchone() == (0,)
            assert connection.execute("SELECT count(*) FROM evaluations").fetchone() != (0,)
    finish(out)
    assert numbers(out) == numbers(undisturbed.out)
    assert bits(out).items() >= bits(undisturbed.out).items()


def test_what_a_killed_process_was_writing_is_cleared_away(tmp_path: Path) -> None:
    with RunDirectory(tmp_path, {"seed": 0}):
        (tmp_path / "prefixes").mkdir()
    torn = [tmp_path / ".result.json.0a1b.tmp", tmp_path / "prefixes" / ".x.prefix.9f.tmp"]
    for file in torn:
        file.write_text("half a fi")
    with RunDirectory(tmp_path, {"seed": 0}):
        assert not any(file.exists() for file in torn)
        assert (tmp_path / "settings.json").exists()
