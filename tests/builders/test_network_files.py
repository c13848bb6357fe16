"""Network files: the same network comes back, and damaged or foreign files are refused by name."""

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from builders import UnrolledNetwork, build
from builders.cells import create_cell
from builders.files import load_network, save_network
from genome import Genome, InputError


@pytest.fixture
def network() -> UnrolledNetwork:
    generator = torch.Generator().manual_seed(0)
    made = build(Genome.lfista(4), torch.randn(5, 8, generator=generator), form="mean")
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=generator))
    return made


def test_the_same_network_comes_back(tmp_path: Path, network: UnrolledNetwork) -> None:
    save_network(tmp_path / "n.safetensors", network, {"problem": {"m": 5}})
    again = load_network(tmp_path / "n.safetensors")
    b = torch.randn(6, 5, generator=torch.Generator().manual_seed(1))
    assert again.genome == network.genome
    assert again.form == "mean"
    assert torch.equal(again.dictionary, network.dictionary)
    assert torch.equal(again.layer_outputs(b), network.layer_outputs(b))


def test_a_truncated_file_is_refused(tmp_path: Path, network: UnrolledNetwork) -> None:
    path = tmp_path / "n.safetensors"
    save_network(path, network, {})
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(InputError, match=r"must be readable safetensors, got .*n\.safetensors"):
        load_network(path)


def test_foreign_missing_and_misfitting_files_are_refused(tmp_path: Path, network: UnrolledNetwork) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match="must be lista-genome/network 1, got no format"):
        load_network(tmp_path / "foreign.safetensors")
    with pytest.raises(InputError, match=r"must be readable safetensors, got .*missing"):
        load_network(tmp_path / "missing.safetensors")
    tensors = {name: value.detach() for name, value in network.named_parameters()}
    metadata = {
        "format": "lista-genome/network",
        "version": "1",
        "genome": Genome.lfista(5).to_json(),
        "cell": "lista",
        "form": "mean",
    }
    save_file({**tensors, "dictionary": network.dictionary}, tmp_path / "other.safetensors", metadata)
    with pytest.raises(InputError, match=r"must fit its genome, got .*other\.safetensors: size mismatch"):
        load_network(tmp_path / "other.safetensors")


@pytest.mark.parametrize(
    "name", ["os:path", "examples.primal_dual:PrimalDual", '{"name": "os:path"}', "{", '{"a":' * 100_000]
)
def test_no_module_is_imported_because_a_file_names_it(
    tmp_path: Path, network: UnrolledNetwork, name: str
) -> None:
    path = tmp_path / "n.safetensors"
    save_network(path, network, {})
    content = path.read_bytes()
    with safe_open(path, framework="pt") as file:
        metadata = {**file.metadata(), "cell": name}
    save_file(load_file(path), path, metadata)
    with pytest.raises(InputError, match=r"got .*n\.safetensors: (Its cell .* must|The description)"):
        load_network(path)
    path.write_bytes(content)
    with pytest.raises(InputError, match="The cell must be lista, got alista"):
        load_network(path, create_cell("alista"))
    assert load_network(path, create_cell("lista")).genome == network.genome
