"""The authors' released models: same weights, same outputs at every layer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from builders import build
from genome import Genome


@pytest.mark.parametrize("name", ["lista", "searched"])
def test_same_weights_give_the_released_outputs_at_every_layer(shared: Path, name: str) -> None:
    with np.load(shared / "data/reference/released_model_outputs.npz") as reference:
        network = build(
            Genome.from_arch_string(str(reference[f"{name}/arch"])), reference["dictionary"], form="mean"
        )
        with torch.no_grad():
            for parameter in ("W_b", "W_x", "theta", "coefficient"):
                network.get_parameter(parameter).copy_(torch.from_numpy(reference[f"{name}/{parameter}"]))
            outputs = network.layer_outputs(torch.from_numpy(reference["b"])).numpy()
        expected = reference[f"{name}/outputs"].transpose(1, 0, 2)
    assert outputs.shape == expected.shape == (16, 32, 50)
    for layer, (ours, theirs) in enumerate(zip(outputs, expected, strict=True), 1):
        error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
        assert error < 1e-5, f"layer {layer}: relative error {error:.2e}"
