"""The report page: complete, escaped, self-contained."""

import base64
import copy
import json
import math
from html.parser import HTMLParser
from typing import Any

import pytest

from analysis.html import render_report
from genome.errors import InputError
from genome.genome import Genome

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
VOID = {"meta", "img", "link", "br", "input", "hr"}


class Page(HTMLParser):
    """Checks that tags nest and collects table rows, list items, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.items: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "li":
            self.items.append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())
        if "li" in self.open:
            self.items[-1] += data

    def row(self, name: str, cells: int = 0) -> list[str]:
        """The row that begins with this name, of so many cells if that is given, and otherwise the first."""
        named = [row[1:] for row in self.rows if row and row[0] == name]
        return next(row for row in named if cells in (0, len(row)))


def model(genome: Genome, valid: float | str, mean: float) -> dict[str, Any]:
    test = {"mean": mean, "low": mean - 0.25, "high": mean + 0.25}
    return {
        "genome": genome.to_dict(),
        "connections": genome.connections,
        "parameters": 100 + genome.connections,
        "multiply_adds": 1000 + genome.connections,
        "valid_nmse_db": valid,
        "test_nmse_db": test,
    }


def result() -> dict[str, Any]:
    chosen = Genome.from_connections(5, [(4, 1), (5, 3), (5, 1)], ("soft", "relu", "soft", "soft", "soft"))
    return {
        "evaluations": 64,
        "diverged": 2,
        "seconds": 312.4,
        "reuse": {"stages_asked": 320, "stages_trained": 123},
        "comparison": {"varies": "batch order"},
        "best": model(Genome.dense(5), -31.456, -31.25) | {"test_nmse_db": None},
        "average": model(Genome.lfista(5), -30.9, -30.75),
        "chosen": model(chosen, -31.2, -31.0),
        "baselines": {
            "lista": model(Genome.lista(5), -25.0, -24.75),
            "lfista": model(Genome.lfista(5), -30.2, -30.0),
            "dense": model(Genome.dense(5), -31.3, -31.125),
        },
        "halving": {"rungs": [2, 3], "keep": 0.5, "dropped": {"2": 20, "3": 7}, "stages_saved": 74},
        "control": {
            "own": False,
            "seed": 5,
            "evaluations": 48,
            "diverged": 0,
            "compared_at": 48,
            "early": True,
            "best": model(Genome.lista(5), -30.5, -30.25),
            "search": {"best": model(Genome.dense(5), -31.0, -30.75), "chosen": None},
            "evaluations_to_reach": None,
            "table": [
                {"evaluations": 8, "search": -30.0, "mean": -29.5, "low": -30.25, "high": -28.75},
                {"evaluations": 48, "search": -31.0, "mean": -30.5, "low": -30.5, "high": -30.5},
            ],
        },
        "pareto": {
            "goals": ["nmse", "connections"],
            "entries": [model(chosen, -31.2, -31.0) | {"digest": "beef"}],
            "hypervolume": {
                "corner": [-25.0, 6.0],
                "search": 21.5,
                "compared_at": 48,
                "search_compared": 20.25,
                "random": 18.0,
            },
        },
        "differences": [
            {"subject": "chosen", "reference": "LFISTA", "mean": -1.0, "low": -1.2, "high": -0.8, "seeds": 5}
        ],
        "claims": [
            {"sentence": "True: chosen is better than LFISTA.", "holds": True, "verdict": "true"},
            {"sentence": "Not shown: chosen is as good as Dense.", "holds": False, "verdict": "not shown"},
        ],
        "top": [
            {
                "rank": 1,
                "digest": chosen.digest,
                "connections": 3,
                "neurons": list(chosen.neurons),
                "valid_nmse_db": -31.2,
            },
            {"rank": 2, "digest": "cafe", "connections": 6, "neurons": "all soft", "valid_nmse_db": -31.0},
        ],
        "settings": {"layers": 5, "problem": {"m": 50, "noise": {"snr_db": None}}, "out": "runs/first"},
        "versions": {"torch": "2.13.0", "python": "3.11"},
    }


def test_the_numbers_stand_in_their_rows() -> None:
    page = Page(render_report(result(), PNG, PNG, PNG))
    assert page.open == []
    assert page.row("chosen") == ["3", "-31.20", "-31.00 [-31.25, -30.75]"]
    assert page.row("average") == ["3", "-30.90", "-30.75 [-31.00, -30.50]"]
    assert page.row("best of the search") == ["6", "-31.46", "not measured"]
    assert page.row("LISTA") == ["0", "-25.00", "-24.75 [-25.00, -24.50]"]
    assert page.row("Dense-LISTA") == ["6", "-31.30", "-31.12 [-31.38, -30.88]"]
    assert page.row("chosen − LFISTA") == ["-1.00 [-1.20, -0.80]", "5"]
    assert page.row("problem.noise.snr_db") == ["None"]
    assert page.row("problem.m") == ["50"]
    assert page.row("torch") == ["2.13.0"]
    assert "64 networks evaluated" in page.text
    assert "(2 diverged) in 5 min 12 s" in page.text
    assert "123 of 320 stages trained" in page.text
    assert "between them vary batch order" in page.text


def test_random_search_stands_beside_the_search() -> None:
    page = Page(render_report(result(), PNG, PNG, PNG))
    assert page.row("8") == ["-30.00", "-29.50 [-30.25, -28.75]"]
    assert page.row("48") == ["-31.00", "-30.50 [-30.50, -30.50]"]
    assert page.row("best of random search")[:2] == ["0", "-30.50"]
    assert page.row("best of the first 48")[:2] == ["6", "-31.00"]
    text = " ".join(page.text.split())
    assert "as many out of 48 random networks" in text
    assert "The search has 64 evaluations: both are compared after 48" in text
    assert "expected to reach the search's best: not within 48 evaluations" in text
    assert "20 after stage 2, 7 after stage 3; 74 stages fewer" in text
    own = result()
    own["control"] |= {"own": True}
    assert "and so its own control" in Page(render_report(own, PNG, PNG, PNG)).text
    none = Page(render_report(result() | {"control": None, "halving": None}, PNG, PNG, PNG))
    assert "nothing here says whether it beats" in none.text
    assert "Dropped" not in none.text


def test_the_front_has_its_costs() -> None:
    page = Page(render_report(result(), PNG, PNG, PNG))
    assert page.row("beef") == ["-31.20", "3", "103", "1003"]
    assert page.row("Dense-LISTA", cells=4) == ["-31.30", "6", "106", "1006"]
    text = " ".join(page.text.split())
    assert "no other beats in nmse and connections" in text
    assert "21.5; after 48 evaluations 20.25 against random search's 18." in text


def test_the_chosen_network_and_the_top_are_listed() -> None:
    page = Page(render_report(result(), PNG, PNG, PNG))
    layers = [row for row in page.rows if len(row) == 4 and row[0].isdigit()]
    assert layers == [
        ["1", "soft", "–", "yes"],
        ["2", "relu", "–", "yes"],
        ["3", "soft", "–", "yes"],
        ["4", "soft", "x(1)", "yes"],
        ["5", "soft", "x(1), x(3)", "yes"],
    ]
    top = [row for row in page.rows if len(row) == 5 and row[0].isdigit()]
    digest = Genome.from_dict(result()["chosen"]["genome"]).digest
    assert top == [["1", digest, "3", "-31.20", "4 soft, 1 relu"], ["2", "cafe", "6", "-31.00", "all soft"]]


def test_other_choices_of_layers_have_columns_of_their_own() -> None:
    data = result()
    genome = Genome.lista(3)
    chosen = Genome(genome.gates, genome.neurons, genome.side, ("coupled", "free", "free"))
    data["chosen"]["genome"] = data["top"][0]["genome"] = chosen.to_dict()
    page = Page(render_report(data, PNG, PNG, PNG))
    assert page.row("1", cells=4) == ["soft", "coupled", "–", "yes"]
    assert page.row("2", cells=4)[:2] == ["soft", "free"]
    assert any(row[-1] == "3 soft; 1 coupled" for row in page.rows if row)
    data["chosen"]["genome"] |= {"weights": ["free"] * 3, "thresholds": ["learned", "adaptive", "learned"]}
    page = Page(render_report(data, PNG, PNG, PNG))
    assert page.row("2", cells=4) == ["soft", "adaptive", "–", "yes"]


def test_another_cell_has_other_names() -> None:
    data = result()
    data["settings"]["cell"] = {"name": "dladmm", "joins": "all"}
    for key, name in {"lista": "chain", "lfista": "two back", "dense": "dense"}.items():
        data["baselines"][key]["name"] = name
    page = Page(render_report(data, PNG, PNG, PNG))
    assert page.row("two back") == ["3", "-30.20", "-30.00 [-30.25, -29.75]"]
    assert page.row("dense", cells=4) == ["-31.30", "6", "106", "1006"]
    text = " ".join(page.text.split())
    assert 'Cell: dladmm joins="all".' in text
    assert "those beyond chain's own" in text
    assert "Cell:" not in Page(render_report(result(), PNG, PNG, PNG)).text


def test_costs_that_a_cell_does_not_say_are_dashes() -> None:
    data = result()
    data["pareto"]["entries"][0] |= {"parameters": None, "multiply_adds": None}
    assert Page(render_report(data, PNG, PNG, PNG)).row("beef") == ["-31.20", "3", "–", "–"]


def test_scores_of_another_metric_have_its_name_and_sign() -> None:
    data = result()
    data["settings"]["metric"] = {"name": "PSNR", "sign": -1}
    page = Page(render_report(data, PNG, PNG, PNG))
    assert page.row("LISTA") == ["0", "25.00", "24.75 [24.50, 25.00]"]
    assert page.row("chosen − LFISTA") == ["1.00 [0.80, 1.20]", "5"]
    assert page.row("8") == ["30.00", "29.50 [28.75, 30.25]"]
    assert page.row("beef")[0] == "31.20"
    text = " ".join(page.text.split())
    assert "PSNR in dB, higher is better" in text
    assert "Positive: the first is better" in text
    assert "no other beats in psnr and connections" in text
    assert "NMSE" not in text
    data["baselines"]["lista"] |= {"valid_nmse_db": "inf", "test_nmse_db": {"mean": None}}
    assert Page(render_report(data, PNG, PNG, PNG)).row("LISTA") == ["0", "diverged", "diverged"]


def test_claims_stand_as_they_were_judged() -> None:
    page = Page(render_report(result(), PNG, PNG, PNG))
    assert page.items == ["True: chosen is better than LFISTA.", "Not shown: chosen is as good as Dense."]
    classes = [attributes.get("class") for tag, attributes in page.tags if tag == "li"]
    assert classes == ["true", "not shown"]


def test_a_result_from_json_gives_the_same_page() -> None:
    assert render_report(json.loads(json.dumps(result())), PNG, PNG, PNG) == render_report(
        result(), PNG, PNG, PNG
    )


def test_the_page_loads_nothing() -> None:
    text = render_report(result(), PNG, PNG + b"2", PNG + b"3")
    page = Page(text)
    sources = [attributes["src"] for tag, attributes in page.tags if tag == "img"]
    assert [
        base64.b64decode((source or "").removeprefix("data:image/png;base64,")) for source in sources
    ] == [
        PNG + b"3",
        PNG,
        PNG + b"2",
    ]
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "form"}
    assert not [a for _, attributes in page.tags for a in attributes if a.startswith("on") or a == "href"]
    assert "://" not in text
    assert "url(" not in text
    policy = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_the_page_adapts_to_phones_and_dark_mode() -> None:
    text = render_report(result(), PNG, PNG, PNG)
    page = Page(text)
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    assert "@media (prefers-color-scheme: dark)" in text
    tables = text.count("<table>")
    assert tables == text.count('<div class="scroll"><table>') == 8


def test_what_users_write_is_escaped() -> None:
    hostile = "<script>alert('x')</script>\"&"
    data = result()
    data["settings"]["out"] = hostile
    data["settings"][hostile] = 1
    data["claims"][0] |= {"sentence": hostile, "verdict": '"><b>'}
    text = render_report(data, PNG, PNG, PNG)
    page = Page(text)
    assert "<script" not in text
    assert page.row("out") == [hostile]
    assert page.row(hostile) == ["1"]
    assert page.items[0] == hostile
    assert "b" not in {tag for tag, _ in page.tags}


@pytest.mark.parametrize("lost", [math.inf, "inf", None])
def test_divergence_is_named(lost: float | str | None) -> None:
    data = result()
    data["baselines"]["lista"] |= {
        "valid_nmse_db": lost,
        "test_nmse_db": {"mean": None, "low": None, "high": None},
    }
    data["differences"][0] |= {"mean": None, "low": None, "high": None}
    page = Page(render_report(data, PNG, PNG, PNG))
    assert page.row("LISTA") == ["0", "diverged", "diverged"]
    assert page.row("chosen − LFISTA") == ["diverged", "5"]


def test_no_claims_is_said() -> None:
    page = Page(render_report(result() | {"claims": []}, PNG, PNG, PNG))
    assert page.items == ["No claim was made."]


@pytest.mark.parametrize(
    "path",
    [(key,) for key in result()]
    + [("chosen", "connections"), ("baselines", "lista", "test_nmse_db"), ("top", 0, "rank")],
)
def test_a_missing_part_is_refused_by_name(path: tuple[str | int, ...]) -> None:
    data = copy.deepcopy(result())
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    with pytest.raises(InputError, match=f"must hold everything its report shows, got: .*'{path[-1]}'"):
        render_report(data, PNG, PNG, PNG)


def test_an_illegal_chosen_genome_is_refused() -> None:
    data = result()
    data["chosen"]["genome"]["version"] = 99
    with pytest.raises(InputError, match="version"):
        render_report(data, PNG, PNG, PNG)
