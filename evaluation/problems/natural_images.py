"""Compressive sensing of natural images (paper, A.2.3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from builders.objective import Objective
from evaluation.digest import Json, digest
from evaluation.metric import Metric, Psnr
from evaluation.problems.checks import check, check_seed, generator
from evaluation.problems.dataset import SPLITS, Split, SplitName, as_float32
from evaluation.problems.described import Described
from evaluation.problems.dictionaries import GaussianDictionary
from evaluation.problems.dictionary_learning import DictionaryLearning, kept
from evaluation.problems.images import Image, ImageSet
from evaluation.problems.patches import random_patches, tiled_patches
from evaluation.problems.splitwise import Splitwise
from genome import InputError

_PATCHES, _LEARNING = 5, 6
_TRAINING_SHARE = 0.9


@final
@dataclass(frozen=True)
class NaturalImages(Described, Splitwise):
    """Recover patches ``f`` of images from ``b = A f``, through codes ``x`` with ``f = Psi x``.

    Patches are divided by 255; the true mean of each is removed, and added back at the end, so that errors
    are those of whole images. Values are not clipped. The sensing matrix A (measurements, side * side) has
    i.i.d. N(0, 1/measurements) entries, columns normalised; Psi (side * side, atoms), columns of unit norm,
    is learned from training patches. Networks see ``A Psi`` as their dictionary; the loss is
    ``||Psi x - f||^2 / 2 + l1 * ||x||_1``. The reference code also trained the Psi of the last layer; here it
    stays fixed.

    Training draws patches at random from the first 90% of the training images, validation from the others.
    The test is on all patches of the grid over every test image, cropped at the right and at the bottom to a
    multiple of the side; it is the same for every draw. ``Split.x`` is the patch, ``Split.groups`` of the
    test the image.

    Attributes:
        training: images to train and validate on, at least 2.
        testing: images to test on.
        learning: how Psi is learned.
        side: height and width of a patch in pixels (paper: 16).
        measurements: of a patch, fewer than its pixels and than atoms (paper: 128).
        l1: weight of the l1 norm of codes in the loss, at least 0 (reference code: 0.001).
        unit_columns: whether the columns of ``A Psi`` are normalised. A code is then the code of the atoms
            divided by these norms, and the loss compares ``Psi diag(1 / norms) x``: the same patches.
        seed: of A, Psi and the patches.
        train: training patches.
        valid: validation patches.
        cache: folder that keeps learned dictionaries for other processes; None keeps them in this one.

    Raises:
        InputError: a value breaks its rule, or an image is smaller than a patch.
    """

    kind = "natural_images"

    training: ImageSet
    testing: ImageSet
    learning: DictionaryLearning = field(default_factory=DictionaryLearning)
    side: int = 16
    measurements: int = 128
    l1: float = 1e-3
    unit_columns: bool = False
    seed: int = 0
    train: int = 102_400
    valid: int = 10_240
    cache: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        check("patch side", self.side, "at least 2", self.side >= 2)
        for name in ("train", "valid", "measurements"):
            check(name, getattr(self, name), "at least 1", getattr(self, name) >= 1)
        pixels, atoms = self.side**2, self.learning.atoms
        few = self.measurements < pixels
        check("measurements", self.measurements, f"fewer than the {pixels} pixels of a patch", few)
        check("atoms", atoms, f"more than the {self.measurements} measurements", atoms > self.measurements)
        check("l1 weight", self.l1, "finite and at least 0", self.l1 >= 0 and bool(np.isfinite(self.l1)))
        check_seed(self.seed)
        images = len(self.training.images)
        if images < 2:
            raise InputError(
                f"Training images must be at least 2, one to train and one to validate on, got {images}."
            )
        for each in (self.training, self.testing):
            each.check_size(self.side)

    @cached_property
    def dictionary(self) -> Tensor:
        """``A Psi``, (measurements, atoms), float32."""
        return as_float32(self._sensing @ self._synthesis)

    @cached_property
    def objective(self) -> Objective:
        """Compares patches; its synthesis is Psi, divided by the norms where columns are normalised."""
        return Objective(as_float32(self._synthesis), self.l1)

    @property
    def metric(self) -> Metric:
        """Negative PSNR of images."""
        return Psnr(self.side**2)

    def split(self, draw: int, name: SplitName) -> Split:
        """Patches and measurements of one split."""
        groups = None
        if name == "test":
            tiles = [tiled_patches(image, self.side) for image in self.testing.images]
            patches = np.concatenate(tiles)
            groups = torch.from_numpy(np.repeat(np.arange(len(tiles)), [len(each) for each in tiles]))
        else:
            rng = generator(self.seed, _PATCHES, draw, SPLITS.index(name))
            patches = random_patches(self._images(name), self.side, getattr(self, name), rng)
        return Split(as_float32(patches @ self._sensing.T), as_float32(patches), groups)

    @cached_property
    def _sensing(self) -> NDArray[np.float64]:
        return GaussianDictionary(self.measurements, self.side**2).matrix(self.seed)

    @cached_property
    def _synthesis(self) -> NDArray[np.float64]:
        settings: list[Json] = [self.learning.to_dict(), self.training.to_dict(), self.side, self.seed]
        psi = kept(digest(settings), self.cache, self._learn)
        return psi / np.linalg.norm(self._sensing @ psi, axis=0) if self.unit_columns else psi

    def _learn(self) -> NDArray[np.float64]:
        rng = generator(self.seed, _LEARNING)
        patches = random_patches(self._images("train"), self.side, self.learning.samples, rng)
        return self.learning.learn(patches, int(rng.integers(2**31)))

    def _images(self, name: SplitName) -> tuple[Image, ...]:
        images = self.training.images
        first = min(max(1, int(_TRAINING_SHARE * len(images))), len(images) - 1)
        return images[:first] if name == "train" else images[first:]
