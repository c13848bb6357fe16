"""The pruning command: what it finds, that it goes on, what it refuses, and its help."""

from __future__ import annotations

import csv
import json
import math
import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from apps.prune.cli import main
from genome import Genome, load_genome, save_genome

ROOT = Path(__file__).parents[2]
_WORDS = "--protocol smoke --m 8 --n 16 --seeds 2 --margin 0.05 --device cpu --workers 1"
SIZES = tuple(_WORDS.split())
NETWORK = ("dense", "--layers", "4")


def prune(out: Path, *arguments: str) -> dict[str, Any]:
    assert main([*SIZES, "--out", str(out), *arguments]) == 0
    return dict(json.loads((out / "prune.json").read_text("utf-8"), parse_constant=pytest.fail))


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("prune") / "run"


@pytest.fixture(scope="module")
def content(out: Path) -> dict[str, Any]:
    return prune(out, *NETWORK)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def trained(out: Path) -> set[tuple[object, ...]]:
    """Key and bits of every evaluation in the archive."""
    with sqlite3.connect(out / "archive.sqlite") as database:
        return set(database.execute("select key, valid_db, test_db from evaluations"))


def test_dense_is_pruned_to_the_chain(content: dict[str, Any], out: Path) -> None:
    assert [point["count"] for point in content["curve"]] == [3, 2, 1, 0]
    assert [point["tried"] for point in content["curve"]] == [3, 2, 1, 0]
    chosen = content["chosen"]
    assert Genome.from_dict(chosen["start"]["genome"]) == Genome.dense(4)
    assert Genome.from_dict(chosen["chain"]["genome"]) == Genome.lista(4)
    limit = content["curve"][0]["valid_nmse_db"] + 0.05
    within = [point for point in content["curve"] if point["valid_nmse_db"] <= limit]
    assert chosen["smallest"]["count"] == min(point["count"] for point in within)
    assert load_genome(out / "pruned.json").to_dict() == chosen["smallest"]["genome"]
    assert chosen["best"]["valid_nmse_db"] == min(point["valid_nmse_db"] for point in content["curve"])
    for each in (out / "curve.png", out / "curve.pdf"):
        assert each.stat().st_size > 1000


def test_tables_hold_what_the_report_holds(content: dict[str, Any], out: Path) -> None:
    ranked, curve = rows(out / "ranking.csv"), rows(out / "curve.csv")
    assert [[int(row["destination"]), int(row["source"])] for row in ranked] == [
        row["part"] for row in content["ranking"]
    ]
    means = [float(row["retrained_mean"]) for row in ranked]
    assert means == sorted(means)
    # Removing the least harmful connection gives the second network of the curve.
    assert [int(curve[1]["removed_destination"]), int(curve[1]["removed_source"])] == content["ranking"][0][
        "part"
    ]
    assert float(curve[1]["from_start_mean"]) == pytest.approx(means[0])
    assert all(math.isfinite(float(row["zeroed_mean"])) for row in ranked)
    assert -1.0 <= content["agreement"]["tau"] <= 1.0


def test_the_comparison_reads_fresh_seeds(content: dict[str, Any]) -> None:
    seeds = content["settings"]["seeds"]
    assert seeds == {"selection": [0, 1], "comparison": [1_000_000, 1_000_001]}
    for each in content["chosen"].values():
        assert list(each["test_seeds"]) == ["1000000", "1000001"]
        interval = each["test_nmse_db"]
        assert interval["low"] <= interval["mean"] <= interval["high"]
    assert content["chosen"]["start"]["from_start"] is None
    claim = content["settings"]["claim"]
    assert claim == "smallest is not worse than start by more than 0.05 dB"
    for verdict in content["claims"]:
        assert claim in verdict["sentence"]


