"""Problems as JSON: any composition comes back as it was, and bad files are refused in one sentence."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from evaluation import problems
from evaluation.problems import (
    BernoulliGaussian,
    DataFile,
    DictionaryLearning,
    Drawn,
    GammaSignals,
    GaussianDictionary,
    GaussianNoise,
    GivenDictionary,
    ImageSet,
    Limited,
    LowRankDictionary,
    NaturalImages,
    PerturbedDictionary,
    Problem,
    SaltAndPepper,
    SparseRecovery,
    load_problem,
    problem_from_dict,
    save_problem,
)
from genome import InputError

SEEDS, COUNTS = st.integers(0, 2**40), st.integers(1, 30)
POSITIVE = st.floats(1e-3, 1e3)
DECIBEL = st.floats(-50, 50) | st.integers(-50, 50)
SOURCES = st.builds(GaussianDictionary, COUNTS, COUNTS) | st.builds(
    LowRankDictionary, st.integers(5, 9), st.integers(5, 9), st.integers(1, 5), st.booleans()
)
SIGNALS = st.builds(BernoulliGaussian, st.floats(0.2, 1)) | st.builds(
    GammaSignals, st.floats(0.1, 9), POSITIVE, st.sampled_from(["rate", "scale"])
)
SIZES = (COUNTS, COUNTS, COUNTS)
LEAVES = st.builds(
    SparseRecovery, st.just(4), COUNTS, st.floats(0.2, 1), st.none() | DECIBEL, SEEDS, *SIZES
) | st.builds(Drawn, SOURCES, SIGNALS, SEEDS, *SIZES)


def wrapped(inner: st.SearchStrategy[Problem]) -> st.SearchStrategy[Problem]:
    return st.one_of(
        st.builds(GaussianNoise, inner, DECIBEL, st.sampled_from(["split", "sample"]), SEEDS),
        st.builds(SaltAndPepper, inner, st.floats(0.01, 1), st.none() | POSITIVE, SEEDS),
        st.builds(PerturbedDictionary, inner, POSITIVE, SEEDS),
        st.builds(Limited, inner, COUNTS, COUNTS),
        st.builds(problems.TestedOn, inner, inner),
    )


@given(st.recursive(LEAVES, wrapped, max_leaves=4))
def test_any_composition_comes_back_from_its_description(problem: Problem) -> None:
    text = json.dumps(problem.to_dict())
    again = problem_from_dict(json.loads(text))
    assert again == problem
    assert json.dumps(again.to_dict()) == text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a data file, a dictionary and images."""
    folder = tmp_path / "problem"
    folder.mkdir()
    rng = np.random.default_rng(0)
    dictionary = rng.standard_normal((4, 6)).astype(np.float32)
    parts = {"dictionary": dictionary}
    for name in ("train", "valid", "test"):
        x = rng.standard_normal((5, 6)).astype(np.float32)
        parts |= {f"{name}_x": x, f"{name}_b": x @ dictionary.T}
    np.savez(folder / "data.npz", allow_pickle=True, **parts)
    np.save(folder / "dictionary.npy", dictionary)
    np.savez(folder / "images.npz", images=rng.integers(0, 256, (3, 9, 9), dtype=np.uint8))
    return folder


def all_files(folder: Path) -> Problem:
    images = ImageSet.read(folder / "images.npz")
    learning = DictionaryLearning(atoms=20, samples=50, passes=1, batch=50)
    given_dictionary = GivenDictionary.read(folder / "dictionary.npy")
    return problems.TestedOn(
        Limited(GaussianNoise(DataFile(folder / "data.npz"), 20.0), 3, 2),
        problems.TestedOn(
            Drawn(given_dictionary, BernoulliGaussian(0.5), 1, 6, 7, 8),
            NaturalImages(images, images, learning, 4, 8, train=9, valid=9, cache=folder / "cache"),
        ),
    )


def test_problems_of_files_come_back_also_when_their_folder_has_moved(folder: Path, tmp_path: Path) -> None:
    problem = all_files(folder)
    save_problem(folder / "problem.json", problem)
    assert load_problem(folder / "problem.json") == problem
    moved = folder.rename(tmp_path / "moved")
    again = load_problem(moved / "problem.json")
    assert again == problem
    assert isinstance(again, problems.TestedOn)
    assert isinstance(again.test, problems.TestedOn)
    assert isinstance(again.test.test, NaturalImages)
    assert again.test.test.cache == moved / "cache"
    described = (moved / "problem.json").read_text("utf-8")
    assert str(folder) not in described
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    save_problem(elsewhere / "problem.json", again)
    assert str(moved / "data.npz") in (elsewhere / "problem.json").read_text("utf-8")
    assert load_problem(elsewhere / "problem.json") == problem


def test_what_defaults_say_may_be_left_out() -> None:
    values = {"kind": "limited", "problem": {"kind": "sparse_recovery", "m": 5}, "train": 9, "valid": 3}
    assert problem_from_dict(values) == Limited(SparseRecovery(m=5), 9, 3)


def test_a_dictionary_is_read_from_an_archive_too(folder: Path) -> None:
    given_dictionary = GivenDictionary.read(folder / "data.npz")
    assert given_dictionary == GivenDictionary.read(folder / "dictionary.npy")
    data = DataFile(folder / "data.npz")
    drawn = Drawn(given_dictionary, BernoulliGaussian(0.5), train=5, valid=5, test=5)
    assert torch.equal(drawn.dictionary, data.dictionary)


