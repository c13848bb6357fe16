"""The search's command: again, larger, shared, with other workers, optimizers and data; and its help."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pytest
import torch

from apps.search.cli import main, parser
from builders.files import load_network
from evaluation.archive import Archive
from genome import Genome

ROOT = Path(__file__).parents[2]

Search = Callable[..., Path]


@pytest.fixture
def search(tmp_path: Path, sizes: tuple[str, ...]) -> Search:
    """Run the command in this process and give its run directory."""

    def run(*arguments: str, out: Path = tmp_path / "run") -> Path:
        assert main([*sizes, "--out", str(out), *arguments]) == 0
        return out

    return run


def result(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_text("utf-8"))
    return content


def numbers(out: Path) -> dict[str, Any]:
    """The result without what depends on the clock and on what was trained before."""
    return {name: value for name, value in result(out).items() if name not in ("seconds", "reuse")}


def rows(archive: Path) -> list[tuple[Any, ...]]:
    """Every column of an archive's evaluations, in the order of recording."""
    with closing(sqlite3.connect(archive)) as connection:
        return connection.execute("SELECT * FROM evaluations ORDER BY id").fetchall()


def bits(out: Path) -> dict[str, tuple[Any, ...]]:
    """Everything of a run's evaluations but the time they took."""
    with Archive.open(out / "archive.sqlite") as archive:
        return {
            e.key: (e.request, e.status, e.valid_nmse_db, e.valid_ratio_db, e.test_nmse_db, e.test_ratio_db)
            for e in archive.evaluations()
        }


def test_the_same_command_again_evaluates_nothing_and_says_the_same(finished: Path, search: Search) -> None:
    files = ("average.json", "chosen.json", "heatmap.csv", "heatmap.png", "settings.json")
    kept = [(finished / name).read_bytes() for name in files]
    recorded, said = rows(finished / "archive.sqlite"), numbers(finished)
    network = load_network(finished / "chosen.safetensors").state_dict()
    search(out=finished)
    assert rows(finished / "archive.sqlite") == recorded != []
    assert numbers(finished) == said
    assert result(finished)["reuse"]["stages_trained"] == 0
    assert [(finished / name).read_bytes() for name in files] == kept
    again = load_network(finished / "chosen.safetensors").state_dict()
    assert again.keys() == network.keys()
    assert all(torch.equal(again[name], value) for name, value in network.items())


def test_a_larger_budget_goes_on_where_the_smaller_one_ended(finished: Path, search: Search) -> None:
    out = search("--budget", "3")
    before = rows(out / "archive.sqlite")
    search()
    assert rows(out / "archive.sqlite")[: len(before)] == before != []
    assert result(out)["search"] == result(finished)["search"]


@pytest.mark.parametrize("workers", ["1", "3"])
def test_the_number_of_workers_changes_no_bit(finished: Path, search: Search, workers: str) -> None:
    out = search("--workers", workers)
    assert bits(out) == bits(finished)
    assert numbers(out) == numbers(finished)


def test_a_shared_archive_serves_a_second_run_directory(tmp_path: Path, search: Search) -> None:
    storage = tmp_path / "shared.sqlite"
    one = search("--storage", f"sqlite:///{storage}", out=tmp_path / "one")
    recorded = rows(storage)
    two = search("--storage", f"sqlite:///{storage}", out=tmp_path / "two")
    assert rows(storage) == recorded != []
    assert numbers(two) == numbers(one)
    assert result(one)["reuse"]["stages_trained"] > result(two)["reuse"]["stages_trained"] == 0
    assert not (one / "archive.sqlite").exists()


def test_random_search_in_the_mean_form_in_a_folder_named_after_its_settings(
    finished: Path, tmp_path: Path, sizes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*sizes, "--optimizer", "random", "--seed", "7", "--form", "mean"]) == 0
    (out,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"8x16-K4-random-s7-[0-9a-f]{8}", out.name)
    mean = result(out)
    assert mean["settings"]["optimizer"] == "random"
    assert mean["settings"]["protocol"]["form"] == load_network(out / "chosen.safetensors").form == "mean"
    assert {request.seed for request, *_ in bits(out).values() if not request.test} == {7}
    dense = (content["baselines"]["dense"]["valid_nmse_db"] for content in (mean, result(finished)))
    assert next(dense) != next(dense)


def test_a_users_optimizer_by_its_dotted_path(
    tmp_path: Path, search: Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        "from itertools import islice",
        "from optimizers import Optimizer",
        "class InOrder(Optimizer):",
        "    def _ask(self, n):",
        "        return list(islice((g for g in self.space.enumerate() if g in self._untried), n))",
        "    def _tell(self, evaluations):",
        "        pass",
    )
    (tmp_path / "strategy_of_a_user.py").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    out = search("--optimizer", "strategy_of_a_user:InOrder", "--layers", "3", "--neurons", "soft")
    every = [Genome.lista(3).arch_string(), Genome.dense(3).arch_string()]
    assert [step["arch"] for step in result(out)["search"]] == every
    assert result(out)["evaluations"] == 2, "a space of two genomes ends a search before its budget does"


def test_the_users_own_data(tmp_path: Path, search: Search) -> None:
    rng = np.random.default_rng(0)
    dictionary = rng.standard_normal((5, 9))
    arrays = {"dictionary": dictionary}
    for name, samples in (("train", 200), ("valid", 60), ("test", 40)):
        x = rng.standard_normal((samples, 9)) * (rng.random((samples, 9)) < 0.3)
        x[~x.any(axis=1), 0] = 1.0
        arrays |= {f"{name}_x": x, f"{name}_b": x @ dictionary.T}
    np.savez(tmp_path / "mine.npz", allow_pickle=False, **arrays)
    out = search("--data", str(tmp_path / "mine.npz"))
    problem = result(out)["settings"]["problem"]
    assert (problem["kind"], problem["m"], problem["n"], problem["train"]) == ("data_file", 5, 9, 200)
    network = load_network(out / "chosen.safetensors")
    np.testing.assert_allclose(network.dictionary.numpy(), dictionary, rtol=1e-6)
    assert result(out)["chosen"]["test_nmse_db"]["mean"] < 0, "no better than answering zero"


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_help_is_quick_imports_nothing_slow_and_names_every_option() -> None:
    seconds = []
    for _ in range(3):
        began = perf_counter()
        done = python("-m", "apps.search", "--help")
        seconds.append(perf_counter() - began)
    assert median(seconds) < 1.5  # Measured 0.05; the rest is for a loaded machine.
    options = [text for action in parser()._actions for text in action.option_strings]
    assert len(options) > 20
    assert [option for option in options if option not in done.stdout] == []
    traced = python("-X", "importtime", "-m", "apps.search", "--help").stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in traced.splitlines()}
    assert {"argparse", "apps"} <= imported
    assert imported & {"torch", "numpy", "networkx", "rich", "sqlalchemy", "scipy", "matplotlib"} == set()