def test_the_same_command_again_trains_nothing(
    content: dict[str, Any], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {file: file.stat().st_ino for file in (out / "prefixes").iterdir()}
    evaluations = trained(out)
    again = prune(out, *NETWORK)
    assert before
    assert {file: file.stat().st_ino for file in (out / "prefixes").iterdir()} == before
    assert trained(out) == evaluations
    assert {**again, "seconds": 0} == {**content, "seconds": 0}
    printed = capsys.readouterr().out
    for text in ("Pruning of extra connections", "Kendall's tau", "On test data and fresh seeds", "chain"):
        assert text in printed


def test_a_killed_run_goes_on_to_the_same_end(content: dict[str, Any], out: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    command = [sys.executable, "-m", "apps.prune", *SIZES, *NETWORK, "--out", str(cut)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        if (cut / "archive.sqlite").exists() and any((cut / "prefixes").glob("*")):
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    again = prune(cut, *NETWORK)
    assert again["curve"] == content["curve"]
    assert again["chosen"] == content["chosen"]
    assert trained(cut) == trained(out)


def test_fewer_can_be_tried_and_the_end_chosen(tmp_path: Path) -> None:
    content = prune(
        tmp_path / "run", "lfista", "--layers", "5", "--to", "1", "--candidates", "1", "--form", "naive"
    )
    assert [point["tried"] for point in content["curve"]] == [3, 1, 0]
    assert content["chosen"]["last"]["count"] == 1
    assert content["agreement"] is None
    assert {row["zeroed"] for row in content["ranking"]} == {None}
    assert rows(tmp_path / "run" / "ranking.csv")[0]["zeroed_mean"] == ""
    assert content["settings"]["protocol"]["form"] == "naive"


def test_stopping_where_it_starts_only_ranks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = prune(tmp_path / "run", *NETWORK, "--to", "3", "--steps", "0.5")
    assert len(content["ranking"]) == 3
    assert [point["count"] for point in content["curve"]] == [3]
    assert content["claims"] == []
    told = " ".join(capsys.readouterr().out.split())
    assert "Nothing was removed: the elimination was to stop at as many as there are." in told
    assert "No smaller network" not in told


def test_side_connections_are_pruned_with_all_their_patterns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_genome(tmp_path / "mine.json", Genome.lfista(4))
    content = prune(tmp_path / "run", str(tmp_path / "mine.json"), "--side", "--patterns", "99")
    assert [point["count"] for point in content["curve"]] == [4, 3, 2, 1]
    assert content["columns"] == ["layer"]
    networks = content["patterns"]["networks"]
    assert len({tuple(each["side"]) for each in networks}) == 8
    lacking = [each for each in networks if not all(each["side"])]
    worse = sum(each["valid_nmse_db"] > content["patterns"]["unpruned_db"] for each in lacking)
    assert content["patterns"]["worse"]["number"] == worse
    assert content["patterns"]["worse"]["total"] == len(lacking) == 7
    assert content["patterns"]["unpruned_db"] == content["curve"][0]["valid_nmse_db"]
    assert f"{worse} of 7 networks that lack some" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lista"], "A network to be pruned must have extra connections to remove, got none in"),
        (["dense", "--layers", "1", "--side"], "must have side connections to remove, got none in"),
        (["dense", "--layers", "0"], "must be at least 1, got 0"),
        ([*NETWORK, "--to", "4"], "extra connections to stop at must lie in 0..3, got 4"),
        ([*NETWORK, "--side", "--to", "0"], "side connections to stop at must lie in 1..4, got 0"),
        (
            [*NETWORK, "--margin", "-0.1"],
            "margin of a claim must be a finite number of dB, at least 0, got -0.1",
        ),
        ([*NETWORK, "--seeds", "1"], "must be at least 2, got 1"),
        (
            [*NETWORK, "--seed", "999999"],
            "seeds that select must lie below 1000000, where the comparison's begin, got 2 from 999999 on",
        ),
        ([*NETWORK, "--patterns", "3"], "Patterns are of side connections and need --side, got 3"),
        ([*NETWORK, "--steps", "nan"], "factor on a protocol's steps must be above 0 and at most"),
        (
            [*NETWORK, "--protocol", "paper", "--steps", "2"],
            "follow from the data and cannot be scaled, got a",
        ),
        ([*NETWORK, "--cell", "hyperlista"], "Cell 'hyperlista' takes the genome of LISTA only"),
        ([*NETWORK, "--cell", "lista,tied"], "A cell must be NAME,OPTION=VALUE,..., got 'lista,tied'"),
        (
            [*NETWORK, "--side", "--cell", "dladmm"],
            "Cell 'dladmm' takes genomes with all side connections only",
        ),
        ([*NETWORK, "--form", "x"], "form of the injection must be one of sum, mean"),
        (["released", "--layers", "7"], "The released network has 16 layers, got 7"),
        (["nothing.json"], "genome file must be readable, got No such file"),
        (["nothing.json", "--data", "nothing.npz"], "genome file must be readable"),
        ([*NETWORK, "--data", "nothing.npz"], "must be an existing .npz file"),
    ],
)
def test_what_cannot_be_pruned_is_refused_before_anything_is_written(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    try:
        code: object = main([*SIZES, "--out", str(out), *arguments])
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr().err
    assert code == 2
    assert message in told
    assert re.fullmatch(r"[^\n]+\.\n", told), told
    assert not out.exists()


def test_help_is_quick_and_imports_nothing_slow() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "apps.prune", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True)
    for name in ("torch", "numpy", "scipy", "rich"):
        assert not re.search(rf"\| +{name}$", done.stderr, re.MULTILINE)
    for option in ("GENOME", "--margin", "--to", "--candidates", "--side", "--snr", "--form", "--steps"):
        assert option in done.stdout
