"""Metrics of images against an independent computation."""

import numpy as np
import pytest
import torch

from evaluation.metric import Psnr


def test_psnr_is_that_of_whole_images() -> None:
    rng = np.random.default_rng(0)
    groups = np.array([3, 3, 0, 3, 0, 7])
    true, found = rng.random((6, 4)), rng.random((2, 6, 4))
    scores = Psnr(4).scores(
        torch.from_numpy(((found - true) ** 2).sum(axis=2)),
        torch.zeros(2, 6, dtype=torch.float64),  # flat patches have no energy
        torch.from_numpy(groups),
    )
    for member in range(2):
        images = [
            -10 * np.log10(np.mean((found[member][groups == image] - true[groups == image]) ** 2))
            for image in (0, 3, 7)
        ]
        assert -scores.mean_db[member] == pytest.approx(np.mean(images))
        pooled = -10 * np.log10(np.mean((found[member] - true) ** 2))
        assert -scores.ratio_db[member] == pytest.approx(pooled)


def test_without_groups_a_split_is_one_image() -> None:
    errors = torch.rand(3, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    scores = Psnr(256).scores(errors, errors, None)
    assert scores.mean_db == pytest.approx(scores.ratio_db)
    assert scores.mean_db == pytest.approx((10 * errors.mean(dim=1).div(256).log10()).tolist())


def test_exact_images_stay_finite_and_a_diverged_member_does_not() -> None:
    errors = torch.zeros(2, 4, dtype=torch.float64)
    errors[1, 2] = torch.nan
    scores = Psnr(16).scores(errors, errors, torch.tensor([0, 0, 1, 1]))
    floor = 10 * np.log10(2.0**-48)
    assert scores.mean_db == pytest.approx((floor, np.inf))
    assert scores.ratio_db == pytest.approx((floor, np.inf))
    assert (Psnr.name, Psnr.sign) == ("PSNR", -1)
