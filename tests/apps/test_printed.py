"""What the apps print at the end: the folder as it is named, and on a narrow terminal every number whole."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from apps.analyze.cli import main as analyze
from apps.baselines.cli import main as baselines
from apps.compare.cli import main as compare
from apps.prune.cli import main as prune
from apps.search.cli import main as search
from apps.study.cli import main as study
from apps.transfer.cli import main as transfer
from evaluation.evaluator import Evaluator
from evaluation.problems import SparseRecovery
from evaluation.protocol import protocol
from evaluation.tabular import Table, save_table
from genome import DesignSpace, Genome, Request, save_genome

ROOT = Path(__file__).parents[2]
FOLDER = "run[b][/c]"
_WORDS = "--protocol smoke --m 8 --n 16 --seeds 2 --device cpu --workers 1"
_SMALL = tuple(_WORDS.split())
PRUNE = ("dense", "--layers", "4", *_SMALL)
TRANSFER = ("released", "--layers", "4", "--to", "dladmm,joins=all", "--random", "2", *_SMALL)
NARROW = (40, 72)

Main = Callable[[Sequence[str]], int]


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run an app on a terminal of so many columns, and give what it printed."""

    def run(main: Main, *arguments: str, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        capsys.readouterr()
        assert main(arguments) == 0
        return capsys.readouterr().out

    return run


def whole(interval: dict[str, float], sign: str = "") -> str:
    return "{mean:{sign}.2f} [{low:{sign}.2f}, {high:{sign}.2f}]".format(**interval, sign=sign)


def prune_numbers(content: dict[str, Any]) -> Iterator[str]:
    for each in content["chosen"].values():
        yield whole(each["test_nmse_db"])
        if each["from_start"] is not None:
            yield whole(each["from_start"], "+")
    for row in content["ranking"]:
        yield whole(row["retrained"], "+")
        yield whole(row["zeroed"], "+")


def transfer_numbers(content: dict[str, Any]) -> Iterator[str]:
    (destination,) = content["destinations"]
    for row in destination["models"].values():
        yield whole(row)
    for test in destination["differences"]:
        yield whole(test, "+")
        yield f"{test['p_holm']:.3f}" if test["p_holm"] >= 0.001 else "< 0.001"


@pytest.mark.parametrize(
    ("main", "arguments", "name", "numbers"),
    [
        (prune, PRUNE, "prune.json", prune_numbers),
        (transfer, TRANSFER, "transfer.json", transfer_numbers),
    ],
    ids=["prune", "transfer"],
)
def test_numbers_are_whole_on_a_narrow_terminal(
    main: Main,
    arguments: Sequence[str],
    name: str,
    numbers: Callable[[dict[str, Any]], Iterator[str]],
    tmp_path: Path,
    printed: Callable[..., str],
) -> None:
    out = tmp_path / FOLDER
    for columns in NARROW:
        told = printed(main, *arguments, "--out", str(out), columns=columns)
        expected = list(numbers(json.loads((out / name).read_text("utf-8"))))
        assert len(expected) > 6
        for number in expected:
            assert number in told
        assert f"Written to {out}: {name}" in told


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "apps.prune", *PRUNE, "--to", "3", "--out", str(tmp_path / "run")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        told = process.stderr.read()
    assert (process.returncode, told) == (141, b"")


def test_an_analysis_names_runs_as_they_are_and_its_numbers_are_whole(
    tmp_path: Path, printed: Callable[..., str]
) -> None:
    first, second = tmp_path / "run[b]", tmp_path / "[red]other"
    words = "--layers 6 --neurons soft --batch 8 --top 10 --budget 16 --optimizer random --plain"
    assert search([*_SMALL, *words.split(), "--out", str(first)]) == 0
    shutil.copytree(first, second)
    out = tmp_path / "out[/x]"
    told = printed(analyze, str(first), str(second), "--resamples", "20", "--out", str(out), columns=50)
    assert f"Written to {out}: agreement.json." in told
    assert "Analysis of run[b]" in told
    assert "run[b] and [red]other" in told
    content = json.loads((out / "run[b]" / "analysis.json").read_text("utf-8"))
    (sample,) = content["samples"].values()
    shown = sorted(sample["alone"], key=lambda each: (each["p"], -abs(each["mean"])))[:8]
    assert shown
    for effect in shown:
        assert whole(effect, "+") in told


def test_baselines_name_folder_and_networks_as_they_are(tmp_path: Path, printed: Callable[..., str]) -> None:
    genome = tmp_path / "mine[bold].json"
    save_genome(genome, Genome.dense(3))
    words = "--protocol smoke --m 8 --n 16 --layers 3 --samples 64 --tuning 32 --rounds 2 --iterations 3"
    out = tmp_path / FOLDER
    told = printed(
        baselines,
        *words.split(),
        *("--solvers", "ista", "--device", "cpu", "--workers", "1"),
        *("--genome", str(genome), "--out", str(out)),
    )
    assert "mine[bold]" in told
    assert f"Written to {out}: baselines.json, baselines.png." in told


def test_a_comparison_names_its_folder_as_it_is(tmp_path: Path, printed: Callable[..., str]) -> None:
    space, out = DesignSpace(4, neurons=("soft",)), tmp_path / FOLDER
    problem = SparseRecovery(m=8, n=16, train=64, valid=32, test=32)
    evaluator = Evaluator(problem, protocol("smoke"), device="cpu", workers=1)
    evaluations = evaluator.evaluate([Request(genome, test=True) for genome in space.enumerate()])
    table = tmp_path / "tiny.npz"
    save_table(table, Table.of("tiny[/b]", space, evaluator.settings(), evaluations))
    words = "evolution --seeds 2 --budget 8 --batch 4 --top 4 --workers 1"
    told = printed(compare, *words.split(), "--table", str(table), "--out", str(out))
    assert "table tiny[/b] (8 networks)" in told
    assert f"Written to {out}: compare.json, regret.png." in told


def test_a_study_names_its_folder_as_it_is(tmp_path: Path, printed: Callable[..., str]) -> None:
    out = tmp_path / FOLDER
    words = (
        "table1",
        "--rows",
        "b",
        "--form",
        "mean",
        "--scale",
        "smoke",
        "--device",
        "cpu",
        "--workers",
        "1",
    )
    told = printed(study, *words, "--out", str(out))
    assert f"Written to {out}: report.html, findings.md" in told
