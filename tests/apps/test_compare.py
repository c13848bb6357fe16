"""The comparison: what it runs, what it says, and what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.compare.cli import main
from apps.compare.curves import regret_curves
from apps.compare.runs import Job, run_job
from apps.compare.strategies import parse
from apps.display.observer import Plan
from apps.display.plain import PlainDisplay
from apps.search.loop import search
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from evaluation.halving import Halving
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.tabular import Table, TabularEvaluator, load_table, save_table
from genome import DesignSpace, InputError, Request
from optimizers import create

ROOT = Path(__file__).parents[2]
SPACE = DesignSpace(4, neurons=("soft", "relu"))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    evaluator = Evaluator(
        SparseRecovery(m=8, n=16, train=64, valid=32, test=32), protocol("smoke"), device="cpu", workers=1
    )
    evaluations = evaluator.evaluate([Request(genome, test=True) for genome in SPACE.enumerate()])
    file = tmp_path_factory.mktemp("table") / "tiny.npz"
    save_table(file, Table.of("tiny", SPACE, evaluator.settings(), evaluations))
    return file


def compare(path: Path, out: Path, *arguments: str) -> dict[str, Any]:
    sizes = ["--seeds", "4", "--budget", "40", "--batch", "8", "--top", "10", "--workers", "2"]
    assert main([*arguments, "--table", str(path), "--out", str(out), *sizes]) == 0
    return dict(json.loads((out / "compare.json").read_text("utf-8"), parse_constant=pytest.fail))


@pytest.fixture(scope="module")
def content(path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return compare(path, tmp_path_factory.mktemp("out"), "evolution", "evolution,population=8,mutations=2")


def test_every_strategy_is_compared_with_random_search(content: dict[str, Any]) -> None:
    strategies = content["strategies"]
    assert list(strategies) == ["random", "evolution", "evolution,population=8,mutations=2"]
    assert strategies["evolution,population=8,mutations=2"]["options"] == {"population": 8, "mutations": 2}
    for entry in strategies.values():
        assert [row["evaluations"] for row in entry["regret"]] == [2, 5, 10, 20, 40]
        means = [row["mean"] for row in entry["regret"]]
        assert means == sorted(means, reverse=True)
    assert [row["relative"] for row in strategies["random"]["regret"]] == [1.0] * 5
    assert strategies["random"]["regret"][-1]["p"] is None
    assert 0.0 < strategies["evolution"]["regret"][-1]["p"] <= 1.0


def test_numbers_are_those_of_the_runs(path: Path, content: dict[str, Any]) -> None:
    table = load_table(path)
    runs = [run_job(Job(str(path), parse("evolution"), seed, 40, 8)) for seed in range(4)]
    lowest = [table.scores[run.asked].min() - table.scores.min() for run in runs]
    assert content["strategies"]["evolution"]["regret"][-1]["mean"] == pytest.approx(np.mean(lowest))
    assert all(len(set(run.asked.tolist())) == 40 for run in runs)


def test_averages_are_compared_with_each_other_and_with_the_best_there_are(content: dict[str, Any]) -> None:
    agreement = content["agreement"]
    pairs = {(pair["first"], pair["second"]): pair["jaccard"] for pair in agreement["pairs"]}
    assert len(pairs) == 9  # Three strategies and the whole table: six pairs, and three with themselves.
    assert pairs["evolution", "whole table"] >= pairs["random", "whole table"]
    assert set(agreement["soft"]) == {*content["strategies"], "whole table"}


def test_the_same_command_gives_the_same_numbers(
    path: Path, content: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = compare(path, tmp_path, "evolution,population=8,mutations=2", "evolution")
    printed = capsys.readouterr().out
    for label, entry in content["strategies"].items():
        assert [row["mean"] for row in again["strategies"][label]["regret"]] == [
            row["mean"] for row in entry["regret"]
        ]
        assert label in printed.replace("\n", "") or "," in label
    assert (tmp_path / "regret.png").read_bytes().startswith(b"\x89PNG")


def test_hypervolume_counts_few_connections_too(path: Path) -> None:
    table = load_table(path)
    run = run_job(Job(str(path), parse("random"), 0, SPACE.size, 16))
    curve = regret_curves(table, [run], "hypervolume")["random"][0]
    assert curve.shape == (SPACE.size,)
    assert (np.diff(curve) <= 0.0).all()
    assert curve[0] > 0.0
    nmse = regret_curves(table, [run], "nmse")["random"][0]
    found = np.flatnonzero(nmse == 0.0)[0]
    assert curve[found] > 0.0, "the best NMSE alone is not the whole front"


def test_for_the_hypervolume_those_that_can_minimize_both(path: Path, tmp_path: Path) -> None:
    content = compare(path, tmp_path, "evolution", "reinforce", "--score", "hypervolume")
    goals = {label: entry["goals"] for label, entry in content["strategies"].items()}
    both = ["nmse", "connections"]
    assert goals == {"random": both, "evolution": both, "reinforce": ["nmse"]}
    alone = compare(path, tmp_path, "evolution")
    assert alone["strategies"]["evolution"]["goals"] == ["nmse"]


def test_an_exhausted_space_ends_a_run_at_no_regret(path: Path) -> None:
    run = run_job(Job(str(path), parse("random"), 0, SPACE.size + 100, 100))
    assert sorted(run.asked.tolist()) == list(range(SPACE.size))
    for score in ("nmse", "hypervolume"):
        curve = regret_curves(load_table(path), [run], score)["random"][0]
        assert curve[SPACE.size - 1] == curve[-1] == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evolutoin"], "Unknown optimizer 'evolutoin': the known ones are"),
        (["evolution,populaton=8"], "has no option 'populaton': its options are"),
        (["evolution,population"], "must be NAME,OPTION=VALUE"),
        (["evolution,population=8,population=9"], "must be given once, got 'population' twice"),
        (["evolution,population=0"], "population of evolution must be a whole number of at least 1, got 0"),
        (["evolution", "evolution"], "must differ, got 'evolution' twice"),
        (["no.module:Thing"], "module 'no.module' does not import"),
        (["json:JSONDecoder"], "is no subclass of optimizers.Optimizer"),
        (["evolution", "--table", "nothing.npz"], "or a readable file, got nothing.npz"),
        (["evolution", "--top", "41", "--budget", "40"], "needs a budget of as many networks, got 40"),
        (["evolution", "--seeds", "1"], "must be at least 2, got 1"),
    ],
)
def test_what_cannot_be_compared_is_refused_before_anything_runs(
    arguments: list[str], message: str, path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = [] if "--table" in arguments else ["--table", str(path)]
    out = tmp_path / "out"
    try:
        code = main([*arguments, *table, "--out", str(out)])
    except SystemExit as ended:
        code = int(ended.code or 0)
    assert code == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert errors.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("text", ["tpe", "evolution,population=8", "a.b:C,x=1.5,flag=true,name=text"])
def test_strategies_read_numbers_flags_and_text(text: str) -> None:
    strategy = parse(text)
    assert strategy.label == text
    assert strategy.optimizer == text.split(",", maxsplit=1)[0]
    for value in dict(strategy.options).values():
        assert value in (8, 1.5, True, "text")


def test_a_value_that_is_no_scalar_stays_text() -> None:
    with pytest.raises(InputError, match="must be NAME"):
        parse("evolution,=8")
    assert dict(parse("a,b=[1]").options) == {"b": "[1]"}


@pytest.mark.parametrize("halving", [None, Halving((2,))])
def test_a_table_plugs_in_where_a_search_trains(path: Path, tmp_path: Path, halving: Halving | None) -> None:
    table, found = load_table(path), list[list[int]]()
    for _ in range(2):
        with Archive.open(tmp_path / "archive.sqlite") as archive, PlainDisplay(StringIO()) as display:
            display.started(Plan("a table", layers=4, budget=40, controls=0, comparisons=0, out=""), {})
            evaluations = search(
                create("evolution", SPACE, 0),
                TabularEvaluator(table),
                archive,
                budget=40,
                batch=8,
                seed=0,
                halving=halving,
                observer=display,
            )
        found.append([table.index(each.genome) for each in evaluations])
    assert len(found[0]) == 40
    assert found[0] == found[1]
    if halving is None:
        job = Job(str(path), parse("evolution"), 0, 40, 8)
        assert found[0] == run_job(job).asked.tolist()


def children(process: int) -> set[int]:
    """Processes whose parent this is."""
    found = set()
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == process and fields[0] != "Z":
            found.add(int(file.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are looked up in /proc")
def test_workers_end_with_a_comparison_that_is_killed(path: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "apps.compare", "tpe", "--table", str(path), "--out", str(tmp_path)]
    sizes = ["--seeds", "50", "--budget", "100", "--workers", "2"]
    with subprocess.Popen([*command, *sizes], cwd=ROOT, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60.0
        while len(workers := children(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)  # Two workers, and the tracker of their resources.
        process.kill()
    assert len(workers) == 3
    while any(Path(f"/proc/{worker}").is_dir() for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(Path(f"/proc/{worker}").is_dir() for worker in workers)
