"""What the cells of the LISTA family refuse, in one sentence each."""

from dataclasses import replace

import pytest
import torch

from builders import build
from builders.cells import create_cell
from genome import Genome, InputError

DICTIONARY = torch.eye(4, 7) + 0.1


@pytest.mark.parametrize("name", ["lista", "lista_cp", "alista", "step_lista"])
def test_weights_and_thresholds_of_their_own_are_for_the_hybrid(name: str) -> None:
    plain = Genome.lista(3)
    with pytest.raises(InputError, match=f"Cell '{name}' .* free weights only, got coupled in layer 2"):
        build(replace(plain, weights=("free", "coupled", "free")), DICTIONARY, cell=name)
    adaptive = replace(plain, thresholds=("learned", "learned", "adaptive"))
    with pytest.raises(
        InputError, match=f"Cell '{name}' .* learned thresholds only, got adaptive in layer 3"
    ):
        build(adaptive, DICTIONARY, cell=name)


def test_options_are_checked() -> None:
    with pytest.raises(InputError, match="option tied of cell 'lista' must be true or false, got 1"):
        create_cell("lista", {"tied": 1})
    with pytest.raises(InputError, match="option tied of cell 'lista_cp' must be true or false, got 'no'"):
        create_cell("lista_cp", {"tied": "no"})
    with pytest.raises(InputError, match="option symmetric of cell 'hyperlista' must be true or false"):
        create_cell("hyperlista", {"symmetric": "no"})
    for l1 in (-0.1, float("nan"), 10**400, True, "0.4"):
        with pytest.raises(InputError, match="option l1 of cell 'step_lista' must be at least 0, got"):
            create_cell("step_lista", {"l1": l1})
    assert repr(create_cell("step_lista", {"l1": 1}).describe()) == "{'name': 'step_lista', 'l1': 1.0}"
    with pytest.raises(InputError, match="Cell 'alista' has no option 'tied'"):
        create_cell("alista", {"tied": True})
