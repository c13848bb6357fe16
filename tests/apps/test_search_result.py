"""The files of a finished search: all there, and each says what follows from the others."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from analysis.average import average
from builders.files import load_network
from evaluation.archive import Archive
from evaluation.problems.sparse_recovery import SparseRecovery
from genome import Evaluation, Genome, load_genome

PROBLEM = SparseRecovery(m=8, n=16, train=2048, valid=512, test=512)
BASELINES = {"lista": "LISTA", "lfista": "LFISTA", "dense": "Dense-LISTA"}
GENOMES = {"lista": Genome.lista(4), "lfista": Genome.lfista(4), "dense": Genome.dense(4)}


@pytest.fixture(scope="module")
def result(finished: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((finished / "result.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def evaluations(finished: Path) -> list[Evaluation]:
    with Archive.open(finished / "archive.sqlite") as archive:
        return list(archive.evaluations())


def genome(entry: dict[str, Any]) -> Genome:
    return Genome.from_dict(entry["genome"])


def entries(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Display name -> what the result says of the network."""
    found = {name: result[name] for name in ("best", "average", "chosen")}
    found |= {name: result["baselines"][key] for key, name in BASELINES.items()}
    return found | {"random": result["control"]["best"]}


def test_every_file_is_there_and_nothing_else(finished: Path) -> None:
    asked = {"result.json", "average.json", "heatmap.csv", "heatmap.png", "report.html", "report.svg"}
    network = {"chosen.safetensors", "chosen.json", "learning_curve.png", "pareto.png"}
    run = {"settings.json", "archive.sqlite", "prefixes", ".lock"}
    assert {path.name for path in finished.iterdir()} == asked | network | run
    for picture in ("heatmap.png", "learning_curve.png", "pareto.png"):
        assert (finished / picture).read_bytes().startswith(b"\x89PNG\r\n")
    assert xml.etree.ElementTree.parse(finished / "report.svg").getroot().tag.endswith("svg")
    assert (finished / "report.html").read_text("utf-8").rstrip().endswith("</html>")


def test_the_result_names_everything_that_was_asked_for(result: dict[str, Any]) -> None:
    assert result["format"] == "lista-genome/result"
    assert result["evaluations"] == len(result["search"]) == 6
    assert result["diverged"] == 0
    assert 0 < result["seconds"] < 120
    for name, entry in entries(result).items():
        assert entry["connections"] == genome(entry).connections, name
        assert set(entry["test_nmse_db"]) == {"mean", "low", "high"}, name
    assert {key: genome(entry) for key, entry in result["baselines"].items()} == GENOMES
    assert {"torch", "numpy", "python", "lista-genome"} <= set(result["versions"])
    assert result["settings"]["problem"] == PROBLEM.to_dict()
    assert result["settings"]["optimizer"] == "evolution"


def test_best_and_chosen_follow_from_the_searchs_validation_scores(result: dict[str, Any]) -> None:
    steps = result["search"]
    lowest = min(step["valid_nmse_db"] for step in steps)
    assert result["best"]["valid_nmse_db"] == lowest
    near = [step for step in steps if step["valid_nmse_db"] <= lowest + 0.3]
    assert 0 < len(near) < len(steps), "the margin must divide the networks for this test to mean something"
    fewest = min(step["connections"] for step in near)
    scores = [step["valid_nmse_db"] for step in near if step["connections"] == fewest]
    assert result["chosen"]["connections"] == fewest
    assert result["chosen"]["valid_nmse_db"] == min(scores)
    leaders = [leader["valid_nmse_db"] for leader in result["top"]]
    assert leaders == sorted(step["valid_nmse_db"] for step in steps)
    assert [leader["rank"] for leader in result["top"]] == [1, 2, 3, 4, 5, 6]


