"""What a search refuses: one sentence, exit code 2, no traceback, and nothing written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from apps.search.cli import main
from evaluation import protocol
from evaluation.archive import Archive

ROOT = Path(__file__).parents[2]

Arrays = dict[str, NDArray[Any]]
Refuse = Callable[..., str]


def content(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder: path -> bytes, None for a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--budget 0", "--budget: must be at least 1, got 0"),
        ("--budget many", "--budget: invalid int value: 'many'"),
        ("--surprise", "unrecognized arguments: --surprise"),
        ("--seed 1000000", "seed must be below 1000000, where the comparison's seeds begin, got 1000000"),
        ("--optimizer annealing", "Unknown optimizer 'annealing': the known ones are cmaes, evolution, gp"),
        ("--option population", "--option: must be NAME=VALUE, got 'population'"),
        ("--option =5", "--option: must be NAME=VALUE, got '=5'"),
        ("--option mutations=1 --option mutations=2", "give an option once, got 'mutations' twice"),
        ("--option size=3", "Optimizer 'evolution' has no option 'size': its options are .*population"),
        ("--option population=many", "population of evolution must be .*, got 'many'"),
        ("--option seed=3", "must be its own, got 'seed': use --seed"),
        ("--option goals=nmse", "must be its own, got 'goals': use --goals"),
        ("--optimizer tpe --option n_startups=3", "Sampler 'tpe' has no option 'n_startups'"),
        ("--optimizer tpe --option n_startup_trials=few", "'tpe' cannot work with n_startup_trials=few: "),
        ("--goals connections", "Goals must begin with nmse and differ, got connections"),
        ("--goals nmse,nmse", "Goals must begin with nmse and differ, got nmse,nmse"),
        ("--goals nmse,speed", "must be one of nmse, connections, parameters, multiply_adds, got 'speed'"),
        ("--goals nmse,connections --optimizer reinforce", "takes one goal, got 2 .*evolution, gp, nsga2"),
        ("--goals nmse,connections --rungs 2", "by their NMSE alone, got the goals nmse, connections"),
        ("--rungs 2,x", "--rungs: must be stages like 4,6, got '2,x'"),
        ("--rungs 3,2", "rungs of halving must be stages from 1 that ascend, got 3, 2"),
        ("--rungs 0", "rungs of halving must be stages from 1 that ascend, got 0"),
        ("--rungs 4", r"must lie in 1\.\.3 for networks of 4 layers, got 4"),
        ("--rungs 2 --keep 1", "share that halving keeps must lie between 0 and 1, got 1.0"),
        ("--rungs 2 --batch 1", "Halving needs batches of at least 2 networks, got 1"),
        ("--keep 0.5", "share to keep needs rungs to keep it at, got --keep 0.5 alone"),
        ("--control -1", "--control: must be at least 0, got -1"),
        ("--optimizer nowhere:At", "module 'nowhere' does not import"),
        ("--protocol slow", "protocol must be one of smoke, quick, paper, got 'slow'"),
        ("--form product", "injection must be one of sum, mean, fista, sum_from_mean,"),
        ("--neurons soft,tanh", "must be one of soft, relu, leaky_relu, support, got 'tanh'"),
        ("--sparsity 0", r"sparsity must be in \(0, 1\], got 0.0"),
        ("--sparsity 1.5", r"sparsity must be in \(0, 1\], got 1.5"),
        ("--sparsity nan", r"sparsity must be in \(0, 1\], got nan"),
        ("--sparsity 1e-9", "sparsity times n must be at least 0.1, got 1.6e-08"),
        ("--snr nan", "SNR in dB must be from -200 to 200, got nan"),
        ("--device abacus", "device must be 'auto', 'cpu' or one torch reports"),
        ("--memory nan", "positive number of GiB, got nan"),
        ("--memory 0.02", r"layers needs at least 0\.\d\d GiB of memory .*, got 0\.02 GiB"),
        ("--precision half", "precision must be one of float32, tf32, got 'half'"),
        ("--precision tf32 --device cpu", "tf32 needs an NVIDIA GPU .*, got device 'cpu'"),
        ("--storage mysql://host/name", "must be a file or a URL of sqlite.*, got one of 'mysql'"),
        ("--storage sqlite:////nowhere/a.sqlite", "must be in an existing folder, got /nowhere/a.sqlite"),
    ],
)
def test_options_that_cannot_be_met(refuse: Refuse, tmp_path: Path, arguments: str, sentence: str) -> None:
    assert re.search(sentence, refuse(*arguments.split(), out=tmp_path / "new" / "run"))
    assert content(tmp_path) == {}


def test_the_process_ends_with_the_code_and_nothing_but_the_sentence(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "apps.search", "--optimizer", "annealing", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(r"Unknown optimizer 'annealing': [^\n]*\.\n", done.stderr)
    assert not out.exists()


@pytest.fixture
def arrays() -> Arrays:
    rng = np.random.default_rng(0)
    dictionary = rng.standard_normal((4, 6))
    made: Arrays = {"dictionary": dictionary}
    for name, samples in (("train", 40), ("valid", 5), ("test", 3)):
        x = rng.standard_normal((samples, 6))
        made |= {f"{name}_x": x, f"{name}_b": x @ dictionary.T}
    return made


@pytest.mark.parametrize(
    ("name", "place", "value", "sentence"),
    [
        ("dictionary", (2, 3), np.nan, "dictionary must be finite, got nan at row 2, column 3"),
        ("dictionary", (slice(None), 5), 0.0, "no zero column, got one at column 5"),
        ("train_b", (7, 1), np.inf, "Array train_b must be finite, got inf at row 7, column 1"),
        ("valid_x", (4,), 0.0, "got an all-zero row 4 in array valid_x"),
    ],
)
def test_data_with_an_unusable_value(
    refuse: Refuse, tmp_path: Path, arrays: Arrays, name: str, place: Any, value: float, sentence: str
) -> None:
    arrays[name][place] = value
    file = tmp_path / "mine.npz"
    np.savez(file, allow_pickle=False, **arrays)
    told = refuse("--data", str(file))
    assert told.startswith(f"Data file {file}: ")
    assert sentence in told
    assert content(tmp_path).keys() == {"mine.npz"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dictionary": np.ones(4)}, "A dictionary must be a matrix (m, n), got shape (4,)"),
        ({"train_b": np.ones((40, 3))}, "Array train_b must have shape (samples, 4), got (40, 3)"),
        ({"test_x": np.ones((2, 6))}, "must have the same number of rows, got 3 and 2"),
        (
            {"valid_b": np.ones((0, 4)), "valid_x": np.ones((0, 6))},
            "Split valid must hold at least one sample, got none",
        ),
        (
            {"train_b": np.ones((31, 4)), "train_x": np.ones((31, 6))},
            "must hold at least one batch of 32 samples, got 31",
        ),
        ({"test_b": np.array([["a"] * 4] * 3)}, "Array test_b must hold real numbers"),
    ],
)
def test_data_of_a_wrong_shape(
    refuse: Refuse, tmp_path: Path, arrays: Arrays, changes: Arrays, sentence: str
) -> None:
    np.savez(tmp_path / "mine.npz", allow_pickle=False, **(arrays | changes))
    assert sentence in refuse("--data", str(tmp_path / "mine.npz"))
    assert content(tmp_path).keys() == {"mine.npz"}


def test_data_files_that_are_torn_incomplete_or_missing(
    refuse: Refuse, tmp_path: Path, arrays: Arrays
) -> None:
    file = tmp_path / "mine.npz"
    assert "must be an existing .npz file" in refuse("--data", str(file))
    del arrays["valid_b"]
    np.savez(file, allow_pickle=False, **arrays)
    assert "must hold array valid_b" in refuse("--data", str(file))
    file.write_bytes(file.read_bytes()[:-100])
    assert f"Data file {file} must be a readable .npz archive" in refuse("--data", str(file))
    assert content(tmp_path).keys() == {"mine.npz"}


def wild(monkeypatch: pytest.MonkeyPatch, learning_rate: float) -> tuple[str, str]:
    """Give the protocol another learning rate, which the command line cannot; and the neurons it is for."""
    preset = replace(protocol.protocol("smoke"), learning_rate=learning_rate)
    monkeypatch.setitem(protocol._PRESETS, "smoke", preset)
    return "--neurons", "relu,soft"


def test_networks_that_diverge_are_recorded_and_the_search_goes_on(
    tmp_path: Path, sizes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    assert main([*sizes, *wild(monkeypatch, 3e3), "--out", str(out)]) == 0
    result = json.loads((out / "result.json").read_text("utf-8"))
    with Archive.open(out / "archive.sqlite") as archive:
        kept = {evaluation.key: evaluation for evaluation in archive.evaluations()}
    searched = [kept[step["key"]] for step in result["search"]]
    assert [e.status for e in searched].count("diverged") == result["diverged"] == 5
    assert {e.score for e in searched if e.status == "diverged"} == {np.inf}
    (survivor,) = (e for e in searched if e.status == "complete")
    assert result["best"]["genome"] == result["chosen"]["genome"] == survivor.genome.to_dict()
    assert len(result["top"]) == 1
    for baseline in result["baselines"].values():
        assert baseline["valid_nmse_db"] == "inf"
        assert baseline["test_nmse_db"] == {"mean": None, "low": None, "high": None}


def test_a_search_in_which_every_network_diverges_says_so_each_time(
    refuse: Refuse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = wild(monkeypatch, 1e6)
    assert "none of the 6 evaluations completed" in refuse(*arguments)
    with Archive.open(tmp_path / "run" / "archive.sqlite") as archive:
        kept = list(archive.evaluations())
    assert {(e.status, e.score) for e in kept} == {("diverged", np.inf)}
    assert "none of the 6 evaluations completed" in refuse(*arguments)
    with Archive.open(tmp_path / "run" / "archive.sqlite") as archive:
        assert list(archive.evaluations()) == kept
