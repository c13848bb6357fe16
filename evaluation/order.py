"""The order in which training samples are taken."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def batch_order(samples: int, batch: int, key: tuple[int, ...]) -> Tensor:
    """One epoch of batches.

    Args:
        samples: training samples, at least ``batch``.
        batch: samples a step; what is left over at the end of the epoch is skipped.
        key: everything the order depends on: (seed, stage, phase, epoch). Never what ran before or beside.

    Returns:
        ``(samples // batch, batch)``, int64 rows of the training split.
    """
    order = np.random.default_rng(np.random.SeedSequence(key)).permutation(samples)
    steps = samples // batch
    return torch.from_numpy(order[: steps * batch].reshape(steps, batch))
