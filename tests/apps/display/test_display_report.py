"""The report at the end: numbers in their places at every width, and the same bytes for the same result."""

from __future__ import annotations

import copy
import io
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from apps.display import print_report, write_svg
from apps.display.text import extra_sources
from genome import Genome

if TYPE_CHECKING:
    from tests.apps.display.conftest import Session

SVG = "{http://www.w3.org/2000/svg}"


def printed(result: dict[str, Any], width: int) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    print_report(result, console)
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def cells(lines: list[str], title: str, name: str) -> list[str]:
    """The cells of the first row below this title that begins with this name."""
    row = next(line for line in lines[lines.index(title) :] if line.startswith(f"{name}  "))
    return re.split(r"\s{2,}", row.strip())[1:]


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("layers", [3, 8, 16])
def test_the_report_keeps_to_its_width(new_session: type[Session], layers: int, width: int) -> None:
    result = new_session(layers=layers).result()
    lines = printed(result, width)
    assert max(map(len, lines)) <= min(width, 100)
    text = " ".join(" ".join(lines).split())
    for claim in result["claims"]:
        assert claim["sentence"] in text
    for row in result["top"]:
        assert row["digest"] in text
    assert "…" not in text


def test_the_numbers_stand_in_their_rows(new_session: type[Session]) -> None:
    result = new_session().result()
    lines = printed(result, 100)
    assert lines[1] == "evolution, seed 0: 32 evaluations (3 diverged) in 5:12"
    assert lines[2].startswith("200 of 512 stages trained, the others shared or kept: 5:50 of")
    assert lines[3] == (
        "halving: 9 dropped after stage 2, 54 stages fewer than whole networks, each counted alone"
    )
    assert lines[4] == "problem: kind sparse_recovery, m 50, n 100, snr_db None"
    named = {
        "average": result["average"],
        "chosen": result["chosen"],
        "best": result["best"],
        "LISTA": result["baselines"]["lista"],
        "LFISTA": result["baselines"]["lfista"],
        "Dense-LISTA": result["baselines"]["dense"],
    }
    for name, model in named.items():
        mean, low, high = (f"{model['test_nmse_db'][key]:.2f}" for key in ("mean", "low", "high"))
        assert cells(lines, "Networks", name) == [
            str(model["connections"]),
            f"{model['valid_nmse_db']:.2f}",
            f"{mean} [{low}, {high}]",
        ]
    row = result["differences"][1]
    assert cells(lines, "Paired differences", "chosen - LFISTA") == [
        f"{row['mean']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}]",
        "5",
    ]
    first = result["top"][0]
    assert cells(lines, "Best of the search", "1")[:3] == [
        f"{first['valid_nmse_db']:.2f}",
        str(first["connections"]),
        first["digest"],
    ]


def test_the_control_stands_beside_the_search(new_session: type[Session]) -> None:
    result = new_session().result()
    control, title = result["control"], "Random search at the same budget"
    lines = printed(result, 100)
    assert cells(lines, title, "8") == ["-30.00", "-29.50 [-30.25, -28.75]"]
    assert cells(lines, title, "24") == ["-31.00", "diverged"]
    assert cells(lines, title, "random")[0] == str(control["best"]["connections"])
    assert cells(lines, title, "best of 24")[0] == str(result["best"]["connections"])
    text = " ".join(" ".join(lines).split())
    assert "out of 24 random networks, mean [5%, 95%]" in text
    assert "The search has 32 evaluations: both are compared after 24" in text
    assert "expected to reach -31.00 dB, the search's best: at 17 evaluations." in text
    result["control"] = control | {"evaluations_to_reach": None, "own": True, "evaluations": 32}
    text = " ".join(" ".join(printed(result, 100)).split())
    assert "The search is random search, and so its own control" in text
    assert "expected to reach" not in text
    assert "both are compared" not in text


def test_a_search_without_a_control_says_so(new_session: type[Session]) -> None:
    result = new_session().result() | {"control": None}
    without = new_session().result()
    del without["control"], without["halving"], without["pareto"]  # As in version 1.
    for each in (result, without):
        text = " ".join(" ".join(printed(each, 100)).split())
        assert "nothing here says whether it beats random search" in text


def test_the_front_and_the_baselines_have_their_costs(new_session: type[Session]) -> None:
    result = new_session().result()
    lines = printed(result, 100)
    for name, row in (
        (result["pareto"]["entries"][0]["digest"], result["best"]),
        ("Dense-LISTA", result["baselines"]["dense"]),
    ):
        assert cells(lines, "NMSE against cost", name) == [
            f"{row['valid_nmse_db']:.2f}",
            *(str(row[key]) for key in ("connections", "parameters", "multiply_adds")),
        ]
    text = " ".join(" ".join(lines).split())
    assert "that no other beats in nmse and multiply-adds" in text
    assert "123.5; after 24 evaluations 120 against random search's 99.5." in text


