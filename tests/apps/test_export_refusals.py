"""What the export refuses, each in one sentence, and what it then leaves alone."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.study import StudyDirection

from apps.export.__main__ import main
from evaluation.archive import Archive

Refuse = Callable[..., str]


@pytest.fixture
def run(finished: Path, tmp_path: Path) -> Path:
    """A finished run to be spoiled."""
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture
def refuse_export(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Export in a way that must be refused, see that nothing was lost or made, and give the sentence."""

    def refuse(target: str = f"sqlite:///{tmp_path / 'study.db'}", *arguments: str) -> str:
        capsys.readouterr()
        before = content(tmp_path)
        try:
            code: object = main([str(run), "--optuna", target, *arguments])
        except SystemExit as end:
            code = end.code
        told = capsys.readouterr()
        assert (code, told.out) == (2, "")
        assert re.fullmatch(r"[^\n]+\.\n", told.err), told.err
        assert content(tmp_path) == before
        return told.err

    return refuse


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_no_run_directory(run: Path, refuse_export: Refuse) -> None:
    (run / "settings.json").unlink()
    assert f"must have a settings.json, got {run} without one" in refuse_export()
    shutil.rmtree(run)
    assert f"must have a settings.json, got {run} without one" in refuse_export()


@pytest.mark.parametrize(
    ("file", "text", "sentence"),
    [
        ("settings.json", "{", "must be readable JSON, got .*settings.json: "),
        ("settings.json", "[]", "must have the entry 'optimizer', got .*settings.json without it"),
        ("settings.json", '{"optimizer": "random"}', "must have the entry 'seed', got .*settings.json"),
        ("result.json", "{", "must be readable JSON, got .*result.json: "),
        pytest.param(
            "settings.json", "[" * 100_000, "must be readable JSON, got .*settings.json: ", id="deep settings"
        ),
        pytest.param(
            "result.json", "[" * 100_000, "must be readable JSON, got .*result.json: ", id="deep result"
        ),
        ("result.json", '{"search": [1]}', "A result must list its search, got .*result.json"),
        ("result.json", '{"search": []}', "has no evaluation of the search in .*run yet"),
        (
            "result.json",
            '{"search": [{"key": "x"}]}',
            "lacks 1 of the 1 evaluations that .*result",
        ),
    ],
)
def test_a_run_that_is_damaged(run: Path, refuse_export: Refuse, file: str, text: str, sentence: str) -> None:
    (run / file).write_text(text, encoding="utf-8")
    assert re.search(sentence, refuse_export())


def test_an_archive_that_is_elsewhere_empty_or_damaged(
    run: Path, tmp_path: Path, refuse_export: Refuse
) -> None:
    own, elsewhere = run / "archive.sqlite", tmp_path / "elsewhere.sqlite"
    absent = f"The archive of a run must be there, got {elsewhere} without one"
    study = f"sqlite:///{tmp_path / 'study.db'}"
    assert absent in refuse_export(study, "--archive", str(elsewhere))
    assert absent in refuse_export(study, "--archive", f"sqlite:///{elsewhere}")
    assert "one of 'oracle'" in refuse_export(study, "--archive", "oracle://host")
    own.write_bytes(own.read_bytes()[:-5000])
    assert f"The archive {own} is damaged" in refuse_export()
    own.unlink()
    assert f"The run {run} has no archive.sqlite of its own; name with --archive" in refuse_export()
    (run / "result.json").unlink()
    with Archive.open(own):
        pass
    assert f"The archive {own} has no evaluation of the search in {run} yet" in refuse_export()


