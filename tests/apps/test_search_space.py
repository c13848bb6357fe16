"""Searches of other cells, injections, side connections, weights and thresholds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.export.searched import read_search
from apps.search.cli import main
from apps.search.references import references
from builders.cells import cell_from
from builders.files import load_network
from evaluation.archive import Archive
from genome import DesignSpace, Genome, save_genome

ROOT = Path(__file__).parents[2]

Search = Callable[..., Path]
Refuse = Callable[..., str]

EVERYTHING = (
    "--cell hybrid --neurons soft,support --weights free,coupled,analytic --thresholds learned,adaptive"
)


@pytest.fixture
def search(tmp_path: Path, sizes: tuple[str, ...]) -> Search:
    """Run a search of three networks without control, unless the arguments say otherwise."""

    def run(*arguments: str, out: Path = tmp_path / "run") -> Path:
        small = ("--budget", "3", "--control", "0", "--neurons", "soft")
        assert main([*sizes, *small, "--out", str(out), *arguments]) == 0
        return out

    return run


def result(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_text("utf-8"))
    return content


def bits(out: Path) -> dict[str, tuple[Any, ...]]:
    """Everything of a run's evaluations but the time they took."""
    with Archive.open(out / "archive.sqlite") as archive:
        return {e.key: (e.request, e.status, e.valid_nmse_db, e.test_nmse_db) for e in archive.evaluations()}


@pytest.mark.parametrize(
    "form", ["sum", "mean", "fista", "sum_from_mean", "mean_from_chain", "naive", "momentum"]
)
def test_every_form_can_be_searched(search: Search, form: str) -> None:
    out = search("--form", form)
    content = result(out)
    assert content["settings"]["protocol"]["form"] == load_network(out / "chosen.safetensors").form == form
    assert content["evaluations"] == 3
    assert content["chosen"]["test_nmse_db"]["mean"] < 0, "no better than answering zero"


@pytest.mark.parametrize(
    ("arguments", "cell"),
    [
        ("--cell lista_cp", "lista_cp"),
        ("--cell lista --cell-option tied=false", {"name": "lista", "tied": False}),
        ("--cell dladmm --cell-option joins=all --form momentum", {"name": "dladmm", "joins": "all"}),
        (f"{EVERYTHING} --side --form naive", "hybrid"),
    ],
)
def test_other_cells_can_be_searched(search: Search, arguments: str, cell: str | dict[str, Any]) -> None:
    out = search(*arguments.split())
    content = result(out)
    assert content["settings"]["cell"] == cell
    assert load_network(out / "chosen.safetensors").cell == cell_from(cell)
    space = DesignSpace.from_dict(content["settings"]["space"])
    assert all(Genome.from_dict(leader["genome"]) in space for leader in content["top"])
    assert content["chosen"]["test_nmse_db"]["mean"] < 0


