"""Problems and their parts: promised distributions, repeatability, composition, refusals."""

import hashlib
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from evaluation import problems
from evaluation.digest import digest
from evaluation.problems import (
    BernoulliGaussian,
    Drawn,
    GammaSignals,
    GaussianDictionary,
    GaussianNoise,
    GivenDictionary,
    Limited,
    LowRankDictionary,
    PerturbedDictionary,
    SaltAndPepper,
    SparseRecovery,
)
from evaluation.problems.dataset import SPLITS, Dataset, Split
from genome import InputError

BASE = SparseRecovery(m=20, n=40, train=2000, valid=300, test=400)
MATRIX = np.random.default_rng(0).standard_normal((6, 9))


def parts(data: Dataset) -> tuple[Split, Split, Split]:
    return data.train, data.valid, data.test


def same(one: Split, other: Split) -> bool:
    return torch.equal(one.b, other.b) and torch.equal(one.x, other.x)


@pytest.mark.parametrize(
    ("problem", "description", "content"),
    [
        (
            SparseRecovery(5, 8, 0.05, 20.0, 3, 40, 7, 5),
            "310bc7cb8b4f87f7851b6570d9fc7cb2",
            "54250a3713887c923a7d0581481a3130",
        ),
        (
            SparseRecovery(m=20, n=40, train=50, valid=10, test=10),
            "6653be517b4dfe65d853186f4d9b8099",
            "94261b82ab2beaf604565022f42053be",
        ),
    ],
)
def test_recorded_results_stay_those_of_the_same_problem(
    problem: SparseRecovery, description: str, content: str
) -> None:
    """Archives and tables are keyed by the description and were made from these bits."""
    found = hashlib.sha256(problem.dictionary.numpy().tobytes())
    for split in parts(problem.dataset(2)):
        found.update(split.b.numpy().tobytes() + split.x.numpy().tobytes())
    assert (problem.digest, found.hexdigest()[:32]) == (description, content)


def test_a_drawn_problem_with_the_papers_parts_is_sparse_recovery() -> None:
    drawn = Drawn(GaussianDictionary(20, 40), BernoulliGaussian(0.1), train=2000, valid=300, test=400)
    assert torch.equal(drawn.dictionary, BASE.dictionary)
    assert all(map(same, parts(drawn.dataset(1)), parts(BASE.dataset(1))))


@pytest.mark.parametrize(
    "problem",
    [
        BASE,
        Drawn(LowRankDictionary(12, 30, 5), GammaSignals(), 1, 50, 20, 30),
        Drawn(GivenDictionary(MATRIX), BernoulliGaussian(0.2), 1, 50, 20, 30),
        GaussianNoise(BASE, 20.0),
        SaltAndPepper(BASE),
        PerturbedDictionary(BASE),
        Limited(BASE, 100, 50),
        problems.TestedOn(BASE, GaussianNoise(BASE, 20.0)),
    ],
    ids=lambda problem: problem.kind,
)
def test_equal_problems_have_equal_data_and_draws_differ(problem: Any) -> None:
    again = replace(problem)
    assert again == problem
    assert again is not problem
    assert torch.equal(again.dictionary, problem.dictionary)
    assert all(map(same, parts(again.dataset(1)), parts(problem.dataset(1))))
    for split, name in zip(parts(problem.dataset(1)), SPLITS, strict=True):
        other = getattr(problem.dataset(0), name)
        assert not torch.equal(split.x, other.x)
        assert split.b.dtype == split.x.dtype == torch.float32
        assert bool(split.x.any(dim=1).all())