def test_the_result_is_what_the_archive_has(result: dict[str, Any], evaluations: list[Evaluation]) -> None:
    by_key = {evaluation.key: evaluation for evaluation in evaluations}
    for step in result["search"]:
        kept = by_key[step["key"]]
        assert (kept.score, kept.genome.arch_string()) == (step["valid_nmse_db"], step["arch"])
        assert (kept.request.seed, kept.request.draw, kept.request.test) == (0, 0, False)
    searched = {e.genome: e for e in evaluations if not e.request.test}
    tested = {(e.genome, e.request.seed): e for e in evaluations if e.request.test}
    for name, entry in entries(result).items():
        kept = searched[genome(entry)]
        assert entry["valid_nmse_db"] == kept.score, name
        assert result["per_stage"][name] == list(kept.valid_nmse_db), name
        for seed, value in result["comparison"]["test_nmse_db"][name].items():
            assert tested[genome(entry), int(seed)].test_nmse_db == value, name


def test_the_comparison_is_paired_over_seeds_that_the_search_never_saw(
    result: dict[str, Any], evaluations: list[Evaluation]
) -> None:
    seeds = result["comparison"]["seeds"]
    drawn = {(e.request.test, e.request.seed, e.request.draw) for e in evaluations}
    assert len(seeds) == 2
    assert drawn == {(False, 0, 0), *((True, seed, seed) for seed in seeds)}
    values = result["comparison"]["test_nmse_db"]
    factor = stats.t.ppf(0.975, df=1) / np.sqrt(2)
    for name, entry in entries(result).items():
        scores = list(values[name].values())
        half = factor * np.std(scores, ddof=1)
        expected = {"mean": fmean(scores), "low": fmean(scores) - half, "high": fmean(scores) + half}
        assert entry["test_nmse_db"] == pytest.approx(expected), name
    pairs = {(d["subject"], d["reference"]): d for d in result["differences"]}
    assert len(pairs) == 11
    for (subject, reference), difference in pairs.items():
        paired = {seed: values[subject][seed] - values[reference][seed] for seed in values[subject]}
        assert difference["per_seed"] == pytest.approx(paired)
        assert difference["mean"] == pytest.approx(fmean(paired.values()))


def test_every_claim_is_one_plain_sentence_that_is_printed_too(result: dict[str, Any], printed: str) -> None:
    words = " ".join(printed.split())
    assert len(result["claims"]) == 7
    for claim in result["claims"]:
        assert re.fullmatch(r"(True|False|Not shown): [^\n]+\.", claim["sentence"])
        assert claim["holds"] is claim["sentence"].startswith("True")
        assert claim["sentence"] in words


def test_the_average_is_that_of_the_top(finished: Path, result: dict[str, Any]) -> None:
    expected = average(genome(leader) for leader in result["top"])
    assert result["heatmap"] == expected.to_dict()
    assert load_genome(finished / "average.json") == genome(result["average"]) == expected.genome()


def test_the_heat_map_reads_back_as_the_average(finished: Path, result: dict[str, Any]) -> None:
    lines = (finished / "heatmap.csv").read_text("utf-8").splitlines()
    assert lines[0] == "destination,x(1),x(2),x(3)"
    cells: NDArray[np.float64] = np.loadtxt(lines[1:], delimiter=",")
    assert cells[:, 0].tolist() == [1, 2, 3, 4]
    shares = cells[:, 1:]
    assert [row[:layer].tolist() for layer, row in enumerate(shares)] == result["heatmap"]["share"]
    expected = genome(result["average"])
    assert Genome.from_heatmap(shares, neurons=expected.neurons) == expected


def test_the_network_file_gives_the_validation_nmse_that_it_was_chosen_for(
    finished: Path, result: dict[str, Any]
) -> None:
    network = load_network(finished / "chosen.safetensors")
    assert network.genome == genome(result["chosen"]) == load_genome(finished / "chosen.json")
    assert torch.equal(network.dictionary, PROBLEM.dictionary)
    valid = PROBLEM.dataset(0).valid
    with torch.no_grad():
        estimate = network(valid.b).double().numpy()
    signals = valid.x.double().numpy()
    errors = np.square(estimate - signals).sum(axis=1) / np.square(signals).sum(axis=1)
    recomputed = float((10 * np.log10(errors)).mean())
    assert recomputed == pytest.approx(result["chosen"]["valid_nmse_db"], abs=1e-4)


def test_a_pipe_gets_plain_lines_without_control_characters(finished: Path, printed: str) -> None:
    assert [c for c in printed if not c.isprintable() and c != "\n"] == []
    assert "6/6 evaluated" in printed
    assert str(finished) in printed
