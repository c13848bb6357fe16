"""Solvers that learn nothing: their algorithms, their optima, and that they agree with each other."""

from __future__ import annotations

import importlib.metadata

import numpy as np
import pytest
from numpy.typing import NDArray

from evaluation.solvers import (
    Fista,
    Floats,
    Ista,
    OmpResidual,
    OmpSize,
    ScikitLasso,
    SkglmLasso,
    Solver,
    create_solvers,
    has_oracle,
    oracle,
    solver_names,
)
from genome import InputError

M, N, PENALTY = 20, 40, 0.05
Problem = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


@pytest.fixture(scope="module")
def problem() -> Problem:
    """Dictionary with columns of several lengths, signals of two non-zero entries, measurements."""
    rng = np.random.default_rng(5)
    dictionary = rng.standard_normal((M, N)) / np.sqrt(M) * rng.uniform(0.5, 2.0, N)
    signals = np.zeros((12, N))
    for row in signals:
        row[rng.choice(N, 2, replace=False)] = rng.choice([-1.0, 1.0], 2) * rng.uniform(1.0, 2.0, 2)
    return dictionary, signals, signals @ dictionary.T


def by_hand(b: Floats, dictionary: Floats, iterations: int, momentum: bool) -> Floats:
    """(F)ISTA for one signal, an entry at a time, as in the textbooks."""
    largest = float(np.linalg.eigvalsh(dictionary.T @ dictionary)[-1])
    x, y, t = [0.0] * N, [0.0] * N, 1.0
    for _ in range(iterations):
        residual = [sum(dictionary[i, j] * y[j] for j in range(N)) - b[i] for i in range(M)]
        u = [y[j] - sum(dictionary[i, j] * residual[i] for i in range(M)) / largest for j in range(N)]
        new = [max(abs(v) - PENALTY / largest, 0.0) * (1.0 if v > 0 else -1.0) for v in u]
        after = (1 + (1 + 4 * t**2) ** 0.5) / 2
        weight = (t - 1) / after if momentum else 0.0
        y = [new[j] + weight * (new[j] - x[j]) for j in range(N)]
        x, t = new, after
    return np.array(x)


@pytest.mark.parametrize("momentum", [False, True])
def test_ista_and_fista_are_the_textbooks(problem: Problem, momentum: bool) -> None:
    dictionary, _, b = problem
    for iterations in (1, 2, 7):
        solver: Solver = (Fista if momentum else Ista)(PENALTY, iterations)
        found = solver.solve(b[:3], dictionary)
        expected = [by_hand(row, dictionary, iterations, momentum) for row in b[:3]]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("solver", "accuracy"), [(Ista(PENALTY, 20_000), 1e-6), (Fista(PENALTY, 5000), 1e-6)]
)
def test_in_the_end_they_satisfy_the_optimality_condition(
    problem: Problem, solver: Solver, accuracy: float
) -> None:
    dictionary, _, b = problem
    x = solver.solve(b, dictionary)
    correlation = (b - x @ dictionary.T) @ dictionary
    violation = np.where(
        x == 0, np.maximum(np.abs(correlation) - PENALTY, 0), np.abs(correlation - PENALTY * np.sign(x))
    )
    assert violation.max() < accuracy * PENALTY
    assert 0 < np.count_nonzero(x) < x.size


@pytest.mark.parametrize("kind", [Ista, Fista])
def test_float32_stays_float32(problem: Problem, kind: type[Ista] | type[Fista]) -> None:
    dictionary, _, b = problem
    narrow = kind(PENALTY, 30).solve(b.astype(np.float32), dictionary.astype(np.float32))
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(narrow, kind(PENALTY, 30).solve(b, dictionary), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("package", "solver"),
    [("sklearn", ScikitLasso(PENALTY, tolerance=1e-12)), ("skglm", SkglmLasso(PENALTY, tolerance=1e-8))],
)
def test_the_libraries_find_fistas_optimum(problem: Problem, package: str, solver: Solver) -> None:
    pytest.importorskip(package, reason="an optional package")
    dictionary, _, b = problem
    optimum = Fista(PENALTY, 20_000).solve(b, dictionary)
    np.testing.assert_allclose(solver.solve(b, dictionary), optimum, rtol=0, atol=1e-5)
    np.testing.assert_allclose(solver.solve(b[3:4], dictionary), optimum[3:4], rtol=0, atol=1e-5)