def test_the_chosen_network_is_listed_layer_by_layer(new_session: type[Session]) -> None:
    result = new_session(layers=16).result()
    genome = Genome.from_dict(result["chosen"]["genome"])
    lines = printed(result, 60)
    start = next(place for place, line in enumerate(lines) if line.startswith("layer "))
    rows = [line.split() for line in lines[start + 2 : start + 18]]
    sources = extra_sources(genome)
    assert rows == [
        [str(layer), neuron, sources.get(layer, "-")] for layer, neuron in enumerate(genome.neurons, 1)
    ]
    assert f"{genome.connections} of 105 extra connections" in lines


def test_missing_side_connections_are_told(new_session: type[Session]) -> None:
    result = new_session(layers=4).result()
    genome = Genome.from_connections(4, [(4, 1)], side=(True, False, True, True))
    result["chosen"] = result["chosen"] | {"genome": genome.to_dict()}
    lines = printed(result, 60)
    start = next(place for place, line in enumerate(lines) if line.startswith("layer "))
    assert [line.split()[-1] for line in lines[start + 2 : start + 6]] == ["yes", "no", "yes", "yes"]


def test_claims_have_a_mark_and_a_word(new_session: type[Session]) -> None:
    session = new_session()
    result = session.result()
    assert {claim["sentence"].partition(":")[0] for claim in result["claims"]} == {
        "True",
        "False",
        "Not shown",
    }
    for lines in (printed(result, 100), printed(result, 60)):
        marks = [line[:4] for line in lines if line[:2] in ("✓ ", "✗ ", "? ")]
        words = {"True": "✓ Tr", "False": "✗ Fa", "Not shown": "? No"}
        assert marks == [words[claim["sentence"].partition(":")[0]] for claim in result["claims"]]


def test_what_diverged_is_said_to(new_session: type[Session]) -> None:
    session = new_session(levels={"LISTA": math.inf, "LFISTA": -30.0, "Dense-LISTA": -31.0})
    result = session.result(diverged=["LISTA", "LFISTA"])
    assert result["baselines"]["lista"]["valid_nmse_db"] == "inf"
    lines = printed(result, 100)
    assert cells(lines, "Networks", "LISTA") == ["0", "diverged", "diverged"]
    assert cells(lines, "Networks", "LFISTA") == ["6", "-30.00", "diverged"]
    assert cells(lines, "Paired differences", "chosen - LFISTA") == ["diverged", "5"]
    assert any(line.startswith("? Not shown: chosen is at least 0.3 dB better") for line in lines)


def test_a_model_that_was_not_compared_is_said_so(new_session: type[Session]) -> None:
    result = new_session().result()
    result["best"] = result["best"] | {"test_nmse_db": None}
    assert cells(printed(result, 100), "Networks", "best")[-1] == "not measured"


def test_the_picture_holds_the_report(new_session: type[Session], tmp_path: Path) -> None:
    result = new_session().result()
    write_svg(result, tmp_path / "report.svg")
    root = ElementTree.parse(tmp_path / "report.svg").getroot()
    assert root.tag == f"{SVG}svg"
    runs = [text.text or "" for text in root.iter(f"{SVG}text")]
    words = " ".join("".join(f"{run} " for run in runs).replace("\xa0", " ").split())
    for claim in result["claims"]:
        assert claim["sentence"].partition(": ")[2][:60] in words
    colours = {rectangle.get("fill") for rectangle in root.iter(f"{SVG}rect")}
    assert {"#4c279f", "#f0e07f"} <= colours


def test_the_picture_loads_nothing(new_session: type[Session], tmp_path: Path) -> None:
    write_svg(new_session().result(), tmp_path / "report.svg")
    text = (tmp_path / "report.svg").read_text("utf-8")
    assert re.findall(r"https?://[^\"\s]*", text) == ["http://www.w3.org/2000/svg"]


def test_the_same_result_gives_the_same_picture(
    new_session: type[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = new_session().result()
    write_svg(result, tmp_path / "first.svg")
    for name, value in (("NO_COLOR", "1"), ("COLUMNS", "60"), ("TERM", "dumb"), ("FORCE_COLOR", "")):
        monkeypatch.setenv(name, value)
    write_svg(copy.deepcopy(result), tmp_path / "second.svg")
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
    write_svg(result | {"seconds": 1.0}, tmp_path / "third.svg")
    assert (tmp_path / "first.svg").read_bytes() != (tmp_path / "third.svg").read_bytes()


def test_a_picture_is_written_whole_or_not_at_all(new_session: type[Session], tmp_path: Path) -> None:
    incomplete = new_session().result()
    del incomplete["claims"]
    with pytest.raises(KeyError, match="claims"):
        write_svg(incomplete, tmp_path / "report.svg")
    assert list(tmp_path.iterdir()) == []
