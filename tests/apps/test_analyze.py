"""The analysis's command: what it reads of a search and its control, what it writes, and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from analysis.average import average
from apps.analyze.cli import main
from apps.analyze.content import RANDOM, SEARCHED
from apps.search.cli import main as search_main
from evaluation.archive import Archive
from genome import DesignSpace, Genome, Request
from genome.patterns import extra_places

ROOT = Path(__file__).parents[2]
FILES = {
    "analysis.json",
    "connections.csv",
    *(f"{name}.{kind}" for name in ("average", "difference", "dependence") for kind in ("png", "pdf")),
    *(f"importance_{name}.{kind}" for name in ("random", "search") for kind in ("png", "pdf")),
}
WORDS = "--protocol smoke --m 8 --n 16 --layers 6 --neurons soft --batch 8 --seeds 2 --top 10"
SIZES = (*WORDS.split(), "--device", "cpu", "--workers", "1", "--plain")

Refuse = Callable[..., str]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run directory of a finished search with a control."""
    out = tmp_path_factory.mktemp("searched") / "run"
    assert search_main([*SIZES, "--budget", "24", "--control", "20", "--out", str(out)]) == 0
    return out


@pytest.fixture
def run(searched: Path, tmp_path: Path) -> Path:
    """A run directory to damage."""
    return Path(shutil.copytree(searched, tmp_path / "run"))