CHANGES: dict[Any, dict[str, Any]] = {
    GaussianNoise(BASE, 20.0): {"problem": replace(BASE, seed=1), "snr_db": 21, "over": "sample", "seed": 1},
    SaltAndPepper(BASE): {"problem": replace(BASE, m=21), "density": 0.02, "amplitude": 3, "seed": 1},
    PerturbedDictionary(BASE): {"problem": replace(BASE, n=41), "scale": 2e-3, "seed": 1},
    Limited(BASE, 10, 5): {"problem": replace(BASE, train=30), "train": 11, "valid": 6},
    problems.TestedOn(BASE, SaltAndPepper(BASE)): {"problem": replace(BASE, seed=1), "test": BASE},
    Drawn(LowRankDictionary(12, 30, 5), GammaSignals()): {
        "source": LowRankDictionary(12, 30, 5, unit_columns=False),
        "signals": GammaSignals(parameter_is="scale"),
        "seed": 1,
        "train": 9,
        "valid": 9,
        "test": 9,
    },
}


@pytest.mark.parametrize("problem", CHANGES, ids=lambda problem: problem.kind)
def test_every_field_is_in_the_digest(problem: Any) -> None:
    changes = CHANGES[problem]
    assert set(changes) == {field.name for field in fields(problem)}
    changed = [replace(problem, **{name: value}) for name, value in changes.items()]
    found = [each.digest for each in (problem, *changed)]
    assert len(set(found)) == len(found)


def test_a_whole_number_and_the_same_real_number_describe_one_value() -> None:
    assert SaltAndPepper(BASE, 1, 2).to_dict() == SaltAndPepper(BASE, 1.0, 2.0).to_dict()
    assert digest(GaussianNoise(BASE, 20).to_dict()) == digest(GaussianNoise(BASE, 20.0).to_dict())


def test_gaussian_noise_has_the_stated_power_over_split_or_sample() -> None:
    clean = BASE.dataset(0).train.b.double()
    noise = GaussianNoise(BASE, 20.0).dataset(0).train.b.double() - clean
    measured = 10 * torch.log10(clean.square().mean() / noise.square().mean())
    assert float(measured) == pytest.approx(20, abs=0.1)
    powers, loud = noise.square().mean(dim=1), clean.square().mean(dim=1) > clean.square().mean()
    assert float(powers[loud].mean() / powers[~loud].mean()) == pytest.approx(1, abs=0.1)
    noise = GaussianNoise(BASE, 20.0, "sample").dataset(0).train.b.double() - clean
    ratios = noise.square().sum(dim=1) / clean.square().sum(dim=1)
    assert float(ratios.mean()) == pytest.approx(0.01, rel=0.03)
    # A chi-squared variable of 20 degrees of freedom divided by 20: nothing else varies between samples.
    assert float(ratios.std()) == pytest.approx(0.01 * (2 / 20) ** 0.5, rel=0.1)


def test_salt_and_pepper_hits_the_stated_share_with_either_sign() -> None:
    clean = BASE.dataset(0).train
    noisy = SaltAndPepper(BASE, 0.05).dataset(0).train
    hit = noisy.b != clean.b
    assert torch.equal(noisy.x, clean.x)
    assert float(hit.float().mean()) == pytest.approx(0.05, abs=0.005)
    assert float(noisy.b[hit].sign().mean()) == pytest.approx(0, abs=0.1)
    assert bool((noisy.b[hit].abs() == clean.b.abs().max()).all())
    given = SaltAndPepper(BASE, 0.05, amplitude=7).dataset(0).train
    assert torch.equal(given.b, torch.where(hit, 7 * noisy.b.sign(), clean.b))


def test_noise_inside_noise_of_its_kind_is_other_noise() -> None:
    inner = GaussianNoise(BASE, 20.0)
    first = inner.dataset(0).test.b - BASE.dataset(0).test.b
    second = GaussianNoise(inner, 20.0).dataset(0).test.b - inner.dataset(0).test.b
    correlation = torch.corrcoef(torch.stack([first.flatten(), second.flatten()]))[0, 1]
    assert abs(float(correlation)) < 0.04
    # Also where the inner one is on the test split alone.
    around = GaussianNoise(problems.TestedOn(BASE, inner), 20.0).dataset(0).test.b
    assert torch.equal(around, GaussianNoise(inner, 20.0).dataset(0).test.b)


