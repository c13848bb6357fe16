"""A search as an Optuna study: what its trials say, and how it grows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import Study
from optuna.trial import TrialState

from apps.export.__main__ import main
from apps.export.searched import read_search
from apps.export.study import export_search
from apps.search.cli import main as search_main
from evaluation.archive import Archive
from genome import DesignSpace, Evaluation, Genome, Request, Status

ROOT = Path(__file__).parents[2]

MakeRun = Callable[[Sequence[Evaluation]], Path]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'study.db'}"


@pytest.fixture
def make_run(finished: Path, tmp_path: Path) -> MakeRun:
    """Make a finished run, with the settings of the small search, whose search asked the given networks."""

    def make(evaluations: Sequence[Evaluation]) -> Path:
        folder = tmp_path / "made"
        folder.mkdir()
        shutil.copy(finished / "settings.json", folder)
        with Archive.open(folder / "archive.sqlite") as archive:
            archive.record(evaluations)
        listed = {"search": [{"key": each.key} for each in evaluations]}
        (folder / "result.json").write_text(json.dumps(listed), encoding="utf-8")
        return folder

    return make


def evaluation(genome: Genome, stages: Sequence[float], request_stages: int | None = None) -> Evaluation:
    status: Status = "diverged" if np.isinf(stages[-1]) else "complete"
    values = tuple(stages)
    return Evaluation(
        Request(genome, stages=request_stages), "setting", status, values, values, None, None, 0.5
    )


def study_of(target: str, name: str) -> Study:
    storage = target if "://" in target else JournalStorage(JournalFileBackend(target))
    return optuna.load_study(study_name=name, storage=storage)


def keys(study: Study) -> list[str]:
    return [trial.user_attrs["evaluation"] for trial in study.trials]


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def result(run: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run / "result.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", ["sqlite:///{}/study.db", "{}/journal.log"])
def test_a_study_says_what_the_search_asked(
    finished: Path, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    target = name.format(tmp_path)
    before = content(finished)
    assert main([str(finished), "--optuna", target]) == 0
    assert content(finished) == before
    study = study_of(target, "run")
    assert study.user_attrs == {"settings": json.loads((finished / "settings.json").read_text("utf-8"))}
    asked = result(finished)["search"]
    assert keys(study) == [step["key"] for step in asked]
    assert study.best_value == result(finished)["best"]["valid_nmse_db"]
    with Archive.open(finished / "archive.sqlite") as archive:
        recorded = archive.get(keys(study))
    space = DesignSpace.from_dict(result(finished)["settings"]["space"])
    for trial, step in zip(study.trials, asked, strict=True):
        one = recorded[step["key"]]
        assert trial.state == TrialState.COMPLETE
        assert trial.params == space.encode(one.genome)
        assert trial.value == one.score
        assert trial.intermediate_values == dict(enumerate(one.valid_nmse_db, 1))
        assert trial.user_attrs == {
            "evaluation": one.key,
            "genome": one.genome.digest,
            "arch": step["arch"],
            "connections": one.connections,
            "seconds": one.seconds,
            "stages": 4,
        }
        assert trial.duration is not None
        assert trial.duration.total_seconds() == pytest.approx(one.seconds, abs=1e-5)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"Study 'run' in {target}: {len(asked)} complete; {len(asked)} new."
    assert printed[-1] == f"To look at it: optuna-dashboard {target}"


def test_importances_name_the_gate_that_matters(make_run: MakeRun, tmp_path: Path) -> None:
    space = DesignSpace(4)
    rng = np.random.default_rng(1)
    genomes = list(dict.fromkeys(space.sample(rng) for _ in range(150)))
    score = {genome: -9.0 * (1 in genome.sources(4)) + 0.1 * rng.normal() for genome in genomes}
    run = make_run([evaluation(genome, [0.0, 0.0, 0.0, score[genome]]) for genome in genomes])
    journal = str(tmp_path / "journal.log")
    assert main([str(run), "--optuna", journal]) == 0
    importances = optuna.importance.get_param_importances(study_of(journal, "made"))
    assert set(importances) == set(space.choices)
    assert max(importances, key=importances.__getitem__) == "gate_4_1"
    assert importances["gate_4_1"] > 0.5


def test_diverged_networks_are_failed_and_dropped_ones_pruned(make_run: MakeRun, url: str) -> None:
    whole, diverged, dropped = Genome.lista(4), Genome.dense(4), Genome.lfista(4)
    evaluations = [
        evaluation(diverged, [-1.0, -2.0, np.inf, np.inf]),
        evaluation(dropped, [-1.0, -1.5], 2),
        evaluation(whole, [-1.0, -2.0, -3.0, -4.0]),
    ]
    run = make_run(evaluations)
    with Archive.open(run / "archive.sqlite") as archive:
        archive.record([evaluation(whole, [-1.0, -2.0], 2)])  # the look on the way to the whole
    assert main([str(run), "--optuna", url]) == 0
    failed, pruned, complete = study_of(url, "made").trials
    assert (failed.state, failed.value) == (TrialState.FAIL, None)
    assert (failed.intermediate_values, failed.user_attrs["diverged_at_stage"]) == ({1: -1.0, 2: -2.0}, 3)
    assert (pruned.state, pruned.value) == (TrialState.PRUNED, -1.5)
    assert (pruned.intermediate_values, pruned.user_attrs["stages"]) == ({1: -1.0, 2: -1.5}, 2)
    assert (complete.state, complete.value) == (TrialState.COMPLETE, -4.0)
    assert complete.user_attrs["evaluation"] == evaluations[2].key


@pytest.mark.parametrize(
    "arguments", ["", "--rungs 1,2 --batch 4", "--goals nmse,connections --option population=3", "--seed 3"]
)
def test_a_search_without_a_result_is_replayed_over_its_archive(
    tmp_path: Path, sizes: tuple[str, ...], arguments: str
) -> None:
    run = tmp_path / "run"
    batches = ["--budget", "12", *arguments.split()]  # whole batches: a replay does not know the budget
    assert search_main([*sizes, "--out", str(run), *batches]) == 0
    listed = read_search(run)
    (run / "result.json").unlink()
    replayed = read_search(run)
    assert (listed.finished, replayed.finished) == (True, False)
    # The next batch, which the search did not ask, may be known of its control.
    assert replayed.evaluations[: len(listed.evaluations)] == listed.evaluations
    assert any(each.censored for each in listed.evaluations) == ("--rungs" in arguments)
    with Archive.open(run / "archive.sqlite") as archive:
        assert archive.count() > len(replayed.evaluations) >= len(listed.evaluations) == 12


def test_a_run_that_stopped_in_a_batch_gives_what_is_whole(
    finished: Path, tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [step["key"] for step in result(finished)["search"]]
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(finished / "settings.json", run)
    with (
        Archive.open(finished / "archive.sqlite") as source,
        Archive.open(run / "archive.sqlite") as archive,
    ):
        recorded = source.get(asked)
        archive.record([recorded[key] for key in (*asked[:3], asked[4])])
        assert main([str(run), "--optuna", url]) == 0  # a search holds its archive open, too
        assert keys(study_of(url, "run")) == [*asked[:3], asked[4]]
        assert "not finished: export again" in capsys.readouterr().out
        archive.record([recorded[key] for key in asked])
    assert main([str(run), "--optuna", url]) == 0
    assert sorted(keys(study_of(url, "run"))) == sorted(asked)
    assert f": {len(asked)} complete; 2 new." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["sqlite:///{}/study.db", "{}/journal.log"])
def test_a_second_export_adds_what_is_new(
    tmp_path: Path, sizes: tuple[str, ...], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, target = tmp_path / "run", name.format(tmp_path)
    added = []
    for budget in ("3", "3", "6"):
        assert search_main([*sizes, "--out", str(run), "--budget", budget]) == 0
        capsys.readouterr()
        assert main([str(run), "--optuna", target, "--study", "mine"]) == 0
        added.append(capsys.readouterr().out.splitlines()[0].rpartition("; ")[2])
    assert added == ["3 new.", "0 new.", "3 new."]
    assert keys(study_of(target, "mine")) == [step["key"] for step in result(run)["search"]]


def test_a_shared_archive_is_named_and_gives_this_search_alone(
    tmp_path: Path, sizes: tuple[str, ...], url: str
) -> None:
    shared = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    for seed in ("0", "1"):
        out = str(tmp_path / seed)
        assert search_main([*sizes, "--out", out, "--storage", shared, "--seed", seed]) == 0
        assert main([out, "--optuna", url, "--archive", shared]) == 0
    asked = [{step["key"] for step in result(tmp_path / seed)["search"]} for seed in ("0", "1")]
    assert [set(keys(study_of(url, seed))) for seed in ("0", "1")] == asked
    assert not asked[0] & asked[1]


def interrupted(evaluations: Sequence[Evaluation]) -> Iterator[Evaluation]:
    """Hand two evaluations on."""
    yield from evaluations[:2]
    raise KeyboardInterrupt


def test_an_interrupted_export_is_completed_by_the_next(finished: Path, url: str) -> None:
    searched = read_search(finished)
    with pytest.raises(KeyboardInterrupt):
        export_search(searched, "run", url, interrupted)
    assert keys(study_of(url, "run")) == [each.key for each in searched.evaluations[:2]]
    assert export_search(searched, "run", url).added == len(searched.evaluations) - 2
    assert keys(study_of(url, "run")) == [each.key for each in searched.evaluations]


def test_an_interrupted_export_leaves_a_journal_as_it_was(finished: Path, tmp_path: Path) -> None:
    searched = read_search(finished)
    journal = tmp_path / "journal.log"
    with pytest.raises(KeyboardInterrupt):
        export_search(searched, "one", str(journal), interrupted)
    assert list(tmp_path.iterdir()) == []
    export_search(searched, "one", str(journal))
    before = journal.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        export_search(searched, "two", str(journal), interrupted)
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(journal, before)]


def test_help_is_quick_and_imports_nothing_slow() -> None:
    seconds = []
    for _ in range(3):
        began = perf_counter()
        command = [sys.executable, "-X", "importtime", "-m", "apps.export", "--help"]
        done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True)
        seconds.append(perf_counter() - began)
    assert median(seconds) < 1.5  # Measured 0.07; the rest is for a loaded machine.
    assert "--archive" in done.stdout
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert {"argparse", "apps"} <= imported
    assert imported & {"torch", "numpy", "networkx", "optuna", "rich", "sqlalchemy"} == set()
