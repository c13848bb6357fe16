"""The baselines' command: what it measures, that it goes on, what it refuses, and its help."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.baselines.cli import main, parser
from apps.baselines.networks import published_networks
from builders.cells import create_cell
from builders.files import save_network
from builders.network import build
from evaluation.problems import SparseRecovery
from evaluation.solvers import solver_names
from genome import Genome, save_genome

ROOT = Path(__file__).parents[2]
_WORDS = (
    "--protocol smoke --m 8 --n 16 --snr 20 --layers 3 --samples 64 --tuning 32 --rounds 2 "
    "--iterations 3,30 --device cpu --workers 1"
)
SIZES = tuple(_WORDS.split())
QUICK = ("--solvers", "ista,fista")


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a genome and a network for the problem's dictionary."""
    folder = tmp_path_factory.mktemp("given")
    dictionary = SparseRecovery(m=8, n=16).dictionary
    save_genome(folder / "short.json", Genome.dense(2))
    save_network(folder / "mine.safetensors", build(Genome.lista(5), dictionary), {})
    save_network(folder / "other.safetensors", build(Genome.lista(5), -dictionary), {})
    return folder


def measure(out: Path, *arguments: str) -> dict[str, Any]:
    assert main([*SIZES, "--out", str(out), *arguments]) == 0
    return dict(json.loads((out / "baselines.json").read_text("utf-8"), parse_constant=pytest.fail))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("baselines") / "run"


@pytest.fixture(scope="module")
def content(out: Path, given: Path) -> dict[str, Any]:
    pytest.importorskip("sklearn", reason="an optional package")
    network = str(given / "mine.safetensors")
    return measure(out, "--solvers", "ista,fista,lasso,omp", "--network", network)


def test_solvers_and_networks_are_measured_on_the_same_signals(content: dict[str, Any], out: Path) -> None:
    rows = {row["name"]: row for row in content["rows"]}
    solvers = ["ISTA 3", "ISTA 30", "FISTA 3", "FISTA 30", "Lasso (sklearn)", "OMP to a size"]
    assert list(rows) == [*solvers, "OMP to a residual", *published_networks(3), "mine"]
    for row in rows.values():
        quality = row["quality_db"]
        assert quality["low"] < quality["value"] < quality["high"]
        assert row["microseconds"]["single"] == pytest.approx(np.median(row["microseconds"]["single_rounds"]))
        assert [len(row["microseconds"][way]) for way in ("single_rounds", "batch_rounds")] == [2, 2]
        assert row["kind"] == ("solver" if "tuned" in row else "network")
    value = {name: row["quality_db"]["value"] for name, row in rows.items()}
    assert value["FISTA 30"] < value["FISTA 3"] < value["ISTA 3"] < 0
    assert value["Lasso (sklearn)"] == pytest.approx(value["FISTA 30"], abs=1.5)
    assert content["bounds"]["oracle"]["value"] < min(value.values())
    assert content["samples"] == {"test": 64, "tuning": 32}
    assert (out / "baselines.png").read_bytes().startswith(b"\x89PNG")