def test_a_perturbed_dictionary_is_the_same_for_every_draw(tmp_path: Path) -> None:
    names = [f"{name}_{part}" for name in SPLITS for part in "bx"]
    arrays: dict[str, Any] = dict.fromkeys(["dictionary", *names], np.eye(4))
    np.savez(tmp_path / "own.npz", **arrays)
    fixed = PerturbedDictionary(problems.DataFile(tmp_path / "own.npz"))
    assert same(fixed.dataset(0).test, fixed.dataset(1).test)
    assert not fixed.draws_differ
    assert PerturbedDictionary(BASE).draws_differ


def test_a_perturbed_dictionary_is_laplace_away_and_measures_the_same_signals() -> None:
    large = SparseRecovery(m=100, n=200, train=5, valid=5, test=5)
    perturbed = PerturbedDictionary(large)
    before, after = large.dictionary.double(), perturbed.dictionary.double()
    torch.testing.assert_close(perturbed.dictionary.norm(dim=0), torch.ones(200))
    # The normalisation moves an entry by at most 1.5% of its size, 1e-3 on average.
    change = (after * (before * after).sum(dim=0).reciprocal() - before).flatten()
    assert float(change.abs().mean()) == pytest.approx(1e-3, rel=0.05)
    assert float(change.std()) == pytest.approx(2**0.5 * 1e-3, rel=0.05)
    # 6 for Laplace, 3 for a Gaussian.
    kurtosis = change.pow(4).mean() / change.square().mean().square()
    assert float(kurtosis) == pytest.approx(6, abs=1)
    clean, other = large.dataset(0).test, perturbed.dataset(0).test
    assert torch.equal(other.x, clean.x)
    torch.testing.assert_close(other.b, (clean.x.double() @ after.T).float(), rtol=1e-5, atol=1e-6)


def test_columns_of_any_norm_keep_it_when_perturbed() -> None:
    drawn = Drawn(GivenDictionary(5 * MATRIX), BernoulliGaussian(0.2), train=5, valid=5, test=5)
    changed = PerturbedDictionary(drawn, 0.1).dictionary
    assert not torch.allclose(changed, drawn.dictionary)
    torch.testing.assert_close(changed.norm(dim=0), drawn.dictionary.norm(dim=0))


@pytest.mark.parametrize(("parameter_is", "mean"), [("rate", 10.0), ("scale", 0.1)])
def test_gamma_signals_have_the_mean_and_the_variance_of_the_distribution(
    parameter_is: str, mean: float
) -> None:
    for shape in (1.0, 0.3):
        signals = GammaSignals(shape, 0.1, parameter_is)  # type: ignore[arg-type]
        x = signals.draw(np.random.default_rng(0), 4000, 50)
        assert x.mean() == pytest.approx(shape * mean, rel=0.02)
        assert x.var() == pytest.approx(shape * mean**2, rel=0.05)
        assert (x >= 0).all()


def test_signals_without_energy_in_float32_are_drawn_again() -> None:
    x = GammaSignals(0.01).draw(np.random.default_rng(0), 500, 1).astype(np.float32)
    assert (np.square(x) > 0).all()
    assert BernoulliGaussian(0.1).draw(np.random.default_rng(0), 500, 1).all()


@pytest.mark.parametrize("unit", [True, False])
def test_a_low_rank_dictionary_has_its_rank(unit: bool) -> None:
    matrix = LowRankDictionary(25, 50, 20, unit_columns=unit).matrix(3)
    assert np.linalg.matrix_rank(matrix) == 20
    norms = np.linalg.norm(matrix, axis=0)
    assert np.allclose(norms, 1) == unit
    assert np.mean(norms**2) == pytest.approx(1, abs=0.2)
    assert not np.allclose(matrix, LowRankDictionary(25, 50, 20, unit_columns=unit).matrix(4))


