"""The transfer's command: what it trains and tells, that it goes on, what it refuses, and its help."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from analysis.shown import NMSE
from analysis.transfer import MODELS
from apps.transfer.cli import main
from apps.transfer.content import destination
from apps.transfer.options import PaperRow, TransferOptions
from apps.transfer.report import report
from apps.transfer.setting import moved_to
from builders.cells import Lista, create_cell
from evaluation.archive import Archive
from evaluation.evaluator import Evaluator
from evaluation.problems import Limited, PaperSetting, SparseRecovery, paper_problem
from evaluation.protocol import protocol
from genome import Evaluation, Genome, Request, load_genome, save_genome
from genome.patterns import resampled

ROOT = Path(__file__).parents[2]
_WORDS = "--protocol smoke --m 8 --n 16 --seeds 2 --random 3 --device cpu --workers 1"
SIZES = tuple(_WORDS.split())
SEEDS = (1_000_000, 1_000_001)
PATTERN = Genome.from_connections(6, [(4, 1), (5, 3), (6, 1), (6, 2)])


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with genomes."""
    folder = tmp_path_factory.mktemp("given")
    save_genome(folder / "found.json", replace(PATTERN, neurons=("relu", *PATTERN.neurons[1:])))
    save_genome(folder / "coupled.json", replace(PATTERN, weights=("coupled",) * 6))
    save_genome(folder / "sideless.json", replace(PATTERN, side=(True, False, *[True] * 4)))
    save_genome(folder / "short.json", Genome.lista(2))
    (folder / "torn.json").write_text((folder / "found.json").read_text("utf-8")[:40], "utf-8")
    return folder


def move(out: Path, *arguments: str) -> dict[str, Any]:
    assert main([*arguments, *SIZES, "--out", str(out)]) == 0
    return dict(json.loads((out / "transfer.json").read_text("utf-8"), parse_constant=pytest.fail))


def recorded(out: Path) -> dict[str, Evaluation]:
    with Archive.open(out / "archive.sqlite") as archive:
        return {each.key: each for each in archive.evaluations()}


def numbers(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "seconds"}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("transfer") / "run"


@pytest.fixture(scope="module")
def content(out: Path, given: Path) -> dict[str, Any]:
    """A pattern of six layers moved to four, to two cells."""
    return move(out, str(given / "found.json"), "--layers", "4", "--to", "dladmm,joins=all", "--to", "lista")


def test_the_pattern_goes_alone_and_is_trained_beside_its_rivals(content: dict[str, Any]) -> None:
    assert [*content["models"]] == [*MODELS]
    moved = resampled(PATTERN, 4)
    assert Genome.from_dict(content["models"]["transferred"][0]["genome"]) == moved
    assert content["genome"]["connections"] == 4
    assert content["rule"] == (
        "Layer d of 4 has the connections of layer 1 + round(5 (d - 1) / 3) of 6, at least 3, each taken "
        "from the source at the same relative place."
    )
    assert [row["cell"] for row in content["destinations"]] == [{"name": "dladmm", "joins": "all"}, "lista"]
    for row in content["destinations"]:
        assert {len(seeds) for of in row["test_nmse_db"].values() for seeds in of} == {2}
        assert [claim["sentence"].partition(": ")[2].partition(" (")[0] for claim in row["claims"]] == [
            "transferred is better than original",
            "transferred is better than random",
            "transferred is not worse than dense by more than 0.3 dB",
        ]


def test_scores_are_the_evaluators_on_seeds_of_the_comparison(content: dict[str, Any]) -> None:
    problem = SparseRecovery(m=8, n=16, train=2048, valid=512, test=512)
    for cell, row in zip(
        (create_cell("dladmm", {"joins": "all"}), Lista()), content["destinations"], strict=True
    ):
        evaluator = Evaluator(problem, protocol("smoke"), cell=cell, device="cpu", workers=1)
        for name, networks in content["models"].items():
            genomes = [Genome.from_dict(network["genome"]) for network in networks]
            requests = [Request(genome, seed, seed, test=True) for genome in genomes for seed in SEEDS]
            expected = [each.test_nmse_db for each in evaluator.evaluate(requests)]
            seen = [by_seed[str(seed)] for by_seed in row["test_nmse_db"][name] for seed in SEEDS]
            assert seen == expected
            assert row["models"][name]["mean"] == pytest.approx(np.mean(np.array(expected, float)))


