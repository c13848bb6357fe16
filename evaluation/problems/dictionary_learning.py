"""A dictionary learned from samples, by scikit-learn."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Lock
from typing import final

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evaluation.problems.checks import check, generator
from evaluation.problems.described import Described
from evaluation.problems.dictionaries import with_norms
from genome import InputError
from genome.files import write_atomic

_LEARNED: dict[str, NDArray[np.float64]] = {}
_LOCK = Lock()

Matrix = NDArray[np.float64]


def installed_scikit_learn() -> str:
    """Version of scikit-learn.

    Raises:
        InputError: it is not installed.
    """
    try:
        return version("scikit-learn")
    except PackageNotFoundError:
        raise InputError(
            "Learning a dictionary needs scikit-learn, got none: pip install 'lista-genome[images]'."
        ) from None


@final
@dataclass(frozen=True)
class DictionaryLearning(Described):
    """How a dictionary is learned: online, from mini-batches (Mairal et al., 2009; scikit-learn).

    Minimizes ``||X - C Psi^T||^2 / 2 + penalty * ||C||_1`` over codes C and atoms of unit norm. The paper's
    algorithm is block coordinate descent (Xu and Yin, 2013), its penalty is not stated.

    Attributes:
        atoms: columns of the dictionary.
        samples: samples it is learned from.
        penalty: weight of the l1 norm of the codes, positive.
        passes: over the samples.
        batch: samples a step.
        scikit_learn: version that learns, part of the description for another gives another dictionary.
    """

    kind = "dictionary_learning"

    atoms: int = 512
    samples: int = 20_000
    penalty: float = 0.1
    passes: int = 2
    batch: int = 256
    scikit_learn: str = field(default_factory=installed_scikit_learn)

    def __post_init__(self) -> None:
        for name in ("atoms", "samples", "passes", "batch"):
            check(name, getattr(self, name), "at least 1", getattr(self, name) >= 1)
        usable = self.penalty > 0 and bool(np.isfinite(self.penalty))
        check("penalty", self.penalty, "positive and finite", usable)
        check("samples", self.samples, f"at least the {self.atoms} atoms", self.samples >= self.atoms)
        installed, wanted = installed_scikit_learn(), self.scikit_learn
        check("version of scikit-learn", wanted, f"the installed {installed}", wanted == installed)

    def learn(self, samples: Matrix, seed: int) -> Matrix:
        """The dictionary, ``(size, atoms)``, columns of unit norm; the same bits on any number of cores.

        Args:
            samples: ``(samples, size)``, none of them zero.
            seed: of the first atoms, which are samples, and of the order of the samples.
        """
        from sklearn.decomposition import MiniBatchDictionaryLearning
        from sklearn.exceptions import ConvergenceWarning

        first = generator(seed).choice(len(samples), self.atoms, replace=False)
        learner = MiniBatchDictionaryLearning(
            self.atoms,
            alpha=self.penalty,
            max_iter=self.passes,
            batch_size=self.batch,
            fit_algorithm="cd",
            dict_init=with_norms(samples[first].T, 1.0).T,
            # Stopping early would make the passes a bound.
            tol=0.0,
            max_no_improvement=None,
            random_state=seed,
        )
        with threadpool_limits(1), warnings.catch_warnings():
            # Codes within a step need not be exact for the atoms to improve.
            warnings.simplefilter("ignore", ConvergenceWarning)
            atoms: Matrix = learner.fit(samples).components_.T
        return with_norms(atoms, 1.0)


def kept(key: str, folder: Path | None, learn: Callable[[], Matrix]) -> Matrix:
    """What ``learn`` gives, kept in the process, and in a folder where there is one.

    Args:
        key: digest of everything that it depends on.
        folder: is made where it is missing; its files may be deleted at any time.
        learn: makes it.

    Raises:
        InputError: the folder cannot be written.
    """
    with _LOCK:
        if key not in _LEARNED:
            _LEARNED[key] = _on_disk(folder / f"dictionary-{key}.npy", learn) if folder else learn()
        return _LEARNED[key]


def _on_disk(file: Path, learn: Callable[[], Matrix]) -> Matrix:
    # A file that cannot be read is made anew.
    with contextlib.suppress(OSError, ValueError, EOFError), file.open("rb") as stored:
        matrix: Matrix = np.lib.format.read_array(stored, allow_pickle=False)
        return matrix
    matrix = learn()
    content = io.BytesIO()
    np.lib.format.write_array(content, matrix, allow_pickle=False)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(file, content.getvalue())
    except OSError as error:
        raise InputError(
            f"The folder for learned dictionaries must be writable, got {error.strerror} for {file.parent}."
        ) from error
    return matrix