def test_the_same_command_again_trains_nothing_and_gives_the_same_quality(
    content: dict[str, Any], out: Path, given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # A file that is used again is touched, one that is written again is another one.
    before_files = {file: file.stat().st_ino for file in (out / "prefixes").iterdir()}
    again = measure(out, *QUICK, "--genome", str(given / "short.json"))
    assert before_files
    assert all(file.stat().st_ino == inode for file, inode in before_files.items())
    before = {row["name"]: row["quality_db"] for row in content["rows"]}
    after = {row["name"]: row["quality_db"] for row in again["rows"]}
    assert after.keys() - before.keys() == {"short"}
    assert all(before[name] == after[name] for name in after.keys() & before.keys())
    printed = capsys.readouterr().out
    problem = " ".join(printed.partition("problem: ")[2].split())
    assert problem.startswith("kind sparse_recovery, m 8, n 16, sparsity 0.1, snr_db 20.0, seed 0, ")
    for name in after:
        assert re.search(rf"^{re.escape(name)} +-?\d+\.\d\d +\[", printed, re.MULTILINE), name


def test_a_cell_gives_its_chain_and_takes_the_genomes(tmp_path: Path, given: Path) -> None:
    content = measure(tmp_path, *QUICK, "--cell", "lista", "--genome", str(given / "short.json"))
    rows = {row["name"]: row for row in content["rows"]}
    assert rows["lista"]["quality_db"] == rows["LISTA"]["quality_db"]
    assert rows["lista"]["cell"] == "lista"
    assert rows["short (lista)"]["genome"] == Genome.dense(2).to_dict()


def test_a_cell_takes_options(tmp_path: Path) -> None:
    content = measure(tmp_path, *QUICK, "--cell", "lista,tied=false")
    rows = {row["name"]: row for row in content["rows"]}
    assert rows["lista tied=false"]["cell"] == {"name": "lista", "tied": False}


def test_a_network_of_a_cell_of_ones_own_needs_that_cell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = "examples.primal_dual:PrimalDual"
    network = build(Genome.lista(2), SparseRecovery(m=8, n=16).dictionary, cell=create_cell(own))
    save_network(tmp_path / "mine.safetensors", network, {})
    given = ["--network", str(tmp_path / "mine.safetensors")]
    assert main([*SIZES, *QUICK, "--out", str(tmp_path / "out"), *given]) == 2
    assert f"Its cell '{own}' is none of the library's and must be given" in capsys.readouterr().err
    rows = {row["name"]: row for row in measure(tmp_path / "out", *QUICK, *given, "--cell", own)["rows"]}
    assert rows["mine"]["cell"] == own
    assert rows["mine"]["quality_db"] != rows[own]["quality_db"]


def test_the_page_names_what_is_compared() -> None:
    page = (ROOT / "docs/baselines.md").read_text("utf-8")
    compared = page.partition("## What is compared")[2].partition("##")[0]
    assert [name for name in published_networks(5) if f" {name}" not in compared] == []


def test_tuning_reads_validation_alone(tmp_path: Path) -> None:
    data = SparseRecovery(m=8, n=16, snr_db=20.0, train=64, valid=64, test=64)
    drawn, other = data.dataset(0), data.dataset(1)
    found = []
    for name, train, valid, test in (
        ("as it is", drawn.train, drawn.valid, drawn.test),
        ("other test and training", other.train, drawn.valid, other.test),
        ("other validation", drawn.train, other.valid, drawn.test),
    ):
        file = tmp_path / f"{name}.npz"
        arrays = {
            f"{split}_{part}": getattr(samples, part).numpy()
            for split, samples in (("train", train), ("valid", valid), ("test", test))
            for part in "bx"
        }
        np.savez(file, allow_pickle=False, dictionary=data.dictionary.numpy(), **arrays)
        content = measure(tmp_path / name, "--solvers", "fista", "--data", str(file))
        found.append([(row["tried"], row["quality_db"]) for row in content["rows"] if "tried" in row])
    for (tried, quality), (same, changed), (differing, _) in zip(*found, strict=True):
        assert tried == same
        assert quality != changed
        assert tried != differing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--solvers", "ista,admm"], "Solver must be one of ista, fista, lasso, skglm, omp, got 'admm'"),
        (["--iterations", "10,0"], "--iterations: must be whole numbers of at least 1, like 100,1000, got"),
        (["--genome", "nothing.json"], "genome file must be readable, got No such file"),
        (["--network", "nothing.safetensors"], "network file must be readable safetensors, got nothing"),
        (["--network", "{given}/other.safetensors"], "must be for the problem's dictionary, got another one"),
        (["--genome", "{given}/short.json"] * 2, "names of what is compared must differ, got 'short' twice"),
        (["--cell", "lstm"], "The cell must be one of"),
        (["--cell", "lista,tied"], "A cell must be NAME,OPTION=VALUE,..., got 'lista,tied'"),
        (["--data", "nothing.npz"], "must be an existing .npz file"),
        (["--protocol", "slow"], "protocol must be one of smoke, quick, paper, got 'slow'"),
        (["--samples", "1"], "must be at least 2, got 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_anything_is_written(
    arguments: list[str], message: str, given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    filled = [argument.format(given=given) for argument in arguments]
    try:
        code: object = main([*SIZES, *QUICK, "--out", str(out), *filled])
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr().err
    assert code == 2
    assert message in told
    assert re.fullmatch(r"[^\n]+\.\n", told), told
    assert not out.exists()


def test_a_missing_package_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = importlib.metadata.version

    def version(name: str) -> str:
        if name == "skglm":
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert main([*SIZES, "--solvers", "ista,skglm", "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err == (
        "Solver 'skglm' needs the package skglm, which is not installed: "
        "pip install 'lista-genome[baselines]', or leave the solver out.\n"
    )
    assert not (tmp_path / "out").exists()


def test_the_published_networks_have_the_depth_asked_for() -> None:
    networks = published_networks(5)
    assert list(networks)[:3] == ["LISTA", "LFISTA", "Dense-LISTA"]
    assert {genome.layers for _, genome in networks.values()} == {5}


def test_all_solvers_are_the_default() -> None:
    assert parser().parse_args([]).solvers == solver_names()


def test_help_is_quick_and_imports_nothing_slow() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "apps.baselines", "--help"]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 2.0
    for name in ("torch", "numpy", "sklearn", "rich"):
        assert not re.search(rf"\| +{name}$", done.stderr, re.MULTILINE)
    for option in ("--solvers", "--network", "--snr", "--tuning", "--rounds", "--data"):
        assert option in done.stdout
    assert "[]" not in done.stdout