def test_the_table_has_a_line_for_each_network_and_seed(content: dict[str, Any], out: Path) -> None:
    with (out / "transfer.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    for row, cell in zip(content["destinations"], ('dladmm joins="all"', "lista"), strict=True):
        told = {
            (line["model"], int(line["pattern"]), line["seed"]): float(line["test_nmse_db"])
            for line in lines
            if line["cell"] == cell
        }
        assert told == {
            (name, number, seed): value
            for name, of in row["test_nmse_db"].items()
            for number, by_seed in enumerate(of, 1)
            for seed, value in by_seed.items()
        }
    assert {(line["model"], line["connections"]) for line in lines} == {
        (name, str(network["connections"])) for name, of in content["models"].items() for network in of
    }


def test_the_same_command_again_trains_nothing_and_says_the_same(
    content: dict[str, Any], out: Path, given: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = recorded(out)
    files = {name: (out / name).read_bytes() for name in ("transfer.csv", "transfer.png", "transfer.pdf")}
    capsys.readouterr()
    again = move(out, str(given / "found.json"), "--layers", "4", "--to", "dladmm,joins=all", "--to", "lista")
    assert numbers(again) == numbers(content)
    assert recorded(out) == before
    assert {name: (out / name).read_bytes() for name in files} == files
    assert files["transfer.png"].startswith(b"\x89PNG")
    assert files["transfer.pdf"].startswith(b"%PDF")
    told = " ".join(capsys.readouterr().out.split())
    size = content["models"]["transferred"][0]["connections"]
    for part in (
        f"{size} of 3 extra connections at 4 layers, connections alone",
        'In dladmm joins="all"',
        "2 seeds, which set signals and batch order",
        "of 2, by means over seeds",
        "dB between patterns",
        content["destinations"][1]["claims"][1]["sentence"],
    ):
        assert part in told


def test_all_that_a_layer_is_goes_along_where_asked_for_and_to_the_rivals_too(
    tmp_path: Path, given: Path
) -> None:
    content = move(tmp_path / "out", str(given / "found.json"), "--whole")
    genome = load_genome(given / "found.json")
    assert Genome.from_dict(content["models"]["transferred"][0]["genome"]) == genome
    networks = [network["genome"]["neurons"] for of in content["models"].values() for network in of]
    assert networks == [list(genome.neurons)] * 7
    assert content["rule"] is None


def test_a_row_of_the_study_and_its_training_can_be_changed(tmp_path: Path) -> None:
    more = ("--row", "d", "--train", "64", "--steps", "0.4", "--form", "mean", "--layers", "3")
    content = move(tmp_path / "out", "lfista", *more)
    row = paper_problem("d", PaperSetting(m=8, n=16))
    assert content["settings"]["problem"] == Limited(row, 64, 10_240).to_dict()
    assert content["settings"]["protocol"]["form"] == "mean"
    assert [phase["steps"] for phase in content["settings"]["protocol"]["phases"]] == [2, 4, 2]
    assert content["left_out"] == ["random", "dense in latter half", "dense"]


@pytest.mark.parametrize(
    ("row", "sizes", "shape"), [("d", (None, None), (250, 500)), ("512x1024", (None, 20), (512, 20))]
)
def test_a_row_has_the_studys_size_unless_another_is_given(
    row: str, sizes: tuple[int | None, int | None], shape: tuple[int, int]
) -> None:
    options = TransferOptions(
        genome="lfista",
        cells=(),
        layers=None,
        whole=False,
        problem=PaperRow(row, *sizes, problem_seed=3),
        train=None,
        random=5,
        protocol="smoke",
        steps=1.0,
        form=None,
        seeds=2,
        seed=0,
        device="cpu",
        workers=None,
        out=None,
    )
    assert moved_to(options).dictionary.shape == shape


def test_a_training_that_diverged_is_told(content: dict[str, Any], out: Path) -> None:
    evaluations = recorded(out).values()
    setting = min(each.setting for each in evaluations)
    by_digest: dict[str, dict[int, Evaluation]] = {}
    for each in evaluations:
        if each.setting == setting:
            by_digest.setdefault(each.genome.digest, {})[each.request.seed] = each
    trained = {
        name: [by_digest[network["digest"]] for network in of] for name, of in content["models"].items()
    }
    one = trained["random"][0][SEEDS[0]]
    lost = (float("inf"),) * 4
    trained["random"][0][SEEDS[0]] = replace(
        one,
        status="diverged",
        valid_nmse_db=lost,
        valid_ratio_db=lost,
        test_nmse_db=lost[0],
        test_ratio_db=lost[0],
    )
    row = json.loads(json.dumps(destination(Lista(), trained, NMSE), allow_nan=False))
    assert row["test_nmse_db"]["random"][0][str(SEEDS[0])] is None
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(report({**content, "destinations": [row]}))
    told = console.export_text()
    assert re.search(r"random, mean of 2 +\d +diverged +diverged +-", told)
    assert "Among random patterns: transferred is better than" in told
    assert "Spread of the random patterns" not in told
    assert "Not shown: transferred is better than random, because random diverged on 1 of 2 seeds." in told


# Interrupted


LONG = ("released", "--layers", "5", "--to", "dladmm", "--to", "lista", "--steps", "6")


@contextmanager
def started(out: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "apps.transfer", *LONG, *SIZES, "--out", str(out)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def count(out: Path) -> int:
    try:
        with closing(sqlite3.connect(f"file:{out}/archive.sqlite?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM evaluations").fetchone()[0])
    except sqlite3.OperationalError:  # Not there yet, or without its tables.
        return 0


def stopped(out: Path, number: signal.Signals, after: int) -> tuple[int, str]:
    """Stop a run by a signal once so many evaluations are recorded; exit code and stderr."""
    with started(out) as process:
        deadline = time.perf_counter() + 60.0
        while count(out) < after:
            assert process.poll() is None
            assert time.perf_counter() < deadline
            time.sleep(0.005)
        process.send_signal(number)
        _, errors = process.communicate(timeout=60.0)
    return process.returncode, errors


def test_what_is_interrupted_or_killed_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "disturbed"
    told = "Interrupted; run the same command again to go on.\n"
    assert stopped(out, signal.SIGINT, 1) == (130, told)
    assert not (out / "transfer.json").exists()
    first = recorded(out)
    assert stopped(out, signal.SIGKILL, len(first) + 1) == (-signal.SIGKILL, "")
    second = recorded(out)
    content = move(out, *LONG)
    last = recorded(out)
    assert first.items() <= second.items() <= last.items()
    assert 0 < len(first) < len(second) <= len(last) == 28
    undisturbed = move(tmp_path / "undisturbed", *LONG)
    assert numbers(undisturbed) == numbers(content)


# Refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.json"], "genome file must be readable, got No such file or directory for nothing.json"),
        (["{given}/torn.json"], "in {given}/torn.json"),
        (["{given}/short.json"], "pattern of connections needs a network of at least 3 layers, got 2"),
        (["{given}/short.json", "--layers", "4"], "at least 3 layers to be moved to 4, got 2"),
        (["released", "--layers", "2"], "--layers: must be at least 3, got 2"),
        (["{given}/coupled.json", "--whole"], "takes genomes with free weights only, got coupled in layer 1"),
        (
            ["{given}/sideless.json", "--whole", "--to", "dladmm"],
            "takes genomes with all side connections only, got none in layer 2",
        ),
        (["released", "--to", "lstm"], "The cell must be one of"),
        (["released", "--to", "lista,tied"], "A cell must be NAME,OPTION=VALUE,..., got 'lista,tied'"),
        (["released", "--to", "lista", "--to", "lista,tied=true"], "moved to every cell once, got"),
        (["released", "--row", "z"], "row of the paper must be one of b, c"),
        (["released", "--row", "d", "--problem", "mine.json"], "settles its signals and noise itself, got"),
        (["released", "--row", "d", "--snr", "20"], "itself, got --snr beside it"),
        (["released", "--row", "d", "--sparsity", "0.1"], "itself, got --sparsity beside it"),
        (["released", "--problem", "nothing.json"], "nothing.json"),
        (["released", "--train", "4000"], "no larger than the problem's 2048 samples, got 4000"),
        (["released", "--train", "20"], "must hold at least one batch of 32 samples, got 20"),
        (["released", "--seeds", "1"], "--seeds: must be at least 2, got 1"),
        (["released", "--seed", "1000000"], "The seed must be below 1000000, where"),
        (["released", "--random", "0"], "--random: must be at least 1, got 0"),
        (["released", "--random", "1001"], "number of random patterns must be an integer from 1 to 1000"),
        (["lista"], "A network must have extra connections to move, got lista, which has none"),
        (["released", "--steps", "0"], "steps must be above 0 and at most 1000000, got 0.0"),
        (["released", "--protocol", "paper", "--steps", "0.1"], "cannot be scaled, got a factor of 0.1"),
        (["released", "--form", "product"], "got 'product'"),
        (["released", "--protocol", "slow"], "protocol must be one of smoke, quick, paper, got 'slow'"),
    ],
)
def test_what_cannot_be_moved_is_refused_before_anything_is_written(
    arguments: list[str], message: str, given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    filled = [argument.format(given=given) for argument in arguments]
    try:
        code: object = main([*SIZES, "--out", str(out), *filled])
    except SystemExit as end:
        code = end.code
    told = capsys.readouterr().err
    assert code == 2
    assert message.format(given=given) in told
    assert re.fullmatch(r"[^\n]+\.\n", told), told
    assert not out.exists()


def test_a_folder_of_another_transfer_is_refused(
    content: dict[str, Any], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (out / "transfer.json").read_bytes()
    assert main(["lfista", "--layers", "4", *SIZES, "--out", str(out)]) == 2
    assert "A run goes on with the settings it began with" in capsys.readouterr().err
    assert (out / "transfer.json").read_bytes() == before
    assert content["seconds"] > 0


def test_help_is_quick_and_imports_nothing_slow() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "apps.transfer", "--help"]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=True)
    assert time.perf_counter() - start < 2.0
    for name in ("torch", "numpy", "matplotlib", "rich"):
        assert not re.search(rf"\| +{name}$", done.stderr, re.MULTILINE)
    for option in ("--to", "--layers", "--row", "--train", "--random", "--steps", "--whole"):
        assert option in done.stdout
    assert "[]" not in done.stdout
