"""Problems: the distribution they promise, repeatability, and the refusal of unusable data."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from evaluation.digest import digest
from evaluation.nmse import nmse
from evaluation.problems.data_file import DataFile
from evaluation.problems.sparse_recovery import SparseRecovery
from genome import InputError

PROBLEM = SparseRecovery(m=20, n=40, sparsity=0.1, train=4000, valid=500, test=300)

Array = NDArray[Any]
Arrays = dict[str, Array]
Change = Callable[[Arrays], object]


def test_dictionary_and_signals_are_distributed_as_the_paper_says() -> None:
    data = PROBLEM.dataset(0)
    assert PROBLEM.dictionary.shape == (20, 40)
    torch.testing.assert_close(PROBLEM.dictionary.norm(dim=0), torch.ones(40))
    support = data.train.x != 0
    empty = 0.9**40
    assert float(support.float().mean()) == pytest.approx(0.1 / (1 - empty), abs=0.004)
    assert bool(support.any(dim=1).all())
    assert float(data.train.x[support].std()) == pytest.approx(1, abs=0.03)
    torch.testing.assert_close(data.valid.b, data.valid.x @ PROBLEM.dictionary.T, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("snr", [40.0, 20.0, 0.0])
def test_noise_has_the_stated_power(snr: float) -> None:
    noisy = replace(PROBLEM, snr_db=snr).dataset(0).train
    clean = noisy.x @ PROBLEM.dictionary.T
    measured = 10 * torch.log10(clean.square().mean() / (noisy.b - clean).square().mean())
    assert float(measured) == pytest.approx(snr, abs=0.15)


def test_a_problem_is_a_value_and_its_draws_are_independent() -> None:
    again = SparseRecovery(m=20, n=40, sparsity=0.1, train=4000, valid=500, test=300)
    assert torch.equal(again.dataset(0).test.b, PROBLEM.dataset(0).test.b)
    assert digest(again.to_dict()) == digest(PROBLEM.to_dict())
    assert digest(replace(PROBLEM, seed=1).to_dict()) != digest(PROBLEM.to_dict())
    assert not torch.equal(PROBLEM.dataset(1).train.x, PROBLEM.dataset(0).train.x)
    assert not torch.equal(PROBLEM.dataset(0).train.x[:300], PROBLEM.dataset(0).test.x)
    assert not torch.equal(PROBLEM.with_seed(1).dictionary, PROBLEM.dictionary)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"m": 0}, "problem's m must be at least 1, got 0"),
        ({"sparsity": 1.5}, r"sparsity must be in \(0, 1\], got 1.5"),
        ({"sparsity": 0.002}, "sparsity times n must be at least 0.1, got 0.08"),
        ({"snr_db": float("nan")}, "SNR in dB must be from -200 to 200, got nan"),
        ({"snr_db": 4000.0}, "SNR in dB must be from -200 to 200, got 4000.0"),
        ({"valid": 0}, "valid must be at least 1, got 0"),
    ],
)
def test_impossible_problems_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(PROBLEM, **changes)


def test_a_sample_that_comes_out_exact_does_not_decide_the_mean() -> None:
    """Counted as minus infinity, or as the smallest float64, one of 2,048 would move the mean by 1.5 dB."""
    errors, energies = torch.full((1, 2048), 0.01, dtype=torch.float64), torch.ones(1, 2048).double()
    errors[0, 7] = 0.0
    floor = 10 * np.log10(2.0**-48)
    assert nmse(errors, energies).mean_db[0] == pytest.approx((2047 * -20.0 + floor) / 2048)
    exact = nmse(0 * errors, energies)
    assert (exact.mean_db[0], exact.ratio_db[0]) == pytest.approx((floor, floor))
    assert floor == pytest.approx(20 * np.log10(np.finfo(np.float32).eps / 2))


def test_nmse_in_both_conventions_against_numpy() -> None:
    rng = np.random.default_rng(0)
    errors, energies = rng.random((2, 50)), 1 + rng.random((2, 50))
    scores = nmse(torch.from_numpy(errors), torch.from_numpy(energies))
    np.testing.assert_allclose(scores.mean_db, (10 * np.log10(errors / energies)).mean(axis=1))
    np.testing.assert_allclose(scores.ratio_db, 10 * np.log10(errors.sum(axis=1) / energies.sum(axis=1)))
    errors[1, 3] = np.nan
    assert nmse(torch.from_numpy(errors), torch.from_numpy(energies)).mean_db[1] == np.inf


@pytest.fixture
def arrays() -> Arrays:
    rng = np.random.default_rng(0)
    dictionary = rng.standard_normal((4, 6)).astype(np.float32)
    parts: Arrays = {"dictionary": dictionary}
    for name, samples in (("train", 9), ("valid", 5), ("test", 3)):
        x = rng.standard_normal((samples, 6)).astype(np.float32)
        parts |= {f"{name}_x": x, f"{name}_b": x @ dictionary.T}
    return parts


def save(path: Path, arrays: Arrays) -> Path:
    np.savez(path, allow_pickle=True, **arrays)
    return path


def test_a_data_file_gives_its_arrays_for_every_draw(tmp_path: Path, arrays: Arrays) -> None:
    problem = DataFile(save(tmp_path / "d.npz", arrays))
    assert torch.equal(problem.dictionary, torch.from_numpy(arrays["dictionary"]))
    assert torch.equal(problem.dataset(3).valid.x, torch.from_numpy(arrays["valid_x"]))
    elsewhere = DataFile(save(tmp_path / "copy.npz", arrays))
    assert elsewhere.to_dict() == problem.to_dict()
    arrays["test_b"][0, 0] += 1
    assert DataFile(save(tmp_path / "changed.npz", arrays)).to_dict() != problem.to_dict()


def changed(name: str, change: Callable[[Array], Array]) -> Change:
    def apply(arrays: Arrays) -> None:
        arrays[name] = change(arrays[name])

    return apply


def with_value(value: float, *place: int | slice) -> Callable[[Array], Array]:
    def change(array: Array) -> Array:
        array[place] = value
        return array

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (changed("train_b", lambda a: a[:, :3]), r"train_b must have shape \(samples, 4\), got \(9, 3\)"),
        (
            changed("valid_x", lambda a: a[:2]),
            "valid_b and valid_x must have the same number of rows, got 5 and 2",
        ),
        (changed("test_x", with_value(np.nan, 1, 2)), "test_x must be finite, got nan at row 1, column 2"),
        (changed("train_b", with_value(np.inf, 0, 3)), "train_b must be finite, got inf at row 0, column 3"),
        (changed("dictionary", with_value(0, slice(None), 5)), "no zero column, got one at column 5"),
        (changed("valid_x", with_value(0, 4)), "all-zero row 4 in array valid_x"),
        (changed("valid_x", with_value(1e-30, 4)), "all but zero row 4 in array valid_x"),
        (changed("dictionary", lambda a: a.astype(str)), "dictionary must hold real numbers, got dtype <U"),
        (changed("dictionary", lambda a: a.astype(object)), "readable .npz archive"),
        (lambda a: a.pop("test_b"), "must hold array test_b"),
        (
            lambda a: a.update(test_b=a["test_b"][:0], test_x=a["test_x"][:0]),
            "test must hold at least one sample",
        ),
    ],
)
def test_unusable_data_files_are_refused_by_file_array_and_place(
    tmp_path: Path, arrays: Arrays, change: Change, message: str
) -> None:
    change(arrays)
    with pytest.raises(InputError, match=message) as refusal:
        DataFile(save(tmp_path / "bad.npz", arrays))
    assert str(tmp_path / "bad.npz") in str(refusal.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not numpy at all"])
def test_files_that_are_no_archive_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "torn.npz"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"torn\.npz must be a readable \.npz archive"):
        DataFile(path)
    with pytest.raises(InputError, match="must be an existing"):
        DataFile(tmp_path / "missing.npz")


def test_a_truncated_archive_is_refused(tmp_path: Path, arrays: Arrays) -> None:
    path = save(tmp_path / "d.npz", arrays)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="must be a readable"):
        DataFile(path)


def test_real_patches_load(shared: Path) -> None:
    problem = DataFile(shared / "data/patches/sparse_codes_8x8.npz")
    data = problem.dataset(0)
    assert problem.dictionary.shape == (64, 128)
    assert (data.train.samples, data.valid.samples, data.test.samples) == (12000, 2000, 2000)