@pytest.fixture
def refuse_analysis(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Refuse:
    """Run an analysis that must be refused, see that nothing was lost or made, and give the sentence."""

    def refuse(*arguments: str) -> str:
        capsys.readouterr()
        before = content(tmp_path)
        try:
            code: object = main([str(run), *arguments])
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


def analyze(run: Path, *arguments: str, out: Path) -> dict[str, Any]:
    assert main([str(run), "--out", str(out), *arguments]) == 0
    return dict(json.loads((out / "analysis.json").read_text("utf-8"), parse_constant=pytest.fail))


def test_a_finished_search_and_its_control_are_analyzed_and_left_alone(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = content(searched)
    found = analyze(searched, "--resamples", "200", out=tmp_path)
    assert content(searched) == before
    assert {path.name for path in tmp_path.iterdir()} == FILES
    result = json.loads((searched / "result.json").read_text("utf-8"))
    leaders = [Genome.from_dict(each["genome"]) for each in result["top"]]
    assert (found["top"], found["against"], found["evaluations"]) == (10, 6, 24)
    assert found["average"]["share"] == result["heatmap"]["share"]
    assert found["average"]["genome"] == result["average"]["genome"]
    values = average(leaders[:6]).share - average(leaders).share
    assert found["difference"]["values"] == values.tolist()
    random, own = found["samples"][RANDOM], found["samples"][SEARCHED]
    assert (random["random"], random["networks"]) == (True, 20)
    assert (own["random"], own["networks"]) == (False, 24)
    printed = capsys.readouterr().out
    assert "The average of the best 10" in printed
    assert "What a connection does, over 20 random networks" in printed
    assert "A search evaluates what it expects to be good" in " ".join(printed.split())


def test_the_control_is_what_the_search_evaluated_beside_itself(searched: Path, tmp_path: Path) -> None:
    """The scores in ``result.json`` have the means of the analysis's bins, weighted."""
    found = analyze(searched, "--resamples", "1", out=tmp_path)
    result = json.loads((searched / "result.json").read_text("utf-8"))
    for name, scores in (
        (RANDOM, result["control"]["valid_nmse_db"]),
        (SEARCHED, [step["valid_nmse_db"] for step in result["search"]]),
    ):
        bins = found["samples"][name]["dependence"]["bins"]
        total = sum(each["networks"] * each["mean"] for each in bins)
        assert total == pytest.approx(sum(scores))


def test_the_table_has_a_line_a_connection(searched: Path, tmp_path: Path) -> None:
    found = analyze(searched, "--resamples", "50", out=tmp_path)
    with (tmp_path / "connections.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["destination"]), int(row["source"])) for row in rows] == list(extra_places(6))
    for row, known in zip(rows, found["connections"], strict=True):
        assert float(row["low"]) <= float(row["share"]) == known["share"] <= float(row["high"])
    alone = {(each["destination"], each["source"]): each for each in found["samples"][RANDOM]["alone"]}
    for row in rows:
        known = alone.get((int(row["destination"]), int(row["source"])))
        assert row["random_alone_p_holm"] == ("" if known is None else repr(known["p_holm"]))


def test_a_search_at_work_is_analyzed_as_far_as_it_is(run: Path, tmp_path: Path) -> None:
    """Without a result the search is replayed: the same networks, and no control yet."""
    whole = analyze(run, out=tmp_path / "before")
    (run / "result.json").unlink()
    with Archive.open(run / "archive.sqlite") as writer:
        found = analyze(run, out=tmp_path / "after")
        assert writer.count() > 0
    assert (whole["finished"], found["finished"]) == (True, False)
    assert list(found["samples"]) == [SEARCHED]
    for key in ("evaluations", "average", "difference", "bootstrap", "patterns"):
        assert found[key] == whole[key]
    assert found["samples"][SEARCHED] == whole["samples"][SEARCHED]


def test_what_others_wrote_into_the_archive_does_not_count(run: Path, tmp_path: Path) -> None:
    (run / "result.json").unlink()
    before = analyze(run, out=tmp_path / "before")
    with Archive.open(run / "archive.sqlite") as archive:
        known = next(each for each in archive.evaluations() if not each.request.test)
        taken = {each.genome for each in archive.evaluations()}
        others = (each for each in DesignSpace(6, neurons=("relu",)).enumerate() if each not in taken)
        numbers = (*known.valid_nmse_db[:-1], -99.0)
        archive.record(
            [
                type(known)(Request(genome), known.setting, "complete", numbers, numbers, None, None, 1.0)
                for genome in islice(others, 5)
            ]
        )
    assert analyze(run, out=tmp_path / "after") == before


def test_an_archive_that_is_elsewhere_is_named(run: Path, tmp_path: Path) -> None:
    before = analyze(run, out=tmp_path / "before")
    shared = shutil.move(run / "archive.sqlite", tmp_path / "shared.sqlite")
    assert analyze(run, "--archive", f"sqlite:///{shared}", out=tmp_path / "after") == before


def test_of_a_metric_that_is_to_be_high_the_negative_is_shown(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = analyze(run, out=tmp_path / "nmse")
    assert "Negative: better" in " ".join(capsys.readouterr().out.split())
    settings = json.loads((run / "settings.json").read_text("utf-8"))
    changed = settings | {"metric": {"name": "PSNR", "sign": -1}}
    (run / "settings.json").write_text(json.dumps(changed), encoding="utf-8")
    same = analyze(run, out=tmp_path / "psnr")
    assert same["samples"] == found["samples"]
    printed = capsys.readouterr().out
    first = found["samples"][RANDOM]["dependence"]["bins"][0]
    assert f"{-first['mean']:.2f} [{-first['high']:.2f}, {-first['low']:.2f}]" in printed
    correlation = -found["samples"][RANDOM]["dependence"]["trend"]["spearman"]
    assert f"rank correlation of PSNR and connections {correlation:+.2f}" in printed
    assert "Positive: better" in " ".join(printed.split())


def test_a_random_search_is_its_own_random_sample(tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert search_main([*SIZES, "--optimizer", "random", "--budget", "16", "--out", str(out)]) == 0
    assert main([str(out), "--top", "4"]) == 0
    found = json.loads((out / "analysis/analysis.json").read_text("utf-8"))
    assert list(found["samples"]) == [RANDOM]
    assert (found["top"], found["against"]) == (4, 2)
    # A search goes on in a folder that was analyzed.
    assert search_main([*SIZES, "--optimizer", "random", "--budget", "17", "--out", str(out)]) == 0


def test_several_runs_are_compared(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other, out = tmp_path / "run", tmp_path / "out"
    shutil.copytree(searched, other)
    assert main([str(searched), str(other), "--resamples", "20", "--out", str(out)]) == 0
    agreed = json.loads((out / "agreement.json").read_text("utf-8"))
    expected = {"jaccard": 1.0, "difference": 0.0, "same_neurons": 1.0}
    assert agreed["pairs"] == [{"first": "run", "second": "run-2", **expected}]
    assert [each["soft"] for each in agreed["runs"]] == [1.0, 1.0]
    for name in ("run", "run-2"):
        assert {path.name for path in (out / name).iterdir()} == FILES
    assert "run and run-2" in capsys.readouterr().out


def test_the_threshold_and_the_numbers_asked_for_are_used(searched: Path, tmp_path: Path) -> None:
    found = analyze(searched, "--threshold", "0", "--top", "5", "--against", "5", out=tmp_path)
    assert found["average"]["connections"] == found["bootstrap"]["on"] == 10
    assert found["difference"]["largest"] is None
    assert found["difference"]["mean"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--top", "25"], "best 25 networks needs as many that were trained whole, got 24 in .*; a smaller"),
        (["--top", "5", "--against", "6"], "at most as many networks as the first, got 6 and 5"),
        (["--threshold", "1.5"], r"threshold of an average must lie in \[0, 1\], got 1.5"),
        (["--threshold", "nan"], r"must lie in \[0, 1\], got nan"),
        (["--resamples", "1000000"], "must be an integer from 1 to 100000, got 1000000"),
        (["--top", "0"], "--top: must be at least 1, got 0"),
        (["--threshold", "half"], "--threshold: invalid float value: 'half'"),
        (["--archive", "no/such.sqlite"], "must be there, got .*no/such.sqlite without one"),
    ],
)
def test_options_that_cannot_be_met(refuse_analysis: Refuse, arguments: list[str], sentence: str) -> None:
    assert re.search(sentence, refuse_analysis(*arguments))


def test_folders_that_are_no_runs_or_are_damaged(run: Path, tmp_path: Path, refuse_analysis: Refuse) -> None:
    assert "must have a settings.json" in refuse_analysis(str(tmp_path))
    assert f"A run must be given once, got {run} twice" in refuse_analysis(str(run))
    result, archive = run / "result.json", run / "archive.sqlite"
    kept = result.read_text("utf-8")
    changed = json.loads(kept) | {"control": {"evaluations": "many"}}
    result.write_text(json.dumps(changed), encoding="utf-8")
    assert re.search("evaluations of the control in .* must be an integer", refuse_analysis())
    result.write_text(json.dumps(changed | {"control": {"evaluations": 60}}), encoding="utf-8")
    assert re.search(r"lacks \d+ of the 60 random networks", refuse_analysis())
    result.write_text("{", encoding="utf-8")
    assert "must be readable JSON" in refuse_analysis()
    result.write_text(kept, encoding="utf-8")
    archive.write_bytes(archive.read_bytes()[:-5000])
    assert f"The archive {archive} is damaged" in refuse_analysis()
    archive.unlink()
    assert "has no archive.sqlite of its own; name with --archive" in refuse_analysis()


@pytest.mark.parametrize(
    ("file", "change", "sentence"),
    [
        ("result.json", {"control": 7}, "The control in .*result.json must be an object, got 7"),
        ("settings.json", {"optimizer": 7}, "The optimizer in .*settings.json must be a name, got 7"),
        ("settings.json", {"cell": None}, "The cell in .* must be a name or an object, got None"),
        ("settings.json", {"options": []}, r"The options in .* must be an object, got \[\]"),
        ("settings.json", {"goals": "nmse"}, "The goals in .* must be a list, got 'nmse'"),
        ("settings.json", {"metric": 7}, "The metric in .*settings.json must be a mapping .*, got 7"),
        ("settings.json", {"metric": {"name": "PSNR", "sign": 2}}, "a name and the sign 1 or -1, got"),
        ("settings.json", {"space": None}, "A design space must be .*, got None, in .*settings.json"),
    ],
)
def test_what_a_run_says_must_be_of_its_type(
    run: Path, refuse_analysis: Refuse, tmp_path: Path, file: str, change: dict[str, Any], sentence: str
) -> None:
    damaged = json.loads((run / file).read_text("utf-8")) | change
    (run / file).write_text(json.dumps(damaged), encoding="utf-8")
    assert re.search(sentence, refuse_analysis("--out", str(tmp_path / "out")))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("key", ["problem", "protocol", "cell", "space"])
def test_runs_of_different_settings(run: Path, tmp_path: Path, refuse_analysis: Refuse, key: str) -> None:
    other = tmp_path / "other"
    shutil.copytree(run, other)
    settings = json.loads((other / "settings.json").read_text("utf-8"))
    changed = {
        "problem": settings["problem"] | {"m": 9},
        "protocol": settings["protocol"] | {"batch": 1},
        "cell": "alista",
        "space": settings["space"] | {"neurons": ["soft", "relu"]},
    }
    (other / "settings.json").write_text(json.dumps(settings | {key: changed[key]}), encoding="utf-8")
    # The control's networks are drawn from the space; without a result nothing is drawn.
    for folder in (run, other):
        found = json.loads((folder / "result.json").read_text("utf-8"))
        (folder / "result.json").write_text(json.dumps(found | {"control": None}), encoding="utf-8")
    told = refuse_analysis(str(other))
    assert f"must have one problem, protocol, cell and space, got another {key} in {other}" in told


def test_a_folder_that_cannot_be_made(run: Path, refuse_analysis: Refuse) -> None:
    told = refuse_analysis("--out", str(run / "settings.json"))
    assert "must be written to a folder that can be made" in told


def test_help_does_not_wait_for_numpy() -> None:
    code = (
        "import sys; from apps.analyze.cli import parser; parser().format_help();"
        "assert not {'numpy', 'torch', 'matplotlib'} & sys.modules.keys()"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=os.environ, check=False)
    assert done.returncode == 0
