"""Options of the optimizer, goals beside the NMSE, and halving, from the command line to the files."""

from __future__ import annotations

import json
import pickle
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from apps.search.cli import main, parser
from apps.search.goals import CostModel, search_goals
from builders.cells import Lista
from builders.costs import costs
from evaluation.archive import Archive
from genome import Evaluation, Genome, Request
from optimizers.goals import vector
from optimizers.pareto import front, hypervolume

Search = Callable[..., Path]


@pytest.fixture
def search(tmp_path: Path, sizes: tuple[str, ...]) -> Search:
    def run(*arguments: str, out: Path = tmp_path / "run") -> Path:
        assert main([*sizes, "--control", "0", "--out", str(out), *arguments]) == 0
        return out

    return run


def result(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "result.json").read_text("utf-8"))
    return content


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("32", 32),
        ("-0.5", -0.5),
        ("1e-3", 1e-3),
        ("true", True),
        ("false", False),
        ("null", "null"),
        ("NaN", "NaN"),
        ("1e999", "1e999"),
        ('"3"', '"3"'),
        ("[1]", "[1]"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_an_options_value_is_a_number_true_false_or_text(text: str, value: object) -> None:
    options = parser().parse_args(["--option", f"name={text}"]).optimizer_options
    assert options == {"name": value}
    assert type(options["name"]) is type(value)
    assert parser().parse_args([]).optimizer_options == {}


def test_options_reach_the_optimizer_and_are_part_of_the_run(
    tmp_path: Path, sizes: tuple[str, ...], finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    more = ("--control", "0", "--option", "population=3", "--option", "mutations=2")
    assert main([*sizes, *more]) == 0
    (out,) = (tmp_path / "runs").iterdir()
    assert re.fullmatch(r"8x16-K4-evolution-mutations-2-population-3-s0-[0-9a-f]{8}", out.name)
    content = result(out)
    assert content["settings"]["options"] == {"population": 3, "mutations": 2}
    plain = result(finished)
    assert content["search"][:3] == plain["search"][:3]
    assert content["search"][3:] != plain["search"][3:]


MODEL = CostModel(Lista(), 8, 16, "sum")


def test_cost_goals_are_values_that_pickle_and_count() -> None:
    names = ("nmse", "connections", "parameters", "multiply_adds")
    goals = search_goals(names, MODEL)
    assert tuple(goal.name for goal in goals) == names
    assert pickle.loads(pickle.dumps(goals)) == goals == search_goals(names, MODEL)
    request = Request(Genome.lfista(4))
    evaluation = Evaluation(request, "s", "complete", (-1.0,) * 4, (-1.0,) * 4, None, None, 0.0)
    counted = costs(request.genome, Lista(), 8, 16, "sum")
    assert vector(goals, evaluation) == (-1.0, 2.0, counted.parameters, counted.multiply_adds)


@pytest.mark.parametrize("goals", ["nmse", "nmse,multiply_adds,connections"])
def test_the_front_is_that_of_the_searchs_evaluations(search: Search, goals: str) -> None:
    out = search("--goals", goals, "--budget", "12", "--control", "8")
    content = result(out)
    section = content["pareto"]
    names = section["goals"]
    assert names == (goals.split(",") if "," in goals else ["nmse", "connections"])
    assert content["settings"]["goals"] == goals.split(",")
    axes = search_goals(names, MODEL)
    with Archive.open(out / "archive.sqlite") as archive:
        kept = {each.key: each for each in archive.evaluations()}
    searched = [kept[step["key"]] for step in content["search"]]
    points = [vector(axes, each) for each in searched]
    expected = {searched[place].genome.digest: points[place] for place in front(points)}
    assert {entry["digest"]: tuple(entry["goals"]) for entry in section["entries"]} == expected
    scores = [entry["valid_nmse_db"] for entry in section["entries"]]
    assert scores == sorted(scores)
    for entry in section["entries"]:
        genome = Genome.from_dict(entry["genome"])
        counted = costs(genome, Lista(), 8, 16, "sum")
        assert (entry["parameters"], entry["multiply_adds"]) == (counted.parameters, counted.multiply_adds)
    volume = section["hypervolume"]
    assert volume["search"] == pytest.approx(hypervolume(points, volume["corner"]))
    assert volume["search_compared"] == pytest.approx(hypervolume(points[:8], volume["corner"]))
    assert volume["random"] >= 0


def test_halving_drops_the_worse_half_and_says_so(search: Search, capsys: pytest.CaptureFixture[str]) -> None:
    out = search("--rungs", "2,3", "--batch", "4", "--budget", "12")
    content = result(out)
    stages = Counter(step["stages"] for step in content["search"])
    assert stages[2] >= 3
    assert content["evaluations"] == stages.total() == 12
    assert content["settings"]["halving"] == {"rungs": [2, 3], "keep": 0.5}
    assert content["halving"]["dropped"] == {"2": stages[2], "3": stages[3]}
    assert content["halving"]["stages_saved"] == 2 * stages[2] + stages[3]
    whole = [step["valid_nmse_db"] for step in content["search"] if step["stages"] == 4]
    assert content["best"]["valid_nmse_db"] == min(whole)
    assert [leader["valid_nmse_db"] for leader in content["top"]] == sorted(whole)
    assert f"{stages[2]} dropped after stage 2" in capsys.readouterr().out
    with Archive.open(out / "archive.sqlite") as archive:
        kept = {each.key: each for each in archive.evaluations()}
    for step in content["search"]:
        each = kept[step["key"]]
        assert (each.stages, each.score) == (step["stages"], step["valid_nmse_db"])
    assert content["reuse"]["stages_asked"] >= content["reuse"]["stages_trained"]
    # Again, from the archive: the same, and nothing is trained.
    again = result(search("--rungs", "2,3", "--batch", "4", "--budget", "12"))
    assert again["reuse"]["stages_trained"] == 0
    for name in ("search", "best", "chosen", "average", "halving", "pareto"):
        assert again[name] == content[name]
