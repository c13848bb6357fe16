"""What is no sound archive, or cannot be reached or written, is refused in one sentence that names it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from evaluation.archive import Archive, DamageError, StorageError
from evaluation.archive.checksum import checksum
from evaluation.archive.storage import Storage
from genome import Evaluation, InputError

Make = Callable[..., Evaluation]


@pytest.fixture
def sound(tmp_path: Path, make: Make) -> Path:
    """A closed archive of 30 evaluations."""
    path = tmp_path / "sound.db"
    with Archive.open(path) as archive:
        archive.record([make(seed, test=seed % 2 == 1) for seed in range(30)])
    return path


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small file system in memory with the options given, again to change them."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    mounted = False

    def apply(options: str) -> Path:
        nonlocal mounted
        flag = f"remount,{options}" if mounted else options
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", flag, "tmpfs", folder], capture_output=True, check=False
        )
        if done.returncode:
            pytest.skip(
                f"mounting a small file system needs root and CAP_SYS_ADMIN: {done.stderr.decode().strip()}"
            )
        mounted = True
        return folder

    yield apply
    if mounted:
        subprocess.run(["umount", folder], check=True)


# Files that are something else


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database at all")
    with pytest.raises(
        InputError, match=r"must be a SQLite file, got .*notes.txt, which begins with b'no database at a'"
    ):
        Archive.open(path)
    assert path.read_text() == "no database at all"


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a file, got the directory"):
        Archive.open(tmp_path)


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"x cannot be read \(File name too long\)"):
        Archive.open(tmp_path / ("x" * 300))


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"must be in an existing folder, got .*away/archive.db"):
        Archive.open(tmp_path / "away" / "archive.db")


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    change(path, "CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(
        InputError, match=r"must have the table evaluations with.*theirs.db with the tables \['songs'\]"
    ):
        Archive.open(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["theirs.db"]


def test_a_table_with_other_columns(sound: Path) -> None:
    change(sound, "ALTER TABLE leases ADD COLUMN colour TEXT")
    with pytest.raises(
        InputError, match="must have the table leases with the columns expires_at, key, owner, taken_at"
    ):
        Archive.open(sound)


def test_another_format_version(sound: Path) -> None:
    change(
        sound, f"UPDATE notes SET value = '1', checksum = '{checksum('format', '1')}' WHERE name = 'format'"
    )
    with pytest.raises(InputError, match=r"must be of format version 2, got version 1 in .*sound.db"):
        Archive.open(sound)


# Damage


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_truncated_file(sound: Path, share: float) -> None:
    data = sound.read_bytes()
    sound.write_bytes(data[: int(share * len(data))])
    with pytest.raises(
        DamageError, match=r"sound.db is damaged \(database disk image is malformed\); restore it"
    ):
        Archive.open(sound)


def test_an_empty_file_is_new_but_not_beside_a_log(sound: Path) -> None:
    sound.write_bytes(b"")
    Archive.open(sound).close()
    sound.write_bytes(b"")
    sound.with_name("sound.db-wal").write_bytes(b"what was in it")
    with pytest.raises(DamageError, match=r"it is empty, and its log sound\.db-wal is not"):
        Archive.open(sound)


@pytest.mark.parametrize(
    "damage",
    ["valid_db = zeroblob(64)", "score = score - 1", "seed = seed + 1", "setting = 'x'", "test_db = NULL"],
)
def test_a_row_that_changed_is_named_and_never_used(sound: Path, make: Make, damage: str) -> None:
    change(sound, f"UPDATE evaluations SET {damage} WHERE id = 4")
    key = make(3, test=True).key
    named = rf"sound.db is damaged: evaluation 4 \(key '{key}'\) does not fit its checksum"
    with Archive.open(sound) as archive:
        with pytest.raises(DamageError, match=named):
            list(archive.evaluations())
        with pytest.raises(DamageError, match=named):
            archive.get([key])
        with pytest.raises(DamageError, match=named):
            archive.record([make(3, test=True)])
        assert archive.get([make(4).key]) == {make(4).key: make(4)}
        change(sound, "DELETE FROM evaluations WHERE id = 4")
        archive.record([make(3, test=True)])
        assert archive.get([key]) == {key: make(3, test=True)}


def test_an_index_that_misses_a_row(sound: Path, make: Make) -> None:
    """The tree of pages is intact, but a look-up by key would not find evaluation 4."""
    data = bytearray(sound.read_bytes())
    page_size, index_leaf = 4096, 10
    key = make(3, test=True).key.encode()
    places = [i for i in range(len(data)) if data.startswith(key, i)]
    (place,) = [i for i in places if data[i - i % page_size] == index_leaf]
    data[place + 31] ^= 1
    sound.write_bytes(data)
    with pytest.raises(DamageError, match=r"sound.db is damaged \(row 4 missing from index"):
        Archive.open(sound)


def test_a_format_version_that_changed(sound: Path) -> None:
    change(sound, "UPDATE notes SET value = value || '0' WHERE name = 'format'")
    with pytest.raises(DamageError, match="note 'format' does not fit its checksum"):
        Archive.open(sound)


def test_flipped_bits_are_refused_or_harmless(sound: Path, make: Make) -> None:
    data = sound.read_bytes()
    whole = [make(seed, test=seed % 2 == 1) for seed in range(30)]
    rng = np.random.default_rng(0)
    # Every third in the first page, where the header and the tables' definitions are.
    places = [int(rng.integers(4096 if trial % 3 == 0 else len(data))) for trial in range(60)]
    refused = []
    for place in places:
        torn = bytearray(data)
        torn[place] ^= 1 << int(rng.integers(8))
        sound.write_bytes(torn)
        try:
            with Archive.open(sound) as archive:
                assert list(archive.evaluations()) == whole, f"byte {place} changed what is read"
                assert archive.get(e.key for e in whole) == {e.key: e for e in whole}, f"byte {place}"
        except InputError as error:
            refused.append(str(error))
    assert len(refused) > 10
    assert all("sound.db" in message for message in refused)


# Places that cannot be written


def test_a_read_only_file_system(mount: Callable[[str], Path], make: Make) -> None:
    folder = mount("size=10m")
    with Archive.open(folder / "archive.db") as archive:
        archive.record([make(0)])
    mount("ro")
    with pytest.raises(StorageError, match=r"archive.db cannot be (written|opened for writing); check"):
        Archive.open(folder / "archive.db")
    with pytest.raises(StorageError, match=r"new.db cannot be opened for writing; check that its folder"):
        Archive.open(folder / "new.db")


@pytest.mark.skipif(
    os.geteuid() == 0, reason="permissions do not bind root; a read-only mount is tested instead"
)
def test_a_read_only_folder(tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    with pytest.raises(StorageError, match="cannot be opened for writing; check that its folder"):
        Archive.open(folder / "archive.db")


def test_a_full_disk_loses_nothing_and_is_survived(mount: Callable[[str], Path], make: Make) -> None:
    path = mount("size=300k") / "archive.db"
    full = r"archive.db cannot be written because the disk is full; what was recorded is safe"
    kept: list[Evaluation] = []

    def fill(archive: Archive) -> None:
        for seed in range(10_000):
            archive.record([make(seed)])
            kept.append(make(seed))

    with Archive.open(path) as archive:
        with pytest.raises(StorageError, match=full):
            fill(archive)
        assert list(archive.evaluations()) == kept
    mount("size=10m")
    with Archive.open(path) as archive:
        assert list(archive.evaluations()) == kept
        archive.record([make(len(kept))])


def test_no_room_for_a_new_archive(mount: Callable[[str], Path]) -> None:
    with pytest.raises(StorageError, match="because the disk is full"):
        Archive.open(mount("size=12k") / "archive.db")


def test_a_lock_that_the_database_does_not_wait_for_is_waited_for(sound: Path) -> None:
    storage = Storage(sound)
    storage.outside("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(sound, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    unlock = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    unlock.start()
    started = time.monotonic()
    assert storage.write(lambda _: "written") == "written"
    assert time.monotonic() - started > 0.2
    unlock.join()
    other.close()
    storage.close()


# URLs


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "mysql://u@h/d",
            "must be a file or a URL of sqlite.pysqlite, postgresql.psycopg, got one of 'mysql'",
        ),
        ("postgresql+pg8000://u@h/d", "got one of 'postgresql.pg8000'"),
        ("nonsense+thing://u@h/d", "got one of 'nonsense.thing'"),
        ("postgresql://u:secret@h:port/d", "got a malformed postgresql URL"),
        ("://", "got a malformed  ?URL"),
        ("sqlite://", "must name a file and have no options"),
        ("sqlite:///:memory:", "must name a file and have no options"),
        ("sqlite:///file.db?mode=ro", "must name a file and have no options"),
    ],
)
def test_a_url_that_names_no_storage(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        Archive.open(url)
    assert "secret" not in str(caught.value)


def test_a_sqlite_url_is_its_file(sound: Path) -> None:
    with Archive.open(f"sqlite:///{sound}") as archive:
        assert archive.count() == 30


def test_a_server_that_is_down() -> None:
    pytest.importorskip("psycopg", reason="the driver of PostgreSQL is not installed")
    with pytest.raises(
        StorageError, match=r"postgresql\+psycopg://u:\*\*\*@127.0.0.1:9/d cannot be used \(.*refused"
    ):
        Archive.open("postgresql://u:secret@127.0.0.1:9/d")


def test_a_driver_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        InputError, match=r"needs the package psycopg, .*: pip install 'lista-genome\[postgresql\]'"
    ):
        Archive.open("postgresql://u@h/d")