@pytest.mark.parametrize("solver", [OmpSize(2), OmpResidual(1e-16)])
def test_omp_finds_sparse_signals_whatever_the_lengths_of_columns(problem: Problem, solver: Solver) -> None:
    pytest.importorskip("sklearn", reason="an optional package")
    dictionary, signals, b = problem
    found = solver.solve(b, dictionary)
    exact = np.abs(found - signals).max(axis=1) < 1e-6
    assert exact.mean() >= 0.75
    unit = dictionary / np.linalg.norm(dictionary, axis=0)
    np.testing.assert_allclose(
        solver.solve(b, unit), found * np.linalg.norm(dictionary, axis=0), rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(solver.solve(b[:1], dictionary), found[:1], rtol=0, atol=1e-9)


def test_omp_with_a_size_has_that_many_entries(problem: Problem) -> None:
    pytest.importorskip("sklearn", reason="an optional package")
    dictionary, _, b = problem
    noisy = b + np.random.default_rng(0).standard_normal(b.shape)
    assert (np.count_nonzero(OmpSize(5).solve(noisy, dictionary), axis=1) == 5).all()
    squared = np.square(noisy - OmpResidual(4.0).solve(noisy, dictionary) @ dictionary.T).sum(axis=1)
    assert (squared <= 4.0).all()


def test_the_oracle_is_least_squares_on_the_support(problem: Problem) -> None:
    dictionary, signals, b = problem
    np.testing.assert_allclose(oracle(b, signals, dictionary), signals, rtol=0, atol=1e-12)
    noisy = b + 0.1 * np.random.default_rng(0).standard_normal(b.shape)
    found = oracle(noisy, signals, dictionary)
    assert ((found != 0) == (signals != 0)).all()
    gradient = (noisy - found @ dictionary.T) @ dictionary
    assert np.abs(gradient[signals != 0]).max() < 1e-12
    assert has_oracle(signals, dictionary)
    assert not has_oracle(np.ones_like(signals), dictionary)


def test_penalties_reach_from_nothing_found_to_almost_no_penalty(problem: Problem) -> None:
    dictionary, _, b = problem
    for solver in (Ista(), Fista(), ScikitLasso()):
        smallest, largest = solver.extent(b, dictionary)
        assert smallest == pytest.approx(1e-4 * largest)
        empty = (Fista(largest, 500).solve(b, dictionary) == 0).all(axis=1)
        assert empty.mean() == 0.5
    assert OmpSize().extent(b, dictionary) == (1.0, M / 2)


def test_a_registry_of_solvers() -> None:
    assert [solver.name for solver in create_solvers(["fista", "ista"], [4, 9])] == [
        "FISTA 4",
        "FISTA 9",
        "ISTA 4",
        "ISTA 9",
    ]
    names = solver_names()
    with pytest.raises(InputError, match=r"^Solver must be one of ista, fista, .*, got 'admm'\.$"):
        create_solvers(["ista", "admm"], [4])
    with pytest.raises(InputError, match=r"^Solvers must differ, got 'ista' twice\.$"):
        create_solvers(["ista", "ista"], [4])
    assert len(set(names)) == len(names)


def test_a_missing_package_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    assert create_solvers(["ista", "fista"], [4])
    for name, package in (("lasso", "scikit-learn"), ("omp", "scikit-learn"), ("skglm", "skglm")):
        with pytest.raises(InputError, match=rf"^Solver '{name}' needs the package {package}, which .*\.$"):
            create_solvers(["ista", name], [4])
