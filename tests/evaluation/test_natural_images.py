"""Compressive sensing of images: reading, patches, the learned dictionary, refusals."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from evaluation.digest import digest
from evaluation.metric import Psnr
from evaluation.problems import DictionaryLearning, ImageSet, NaturalImages
from evaluation.problems.dictionary_learning import kept
from evaluation.problems.patches import centred, random_patches, tiled_patches
from genome import InputError

LEARNING = DictionaryLearning(atoms=20, samples=200, passes=1, batch=50)


def picture(seed: int, height: int = 13, width: int = 18) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


SMALL = NaturalImages(
    ImageSet([picture(seed) for seed in range(10)]),
    ImageSet([picture(20), picture(21, 8, 9)]),
    LEARNING,
    side=4,
    measurements=8,
    train=60,
    valid=30,
)


def test_the_set_of_eleven_images_is_read_whole(shared: Path) -> None:
    images = ImageSet.read(shared / "data/set11")
    assert [image.shape[0] for image in images.images] == [256] * 5 + [512] * 2 + [256] * 4
    # The second and the eighth have a grey palette.
    extremes = [(images.images[index].min(), images.images[index].max()) for index in (1, 7)]
    assert extremes == [(15, 255), (37, 237)]
    assert images.images[7].mean() == pytest.approx(155.52, abs=0.01)
    problem = NaturalImages(ImageSet.read(shared / "data/bsd400/train400.npz"), images, train=100, valid=50)
    test = problem.dataset(0).test
    assert test.groups is not None
    assert test.groups.bincount().tolist() == [256] * 5 + [1024] * 2 + [256] * 4
    assert (test.b.shape, test.x.shape) == ((4352, 128), (4352, 256))


def test_a_folder_is_read_in_the_order_of_names_as_grey_values(tmp_path: Path) -> None:
    grey, colour = picture(0), np.repeat(picture(1)[:, :, None], 3, axis=2)
    Image.fromarray(grey).save(tmp_path / "b.PNG")
    Image.fromarray(colour).save(tmp_path / "a.tif")
    palette = Image.fromarray(picture(2))
    palette.putpalette([255 - value // 3 for value in range(768)])
    palette.save(tmp_path / "c.png")
    (tmp_path / "readme.txt").write_text("no image", encoding="utf-8")
    images = ImageSet.read(tmp_path)
    expected = [picture(1), grey, 255 - picture(2)]
    assert all(map(np.array_equal, images.images, expected))
    np.savez(tmp_path / "images.npz", images=np.stack(expected))
    assert ImageSet.read(tmp_path / "images.npz") == images == ImageSet(expected)
    assert images != ImageSet(expected[::-1])


def test_patches_tile_the_cropped_image_and_add_up_to_it_again() -> None:
    image = picture(3)  # 13 x 18: one row and two columns are left out
    patches = tiled_patches(image, 4)
    means = [
        image[row : row + 4, column : column + 4].mean() / 255
        for row in range(0, 12, 4)
        for column in range(0, 16, 4)
    ]
    whole = (patches + np.array(means)[:, None]).reshape(3, 4, 4, 4).transpose(0, 2, 1, 3).reshape(12, 16)
    np.testing.assert_allclose(whole, image[:12, :16] / 255)
    assert not centred(np.full((2, 9), 7, np.uint8)).any()


def test_random_patches_are_windows_of_the_images_and_none_is_flat() -> None:
    images = [picture(1), np.full((9, 9), 80, np.uint8), picture(2, 5, 30)]
    windows = [
        centred(np.lib.stride_tricks.sliding_window_view(image, (4, 4)).reshape(-1, 16)) for image in images
    ]
    known = [{patch.tobytes() for patch in window} for window in windows]
    drawn = [patch.tobytes() for patch in random_patches(images, 4, 400, np.random.default_rng(0))]
    assert set(drawn) <= known[0] | known[2]
    assert sum(patch in known[0] for patch in drawn) == pytest.approx(200, abs=40)
    # All corners are reached: 150 of the one, 54 of the other image.
    assert len(set(drawn) & known[2]) > 50


def test_networks_see_the_sensed_atoms_and_are_compared_with_patches() -> None:
    data, objective = SMALL.dataset(0), SMALL.objective
    assert objective.synthesis is not None
    assert (SMALL.dictionary.shape, objective.synthesis.shape) == ((8, 20), (16, 20))
    torch.testing.assert_close(objective.synthesis.norm(dim=0), torch.ones(20))
    # A, from b = A f, takes the atoms to the dictionary.
    sensing = torch.linalg.lstsq(data.train.x.double(), data.train.b.double(), driver="gelsd").solution.T
    centred_atoms = objective.synthesis.double() - objective.synthesis.double().mean(dim=0)
    torch.testing.assert_close(sensing @ centred_atoms, SMALL.dictionary.double(), rtol=1e-3, atol=1e-4)
    assert objective.l1 == 0.001
    assert SMALL.metric == Psnr(16)
    codes = torch.randn(5, 20, generator=torch.Generator().manual_seed(0))
    normalised = replace(SMALL, unit_columns=True)
    torch.testing.assert_close(normalised.dictionary.norm(dim=0), torch.ones(20))
    there = normalised.objective.residual(codes * SMALL.dictionary.norm(dim=0), data.test.x[:5])
    torch.testing.assert_close(there, objective.residual(codes, data.test.x[:5]), rtol=1e-4, atol=1e-5)


def test_splits_come_from_their_images_and_draws() -> None:
    first, again, other = SMALL.dataset(0), replace(SMALL).dataset(0), SMALL.dataset(1)
    assert torch.equal(first.train.b, again.train.b)
    assert not torch.equal(first.train.x, other.train.x)
    assert torch.equal(first.test.x, other.test.x)
    assert (first.train.samples, first.valid.samples, first.test.samples) == (60, 30, 12 + 4)
    windows = np.lib.stride_tricks.sliding_window_view(SMALL.training.images[9], (4, 4)).reshape(-1, 16)
    last = {patch.tobytes() for patch in centred(windows).astype(np.float32)}
    assert all(patch.numpy().tobytes() in last for patch in first.valid.x)
    assert not any(patch.numpy().tobytes() in last for patch in first.train.x)


def test_learning_gives_the_same_atoms_again_and_is_kept(tmp_path: Path) -> None:
    samples = np.random.default_rng(0).standard_normal((200, 16))
    atoms = LEARNING.learn(samples, 1)
    assert np.array_equal(LEARNING.learn(samples, 1), atoms)
    assert not np.array_equal(LEARNING.learn(samples, 2), atoms)
    key = digest({"of": tmp_path.name})
    assert np.array_equal(kept(key, tmp_path / "new", lambda: atoms), atoms)
    (stored,) = (tmp_path / "new").iterdir()
    assert np.array_equal(np.load(stored), atoms)
    torn = tmp_path / "new" / f"dictionary-{key}2.npy"
    torn.write_bytes(stored.read_bytes()[:100])
    assert np.array_equal(kept(key + "2", tmp_path / "new", lambda: 2 * atoms), 2 * atoms)
    assert np.array_equal(np.load(torn), 2 * atoms)
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="folder for learned dictionaries must be writable"):
        kept(key + "3", tmp_path / "file", lambda: atoms)


def test_learned_atoms_code_patches_better_than_random_ones() -> None:
    rng = np.random.default_rng(0)
    true = rng.standard_normal((16, 20))
    codes = rng.standard_normal((2000, 20)) * (rng.random((2000, 20)) < 0.1)
    samples = codes[codes.any(axis=1)] @ true.T
    learned = replace(LEARNING, penalty=0.5, passes=20).learn(samples, 0)
    closest = np.abs(true.T @ learned).max(axis=1) / np.linalg.norm(true, axis=0)
    by_chance = rng.standard_normal((16, 20))
    chance = np.abs(true.T @ (by_chance / np.linalg.norm(by_chance, axis=0))).max(axis=1)
    assert closest.mean() > 0.9 > (chance / np.linalg.norm(true, axis=0)).mean()


def test_every_field_but_the_cache_is_in_the_digest(tmp_path: Path) -> None:
    changes: dict[str, Any] = {
        "training": SMALL.testing,
        "testing": SMALL.training,
        "learning": replace(LEARNING, penalty=0.2),
        "side": 5,
        "measurements": 7,
        "l1": 0.002,
        "unit_columns": True,
        "seed": 1,
        "train": 61,
        "valid": 31,
    }
    changed = [replace(SMALL, **{name: value}) for name, value in changes.items()]
    digests = {digest(each.to_dict()) for each in (SMALL, *changed)}
    assert len(digests) == len(changes) + 1
    cached = replace(SMALL, cache=tmp_path)
    assert cached == SMALL
    assert cached.to_dict() == SMALL.to_dict()
    settings = ("atoms", "samples", "penalty", "passes", "batch")
    others = {digest(replace(LEARNING, **{name: getattr(LEARNING, name) + 1}).to_dict()) for name in settings}
    assert len(others - {digest(LEARNING.to_dict())}) == len(settings)


def save_colours(folder: Path) -> None:
    Image.fromarray(np.arange(75, dtype=np.uint8).reshape(5, 5, 3)).save(folder / "c.png")


def save_deep(folder: Path) -> None:
    Image.fromarray(np.ones((5, 5), np.uint16)).save(folder / "d.png")


def save_torn(folder: Path) -> None:
    Image.fromarray(picture(0)).save(folder / "t.png")
    (folder / "t.png").write_bytes((folder / "t.png").read_bytes()[:60])


def save_frames(folder: Path) -> None:
    Image.fromarray(picture(0)).save(
        folder / "f.tif", save_all=True, append_images=[Image.fromarray(picture(1))]
    )


def save_disguised(folder: Path) -> None:
    Image.fromarray(picture(0)).save(folder / "e.png", format="EPS")


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (save_colours, r"c\.png must be grey-scale, got colours"),
        (save_deep, r"d\.png must be one grey-scale picture of 8 bits, got 1 of mode I;16"),
        (save_torn, r"t\.png must be readable: "),
        (save_disguised, r"e\.png must be readable: cannot identify"),
        (save_frames, r"f\.tif must be one grey-scale picture of 8 bits, got 2 of mode L"),
        (
            lambda folder: (folder / "x.jpg").write_text("no image"),
            r"x\.jpg must be readable: cannot identify",
        ),
        (lambda folder: (folder / "inner").mkdir(), "image folder must hold .*, got none in"),
        (Path.rmdir, "in a folder or an .npz file, got neither at"),
    ],
)
def test_unusable_folders_are_refused(
    tmp_path: Path, prepare: Callable[[Path], object], message: str
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(InputError, match=message) as refusal:
        ImageSet.read(folder)
    assert str(refusal.value).count("\n") == 0


def test_archives_of_something_else_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=np.ones((3, 4, 4)))
    with pytest.raises(
        InputError, match=r"a\.npz must hold uint8 images .* got float64 of shape \(3, 4, 4\)"
    ):
        ImageSet.read(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", pictures=np.ones((3, 4, 4), np.uint8))
    with pytest.raises(InputError, match=r"Image file .*b\.npz must hold array images"):
        ImageSet.read(tmp_path / "b.npz")
    with pytest.raises(InputError, match="must hold at least one image, got none"):
        ImageSet([])
    with pytest.raises(InputError, match=r"got float64 of shape \(2, 2\) for image 0"):
        ImageSet([np.ones((2, 2))])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"side": 9}, "at least 9 pixels high and wide, got 8 x 9 for image 1"),
        ({"side": 1}, "patch side must be at least 2, got 1"),
        ({"measurements": 16}, "measurements must be fewer than the 16 pixels of a patch, got 16"),
        (
            {"learning": replace(LEARNING, atoms=8)},
            "atoms must be more than the 8 measurements, got 8",
        ),
        ({"l1": -1.0}, "l1 weight must be finite and at least 0, got -1.0"),
        ({"valid": 0}, "valid must be at least 1, got 0"),
        ({"training": ImageSet([picture(0)])}, "Training images must be at least 2, .*, got 1"),
    ],
)
def test_impossible_image_problems_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(SMALL, **changes)


def test_learning_that_cannot_be_done_is_refused() -> None:
    with pytest.raises(InputError, match="samples must be at least the 20 atoms, got 19"):
        replace(LEARNING, samples=19)
    with pytest.raises(InputError, match="penalty must be positive and finite, got 0"):
        replace(LEARNING, penalty=0)
    with pytest.raises(InputError, match=r"version of scikit-learn must be the installed [\d.]+, got 0.1"):
        replace(LEARNING, scikit_learn="0.1")
    flat = replace(SMALL, training=ImageSet([np.ones((9, 9), np.uint8)] * 3))
    with pytest.raises(InputError, match="must not be flat"):
        flat.dataset(0)
