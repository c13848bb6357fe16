"""Searches on problems from files: composed ones, and natural images, whose metric is PSNR."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.export.searched import read_search
from apps.search.cli import main
from builders.files import load_network
from evaluation.problems import GaussianNoise, Limited, SparseRecovery, load_problem, save_problem

Search = Callable[..., Path]


@pytest.fixture
def search(tmp_path: Path, sizes: tuple[str, ...]) -> Search:
    """Run a search of three networks without control, unless the arguments say otherwise."""

    def run(*arguments: str, out: Path = tmp_path / "run") -> Path:
        small = ("--budget", "3", "--control", "0", "--neurons", "soft")
        assert main([*sizes, *small, "--out", str(out), *arguments]) == 0
        return out

    return run


def result(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_text("utf-8"))
    return content


def test_a_composed_problem_from_its_file(search: Search, tmp_path: Path) -> None:
    clean = SparseRecovery(m=8, n=16, train=512, valid=64, test=64)
    problem = GaussianNoise(Limited(clean, train=128, valid=32), snr_db=20)
    save_problem(tmp_path / "few.json", problem)
    out = search("--problem", str(tmp_path / "few.json"), "--m", "5")
    settings = result(out)["settings"]
    assert settings["problem"] == problem.to_dict()
    assert settings["dictionary"] == {"m": 8, "n": 16}
    assert "metric" not in settings
    assert load_network(out / "chosen.safetensors").dictionary.shape == (8, 16)


def test_an_unfinished_search_of_a_composed_problem_in_another_cell_is_exported(
    search: Search, tmp_path: Path
) -> None:
    problem = GaussianNoise(SparseRecovery(m=8, n=16, train=128, valid=32, test=32), snr_db=20)
    save_problem(tmp_path / "noisy.json", problem)
    more = ("--cell", "lista_cp", "--cell-option", "tied=true", "--goals", "nmse,parameters")
    out = search("--problem", str(tmp_path / "noisy.json"), *more, "--budget", "6")
    finished = read_search(out)
    (out / "result.json").unlink()
    replayed = read_search(out)
    assert replayed.evaluations[:6] == finished.evaluations
    assert not replayed.finished


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """The file of a small natural-images problem, beside six small pictures."""
    rng, (rows, columns) = np.random.default_rng(0), np.mgrid[:24, :24]
    (tmp_path / "pictures").mkdir()
    for number in range(6):
        waves = 60 * np.sin(columns / (3 + number)) + 50 * np.cos((rows + columns) / (4 + number))
        grey = (128 + waves + rng.normal(0, 4, waves.shape)).clip(0, 255).astype(np.uint8)
        Image.fromarray(grey).save(tmp_path / "pictures" / f"{number}.png")
    pictures = {"kind": "images", "path": "pictures"}
    described = {
        "kind": "natural_images",
        "training": pictures,
        "testing": pictures,
        "learning": {"kind": "dictionary_learning", "atoms": 24, "samples": 100, "passes": 1},
        "side": 4,
        "measurements": 8,
        "train": 128,
        "valid": 32,
    }
    file = tmp_path / "pictures.json"
    file.write_text(json.dumps(described), encoding="utf-8")
    return file


def test_natural_images_are_reported_as_psnr(
    search: Search, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("sklearn", reason="learning a dictionary needs scikit-learn")
    out = search("--problem", str(images), "--budget", "6", "--control", "6")
    content, printed = result(out), capsys.readouterr().out
    settings = content["settings"]
    assert settings["metric"] == {"name": "PSNR", "sign": -1}
    assert settings["dictionary"] == dict(zip("mn", load_problem(images).dictionary.shape, strict=True))
    scores = [step["valid_nmse_db"] for step in content["search"]]
    assert content["best"]["valid_nmse_db"] == min(scores) < 0, "a score is the negative of a PSNR"
    best = f"{-min(scores):.2f}"
    assert f"6/6 evaluated, best {best} dB" in printed
    for text in (printed, (out / "report.html").read_text("utf-8"), (out / "report.svg").read_text("utf-8")):
        assert "PSNR" in text
        assert "NMSE" not in text
        assert best in text
        assert f"-{best}" not in text
    difference = next(each for each in content["differences"] if each["mean"])
    assert f"{-difference['mean']:+.2f} [{-difference['high']:+.2f}, {-difference['low']:+.2f}]" in printed
    again = search("--problem", str(images), "--budget", "6", "--control", "6")
    assert result(again)["reuse"]["stages_trained"] == 0