def test_connections_in_another_cell_are_not_called_lista(
    search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    out = search("--cell", "lista_cp", "--control", "2")
    content = result(out)
    names = {key: entry["name"] for key, entry in content["baselines"].items()}
    assert names == {"lista": "chain", "lfista": "two back", "dense": "dense"}
    assert Genome.from_dict(content["baselines"]["lfista"]["genome"]) == Genome.lfista(4)
    pairs = {(each["subject"], each["reference"]) for each in content["differences"]}
    assert {("chosen", "two back"), ("average", "dense"), ("best", "chain")} <= pairs
    assert {"chain", "two back", "dense"} <= set(content["comparison"]["test_nmse_db"])
    assert any("better than two back" in claim["sentence"] for claim in content["claims"])
    assert "4 layers of lista_cp, evolution" in capsys.readouterr().out
    shown = [(out / name).read_text("utf-8") for name in ("report.html", "report.svg", "result.json")]
    assert not any(name in text for name in ("LISTA", "LFISTA") for text in shown)


def test_an_untied_lista_is_lista_under_its_options(search: Search) -> None:
    content = result(search("--cell-option", "tied=false"))
    assert all("name" not in entry for entry in content["baselines"].values())
    assert {"LISTA", "LFISTA", "Dense-LISTA"} <= set(content["per_stage"])


def test_chains_of_other_weights_stand_beside_a_search_that_may_choose_them(search: Search) -> None:
    content = result(search(*EVERYTHING.split()))
    for kind in ("coupled", "analytic"):
        genome = Genome.from_dict(content["baselines"][kind]["genome"])
        assert (genome.connections, set(genome.weights), set(genome.neurons)) == (0, {kind}, {"support"})
        assert content["baselines"][kind]["test_nmse_db"]["mean"] < 0
        assert {each["subject"] for each in content["differences"] if each["reference"] == kind} == {
            "chosen",
            "average",
            "best",
        }
    assert not any("analytic" in claim["sentence"] for claim in content["claims"])


def test_the_baselines_follow_from_cell_and_space() -> None:
    usual = references("lista", DesignSpace(4))
    assert list(usual.genomes) == ["LISTA", "LFISTA", "Dense-LISTA"]
    soft = references("hybrid", DesignSpace(4, ("soft",), weights=("coupled", "free")))
    assert list(soft.names.items())[-1] == ("coupled", "coupled")
    assert set(soft.genomes["coupled"].neurons) == {"soft"}
    foreign = references("hybrid", DesignSpace(4, ("relu",), weights=("coupled", "free")))
    assert list(foreign.genomes) == ["chain", "two back", "dense"]


def test_choices_of_layers_are_shown_where_their_neurons_are(
    search: Search, capsys: pytest.CaptureFixture[str]
) -> None:
    only = "--weights coupled --thresholds adaptive --cell hybrid --no-connections --side --neurons soft"
    out = search(*only.split())
    printed = capsys.readouterr().out
    assert re.search(r"4 soft; 4 coupled; 4 adaptive(; \d no side)?\n", printed)
    assert re.search(r"layer +neuron +weights +threshold +extra sources", printed)
    page = (out / "report.html").read_text("utf-8")
    assert '<td class="text">coupled</td>\n        <td class="text">adaptive</td>' in page
    assert "4 soft; 4 coupled; 4 adaptive" in page


def test_pruning_a_chain_searches_two_to_the_layers_but_one(search: Search) -> None:
    out = search("--no-connections", "--side", "--budget", "99", "--batch", "5", "--control", "99")
    content = result(out)
    genomes = [Genome.from_dict(leader["genome"]) for leader in content["top"]]
    assert content["evaluations"] == content["control"]["evaluations"] == len(genomes) == 2**3
    assert len({genome.side for genome in genomes}) == 8
    assert {(genome.connections, genome.side[0]) for genome in genomes} == {(0, True)}
    space = content["settings"]["space"]
    assert (space["search_connections"], space["search_side"]) == (False, True)


def test_a_space_of_one_network_is_a_search_of_one(search: Search) -> None:
    assert result(search("--no-connections"))["evaluations"] == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--cell dladmm --side", "all side connections only, got none in layer 2"),
        ("--cell hyperlista --neurons soft", "the genome of LISTA only, got a connection from layer 1"),
        ("--weights coupled", "Cell 'lista' takes genomes with free weights only, got coupled in layer 1"),
        ("--weights free,analytic", "'lista' takes genomes with free weights only, got analytic"),
        ("--thresholds adaptive", "genomes with learned thresholds only, got adaptive in layer 1"),
        ("--weights free,tied", "weight of a space must be one of free, coupled, analytic, got 'tied'"),
        ("--thresholds learned,learned", "thresholds of a space must differ"),
        ("--cell ista", "cell must be one of alista, .*, or package.module:Class, got 'ista'"),
        ("--cell nowhere:Cell", "Cell 'nowhere:Cell' cannot be loaded: No module named 'nowhere'"),
        ("--cell genome:Genome", "must be a subclass of builders.cells.Cell"),
        ("--cell-option tied=perhaps", "option tied of cell 'lista' must be true or false, got 'perhaps'"),
        ("--cell-option depth=3", "Cell 'lista' has no option 'depth'; its options: tied"),
        ("--cell-option tied", "--cell-option: must be NAME=VALUE, got 'tied'"),
        ("--cell-option tied=true --cell-option tied=false", "give an option once, got 'tied' twice"),
        ("--cell dladmm --cell-option joins=none", "joins of cell 'dladmm' must be one of signal, all"),
        ("--problem nowhere.json", "problem file must be readable, got No such file .* for nowhere.json"),
        ("--problem a.json --data b.npz", "not allowed with argument --problem"),
    ],
)
def test_spaces_that_cannot_be_searched(
    refuse: Refuse, tmp_path: Path, arguments: str, sentence: str
) -> None:
    assert re.search(sentence, refuse(*arguments.split(), out=tmp_path / "new" / "run"))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def own_cell(monkeypatch: pytest.MonkeyPatch) -> str:
    """The documented cell of a user, by its path."""
    monkeypatch.syspath_prepend(ROOT / "examples")
    return "primal_dual:PrimalDual"


