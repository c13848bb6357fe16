"""Where a search refuses to work: other runs, other files, torn databases, disks that cannot be written."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from apps.search.cli import main
from apps.search.run_directory import RunDirectory, owner
from evaluation.archive import Archive
from genome import InputError

Refuse = Callable[..., str]
Mount = Callable[[str], Path]


def content(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: path -> bytes, None for a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run to be spoiled."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.mark.parametrize(
    ("arguments", "differing"),
    [
        ("--layers 5", "space.layers (there 4, here 5)"),
        ("--sparsity 0.2 --m 9", "problem.m (there 8, here 9), problem.sparsity (there 0.1, here 0.2)"),
        ("--optimizer random", "optimizer (there evolution, here random)"),
        ("--option mutations=2", "options.mutations (there absent, here 2)"),
        ("--goals nmse,connections", "goals (there ['nmse'], here ['nmse', 'connections'])"),
        (
            "--rungs 2",
            "halving.keep (there absent, here 0.5), halving.rungs (there absent, here [2])",
        ),
        ("--form mean", "protocol.form (there sum, here mean)"),
        ("--seeds 3", "comparison.seeds (there 2, here 3)"),
        (
            "--layers 5 --sparsity 0.2 --m 9 --optimizer random --form mean --seeds 3 --batch 2",
            (
                "batch (there 3, here 2), comparison.seeds (there 2, here 3), optimizer (there evolution, "
                "here random), problem.m (there 8, here 9), problem.sparsity (there 0.1, here 0.2) and 2 more"
            ),
        ),
    ],
)
def test_a_run_with_other_settings(refuse: Refuse, run: Path, arguments: str, differing: str) -> None:
    before = content(run)
    told = refuse(*arguments.split())
    assert told == f"A run goes on with the settings it began with; in {run} differ: {differing}.\n"
    assert content(run) == before


def test_long_settings_are_cut_where_they_differ(tmp_path: Path) -> None:
    with RunDirectory(tmp_path / "run", {"seeds": list(range(1000))}):
        pass
    told = r"differ: seeds \(there \[0, 1, 2.{40,60}\.\.\., here 1\)\.$"
    with pytest.raises(InputError, match=told), RunDirectory(tmp_path / "run", {"seeds": 1}):
        pass


def test_a_run_in_a_folder_whose_name_is_no_text(tmp_path: Path, sizes: tuple[str, ...]) -> None:
    out = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        out.mkdir()
    except OSError:
        pytest.skip("this file system has names of text only")
    assert main([*sizes, "--out", str(out)]) == 0
    assert (out / "result.json").exists()
    assert owner(out).endswith("/caf\\xe9")
    assert owner(tmp_path / os.fsdecode("café".encode())).endswith("/café")


@pytest.mark.parametrize(
    "spoil",
    [lambda text: text[:-20], lambda _: "[]", lambda _: "[" * 100_000, lambda _: '{"a":' * 100_000],
    ids=["torn", "no object", "deep list", "deep object"],
)
def test_a_run_whose_settings_cannot_be_read(refuse: Refuse, run: Path, spoil: Callable[[str], str]) -> None:
    settings = run / "settings.json"
    settings.write_text(spoil(settings.read_text("utf-8")), encoding="utf-8")
    before = content(run)
    assert f"settings of a run must be readable JSON, got {settings}" in refuse()
    assert content(run) == before


def test_a_folder_of_something_else_and_a_place_below_a_file(refuse: Refuse, tmp_path: Path) -> None:
    thesis = tmp_path / "thesis.tex"
    thesis.write_text("Chapter 1", encoding="utf-8")
    assert f"must be empty or hold a run, got {tmp_path} with 'thesis.tex' in it" in refuse(out=tmp_path)
    for out in (thesis, thesis / "run" / "deeper"):
        assert f"must be a folder that can be written, got {out}" in refuse(out=out)
    assert content(tmp_path) == {"thesis.tex": b"Chapter 1"}


def halved(archive: Path) -> None:
    archive.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])


def scribbled(archive: Path) -> None:
    with archive.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)


def altered(archive: Path) -> None:
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("UPDATE evaluations SET score = -99.0 WHERE id = 2")


def foreign(archive: Path) -> None:
    archive.unlink()
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("CREATE TABLE photographs (place TEXT)")


def no_database(archive: Path) -> None:
    archive.write_bytes(b"What is this?")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (halved, "is damaged"),
        (scribbled, "is damaged"),
        (altered, "is damaged: evaluation 2 .* does not fit its checksum"),
        (foreign, "must have the table .* with the tables .*photographs"),
        (no_database, "must be a SQLite file, got .*, which begins with b'What is this"),
    ],
)
def test_a_torn_or_foreign_database(
    refuse: Refuse, run: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(run / "archive.sqlite")
    before = content(run)
    assert re.search(sentence, refuse())
    assert content(run) == before


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Mount]:
    """Mount a file system in memory with the given options, or mount it again with others."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = False

    def with_options(options: str) -> Path:
        nonlocal mounted
        again = "remount," if mounted else ""
        command = ["mount", "-t", "tmpfs", "-o", again + options, "tmpfs", str(place)]
        if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("mounting a small file system needs root, and a system that lets it")
        mounted = True
        return place

    yield with_options
    if mounted:
        subprocess.run(["umount", str(place)], check=True)


def test_a_read_only_disk(refuse: Refuse, finished: Path, mount: Mount) -> None:
    disk = mount("size=4m")
    shutil.copytree(finished, disk / "run")
    mount("ro")
    for out in (disk / "new" / "run", disk / "run"):
        told = f"A run directory must be a folder that can be written, got {out} (Read-only file system).\n"
        assert refuse(out=out) == told


def test_a_full_disk_and_the_same_command_when_there_is_space(
    refuse: Refuse, finished: Path, sizes: tuple[str, ...], mount: Mount
) -> None:
    recorded: list[Any] = []
    for size in ("4k", "20k", "300k", "600k"):
        out = mount(f"size={size}") / "run"
        assert "disk is full" in refuse(out=out)
        assert not (out / "result.json").exists()
        assert [path for path in out.rglob("*") if path.name.endswith(".tmp")] == []
    with Archive.open(out / "archive.sqlite") as archive:
        recorded = list(archive.evaluations())
    assert recorded, "the last disk must be large enough for some evaluations"
    mount("size=4m")
    assert main([*sizes, "--out", str(out)]) == 0
    with Archive.open(out / "archive.sqlite") as archive:
        assert list(archive.evaluations())[: len(recorded)] == recorded
    results = [json.loads((folder / "result.json").read_text("utf-8")) for folder in (out, finished)]
    for name in ("search", "best", "average", "chosen", "baselines", "comparison"):
        assert results[0][name] == results[1][name]