BASE: dict[str, Any] = {"kind": "sparse_recovery"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], 'The problem must be an object with the key "kind", got'),
        ({"kind": "sparse"}, "The problem must be of kind .*sparse_recovery, tested_on, got 'sparse'"),
        ({"kind": "gamma"}, "The problem must be of kind .*, got 'gamma'"),
        (BASE | {"snr": 3}, "A sparse_recovery has no key 'snr'; it has m, n, sparsity"),
        (BASE | {"m": "5"}, "Key 'm' of sparse_recovery must be an integer, got '5'"),
        (BASE | {"m": True}, "Key 'm' of sparse_recovery must be an integer, got True"),
        (BASE | {"m": None}, "Key 'm' of sparse_recovery must be an integer, got None"),
        (BASE | {"snr_db": "high"}, "Key 'snr_db' of sparse_recovery must be a number, got 'high'"),
        (BASE | {"snr_db": 10**400}, "Key 'snr_db' of sparse_recovery must be a number, got 1000"),
        (BASE | {"m": 0}, "problem's m must be at least 1, got 0"),
        (
            {"kind": "limited", "problem": BASE, "train": 5},
            "limited must have the key 'valid', which is missing",
        ),
        (
            {"kind": "gaussian_noise", "problem": {"kind": "images"}, "snr_db": 3},
            "Key 'problem' of gaussian_noise must be of kind .*, got 'images'",
        ),
        (
            {"kind": "gaussian_noise", "problem": BASE, "snr_db": 3, "over": 1},
            "Key 'over' of gaussian_noise must be a text, got 1",
        ),
        (
            {"kind": "drawn", "source": BASE, "signals": 3},
            "Key 'source' of drawn must be of kind gaussian_dict",
        ),
        ({"kind": "data_file", "sha256": "0"}, 'A data_file must have its "path" beside its kind, got None'),
        (
            {"kind": "drawn", "source": {"kind": "low_rank_dictionary", "unit_columns": 1}, "signals": {}},
            "Key 'unit_columns' of low_rank_dictionary must be true or false, got 1",
        ),
    ],
)
def test_descriptions_that_describe_no_problem_are_refused(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        problem_from_dict(values)


def test_files_that_are_not_those_described_are_refused(folder: Path) -> None:
    values = {"kind": "data_file", "path": "data.npz"}
    assert problem_from_dict(values, folder) == DataFile(folder / "data.npz")
    described = values | DataFile(folder / "data.npz").to_dict()
    assert problem_from_dict(described, folder) == DataFile(folder / "data.npz")
    with pytest.raises(InputError, match=r"data\.npz must have the sha256 'ab' of its description, got"):
        problem_from_dict(described | {"sha256": "ab"}, folder)
    with pytest.raises(InputError, match=r"data\.npz must have the m 5 of its description, got 4"):
        problem_from_dict(described | {"m": 5}, folder)
    with pytest.raises(InputError, match="A data_file has no key 'sha'; it has path, sha256"):
        problem_from_dict(values | {"sha": "ab"}, folder)
    with pytest.raises(InputError, match=r"none\.npz must be an existing"):
        problem_from_dict(values | {"path": "none.npz"}, folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "A problem file must be JSON text: "),
        (b"\xff\xfe\xff", "A problem file must be JSON text: "),
        (b"[" * 100_000, "A problem file must be JSON text: "),
        (b'{"kind": "limited", "kind": "limited"}', "must stand once, got 'kind' twice"),
        (b'{"kind": "sparse_recovery", "sparsity": NaN}', r"sparsity must be in \(0, 1\], got nan"),
        (b" " * 1_000_001, "must be at most 1000000 bytes"),
        (b'{"kind": "none"}', "The problem must be of kind"),
    ],
)
def test_unusable_problem_files_are_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as refusal:
        load_problem(path)
    assert str(refusal.value).endswith(f"in {path}.")


def test_what_cannot_be_read_or_written_is_refused(folder: Path) -> None:
    with pytest.raises(InputError, match="must be readable, got No such file"):
        load_problem(folder / "none.json")
    with pytest.raises(InputError, match="must be writable, got No such file"):
        save_problem(folder / "none" / "problem.json", SparseRecovery())
    drawn = Drawn(GivenDictionary(np.ones((2, 3))), BernoulliGaussian(0.5))
    with pytest.raises(
        InputError, match="its given_dictionary must come from a file, got one made in memory"
    ):
        save_problem(folder / "problem.json", drawn)
    assert not (folder / "problem.json").exists()
    (folder / "torn.npy").write_bytes((folder / "dictionary.npy").read_bytes()[:90])
    with pytest.raises(InputError, match=r"Dictionary file .*torn\.npy must be a readable \.npy file"):
        GivenDictionary.read(folder / "torn.npy")
    with pytest.raises(InputError, match=r"Dictionary file .*none\.npy must be an existing"):
        GivenDictionary.read(folder / "none.npy")
    np.save(folder / "words.npy", np.array(["a"]))
    with pytest.raises(InputError, match=r"words\.npy: Array dictionary must hold real numbers"):
        GivenDictionary.read(folder / "words.npy")