def test_a_users_cell_by_its_dotted_path(search: Search, own_cell: str) -> None:
    out = search("--cell", own_cell, "--cell-option", "sigma=0.25")
    content = result(out)
    assert content["settings"]["cell"] == {"name": own_cell, "l1": 0.1, "sigma": 0.25}
    assert content["chosen"]["parameters"] is content["pareto"]["entries"][0]["multiply_adds"] is None
    cell = cell_from(content["settings"]["cell"])
    assert load_network(out / "chosen.safetensors", cell).cell == cell


def test_a_cell_that_does_not_say_what_it_costs_cannot_be_searched_for_that(
    refuse: Refuse, own_cell: str
) -> None:
    assert "it must define costs" in refuse("--cell", own_cell, "--goals", "nmse,multiply_adds")


def test_a_larger_budget_goes_on_and_another_cell_is_another_search(
    search: Search, refuse: Refuse, tmp_path: Path
) -> None:
    space = (*EVERYTHING.split(), "--side")
    whole = search(*space, "--budget", "6", out=tmp_path / "whole")
    out = search(*space)
    assert len(result(out)["search"]) == 3
    search(*space, "--budget", "6")
    assert result(out)["search"] == result(whole)["search"]
    assert bits(out).items() >= bits(whole).items()
    kept = bits(out)
    sentence = refuse(*space[2:], "--cell", "lista_cp", "--weights", "free", "--thresholds", "learned")
    assert "differ: cell (there hybrid, here lista_cp)" in sentence
    assert "space.weights (there ['free', 'coupled', 'analytic'], here absent)" in sentence
    assert bits(out) == kept


def test_evolution_begins_with_the_founders_and_an_export_knows_them(search: Search, tmp_path: Path) -> None:
    founders = [Genome.dense(4), Genome.lista(4)]
    files = [tmp_path / f"{founder.digest}.json" for founder in founders]
    for file, founder in zip(files, founders, strict=True):
        save_genome(file, founder)
    out = search(*(word for file in files for word in ("--founder", str(file))))
    asked = [step["arch"] for step in result(out)["search"]]
    assert asked[:2] == [founder.arch_string() for founder in founders]
    (out / "result.json").unlink()
    replayed = [evaluation.genome.arch_string() for evaluation in read_search(out).evaluations]
    assert replayed[: len(asked)] == asked


@pytest.mark.parametrize(
    ("depth", "arguments", "sentence"),
    [
        (5, "", "genome must have 4 layers, got 5"),
        (4, "--no-connections", "must have no extra connections, got gate 3<-1.*, in .*founder.json"),
        (4, "--optimizer random", "'random' has no option 'founders'"),
        (4, "--option founders=3", "must be its own, got 'founders': use --founder"),
    ],
)
def test_founders_that_cannot_be_begun_with(
    refuse: Refuse, tmp_path: Path, depth: int, arguments: str, sentence: str
) -> None:
    file = tmp_path / "founder.json"
    save_genome(file, Genome.dense(depth))
    out = tmp_path / "new" / "run"
    assert re.search(sentence, refuse("--founder", str(file), *arguments.split(), out=out))
    assert list(tmp_path.iterdir()) == [file]