def test_a_given_dictionary_is_used_as_it_is() -> None:
    given = GivenDictionary(MATRIX)
    drawn = Drawn(given, BernoulliGaussian(0.2), train=50, valid=5, test=5)
    assert torch.equal(drawn.dictionary, torch.from_numpy(MATRIX.astype(np.float32)))
    data = drawn.dataset(0).train
    torch.testing.assert_close(data.b, data.x @ drawn.dictionary.T, rtol=1e-4, atol=1e-5)
    assert given == GivenDictionary(torch.from_numpy(MATRIX)) != GivenDictionary(2 * MATRIX)
    assert hash(given) == hash(GivenDictionary(MATRIX))


def test_limited_data_are_the_beginning_of_more_data_and_the_test_stays() -> None:
    whole, some, less = BASE.dataset(0), Limited(BASE, 500, 100).dataset(0), Limited(BASE, 70, 9).dataset(0)
    assert [split.samples for split in parts(less)] == [70, 9, 400]
    assert torch.equal(less.train.b, some.train.b[:70])
    assert torch.equal(some.train.x, whole.train.x[:500])
    assert torch.equal(less.valid.b, some.valid.b[:9])
    assert same(less.test, whole.test)


def test_a_mismatched_test_changes_nothing_else() -> None:
    other = GaussianNoise(BASE, 20.0)
    problem = problems.TestedOn(BASE, other)
    found, clean = problem.dataset(0), BASE.dataset(0)
    assert torch.equal(problem.dictionary, BASE.dictionary)
    assert same(found.train, clean.train)
    assert same(found.valid, clean.valid)
    assert same(found.test, other.dataset(0).test)
    assert torch.equal(found.test.x, clean.test.x)
    assert not torch.equal(found.test.b, clean.test.b)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianNoise(BASE, float("inf")), "SNR in dB must be from -200 to 200, got inf"),
        (lambda: GaussianNoise(BASE, 20, "row"), "reach of the SNR must be split or sample, got row"),  # type: ignore[arg-type]
        (lambda: GaussianNoise(BASE, 20, seed=-1), "seed must be at least 0, got -1"),
        (lambda: SaltAndPepper(BASE, 0.0), r"density of hit measurements must be in \(0, 1\], got 0.0"),
        (lambda: SaltAndPepper(BASE, amplitude=-1), "amplitude must be positive and at most 1e18, got -1"),
        (lambda: SaltAndPepper(BASE, amplitude=1e300), "amplitude must be positive and at most 1e18, got 1e"),
        (lambda: PerturbedDictionary(BASE, 0), "Laplace scale must be positive and at most 1e18, got 0"),
        (lambda: Limited(BASE, 0, 5), "train must be at least 1, got 0"),
        (lambda: Limited(BASE, 5, 301).dataset(0), "limited valid split .* 300 samples, got 301"),
        (lambda: GammaSignals(0), r"Gamma shape must be in \[0.01, 100\], got 0"),
        (lambda: GammaSignals(parameter=0), "Gamma parameter must be in .*, got 0"),
        (lambda: GammaSignals(parameter_is="mean"), "must be rate or scale, got mean"),  # type: ignore[arg-type]
        (lambda: LowRankDictionary(25, 50, 26), "rank must be from 1 to 25, .*, got 26"),
        (lambda: GaussianDictionary(0, 5), "m must be at least 1, got 0"),
        (lambda: GivenDictionary(MATRIX[0]), r"matrix \(m, n\), got shape \(9,\)"),
        (lambda: Drawn(GaussianDictionary(2, 4), BernoulliGaussian(0.02)), "at least 0.1, got 0.08"),
        (
            lambda: problems.TestedOn(BASE, replace(BASE, m=21)).dataset(0),
            r"dictionary of its shape \(20, 40\), got \(21, 40\)",
        ),
    ],
)
def test_impossible_parts_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()