def test_an_optimizer_that_is_gone(run: Path, refuse_export: Refuse) -> None:
    (run / "result.json").unlink()
    settings = json.loads((run / "settings.json").read_text("utf-8"))
    changed = json.dumps(settings | {"optimizer": "no_module_here:Strategy"})
    (run / "settings.json").write_text(changed, encoding="utf-8")
    assert "no_module_here" in refuse_export()


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("nonsense://x", "must be .* a database URL .*, got a malformed or unknown nonsense URL"),
        ("postgresql://u@host:port/x", "got a malformed or unknown postgresql URL"),
        ("sqlite://", "A SQLite URL must name a file, got sqlite://"),
        ("sqlite:///:memory:", "A SQLite URL must name a file"),
        ("sqlite:///{}/none/x.db", "must be in an existing folder, got .*none/x.db"),
        ("sqlite:///{}/run", r"storage .* cannot be used \(unable to open database file\); once it can"),
        ("sqlite:///{}/run/settings.json", r"storage .* cannot be used \(file is not a database\)"),
        ("sqlite:///{}/run/archive.sqlite", "must be new or Optuna's, got .* with the table 'evaluations'"),
        ("oracle+cx_oracle://u:secret@host/x", r"storage .*u:\*\*\*@host/x needs the package cx_Oracle"),
        ("{}/study.db", "A SQLite database is named by its URL, sqlite:///.*study.db, got .*study.db"),
        ("{}/run/archive.sqlite", "A SQLite database is named by its URL, sqlite:///.*archive.sqlite"),
        ("{}/none/journal.log", "must be a file in an existing folder, got .*journal.log"),
        ("{}/run", "must be a file in an existing folder, got .*run"),
        ("{}/run/settings.json", r"must be Optuna's, got .*settings.json \("),
        ("{}/run/chosen.safetensors", "must be Optuna's and end with a whole line, got .*chosen"),
    ],
)
def test_a_storage_that_optuna_cannot_use(
    tmp_path: Path, refuse_export: Refuse, target: str, sentence: str
) -> None:
    assert re.search(sentence, refuse_export(target.format(tmp_path)))


def test_a_server_that_is_down(refuse_export: Refuse) -> None:
    pytest.importorskip("psycopg", reason="needs the extra postgresql")
    told = refuse_export("postgresql+psycopg://u:secret@127.0.0.1:1/studies")
    assert re.search(r"storage .*u:\*\*\*@127.0.0.1:1/studies cannot be used \(.*refused", told)


def test_a_read_only_database_and_one_of_another_version(
    finished: Path, tmp_path: Path, refuse_export: Refuse
) -> None:
    database = tmp_path / "study.db"
    assert main([str(finished), "--optuna", f"sqlite:///{database}"]) == 0
    read_only = f"sqlite:///file:{database}?mode=ro&uri=true"
    assert "cannot be used (attempt to write a readonly database)" in refuse_export(
        read_only, "--study", "new"
    )
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v2.4.0.a'")
    assert re.search(r"cannot be used \(.* no longer compatible .* optuna storage upgrade", refuse_export())


@pytest.mark.parametrize("name", ["sqlite:///{}/study.db", "{}/journal.log"])
def test_a_study_of_something_else(run: Path, tmp_path: Path, refuse_export: Refuse, name: str) -> None:
    target = name.format(tmp_path)
    assert main([str(run), "--optuna", target]) == 0
    settings = json.loads((run / "settings.json").read_text("utf-8"))
    (run / "settings.json").write_text(json.dumps(settings | {"seed": 9, "batch": 2}), encoding="utf-8")
    differing = f"'run' in {target} to one with another batch, seed; name another with --study"
    assert differing in refuse_export(target)


@pytest.mark.parametrize("direction", [StudyDirection.MINIMIZE, StudyDirection.MAXIMIZE])
def test_a_study_that_was_not_exported(
    tmp_path: Path, refuse_export: Refuse, direction: StudyDirection
) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(storage=url, study_name="mine", direction=direction)
    if direction == StudyDirection.MINIMIZE:
        study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    told = refuse_export(url, "--study", "mine")
    assert f"must be one that was exported, got 'mine' in {url}; name another with --study" in told
