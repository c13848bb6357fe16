"""The page and the Markdown of a study: what stands where, escaped, self-contained, refused in a sentence."""

import base64
import copy
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from analysis.study_html import study_page
from analysis.study_markdown import findings_markdown
from analysis.study_piece import Piece
from genome.errors import InputError

VOID = {"meta", "img"}
PNG = b"\x89PNG a picture"


class Page(HTMLParser):
    """Checks that tags nest and collects table rows, tags and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.bold: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] = " ".join(f"{self.rows[-1][-1]} {data}".split())
        if "b" in self.open:
            self.bold.append(data)

    def row(self, name: str) -> list[str]:
        """The first row that begins with this name."""
        return next(row[1:] for row in self.rows if row[:1] == [name])


def finding(form: str, answer: str, **other: str) -> dict[str, str]:
    return {
        "paper": "Searched is better than LISTA.",
        "source": "Table 1 [b]",
        "form": form,
        "answer": answer,
        "sentence": f"-2.30 dB of {form}",
        **other,
    }


def piece() -> dict[str, Any]:
    return {
        "format": "lista-genome/study",
        "version": 1,
        "name": "table1",
        "title": "Table 1: test NMSE",
        "scale": "small",
        "notes": ["Eight layers instead of 16."],
        "tables": [
            {
                "name": "mean",
                "title": "Table 1, mean form",
                "columns": ["row", "LISTA", "LFISTA", "Dense", "order"],
                "rows": [
                    [
                        "[b] noiseless",
                        {"mean": -43.314, "low": -43.514, "high": -43.114, "seeds": 5}
                        | {"reported": -43.3, "gap": -0.014},
                        {"mean": -46.1, "low": -46.2, "high": -46.0, "seeds": 5}
                        | {"reported": -48.0, "gap": 1.9, "best": True},
                        {"mean": None, "low": None, "high": None, "seeds": 5, "diverged": {"Dense": [1, 3]}},
                        "LFISTA < LISTA",
                    ],
                    ["count", 10240, 0.00031, None, "none"],
                    ["one", {"mean": -0.001, "low": None, "high": None, "seeds": 1}, 12.345, 1234.5, ""],
                ],
                "notes": ["Five seeds."],
            }
        ],
        "findings": [finding("mean", "holds"), finding("sum", "fails")],
        "figures": [{"file": "figure 5", "caption": "Average architecture."}],
        "seconds": 312.4,
        "settings": {"layers": 8, "problem": {"m": 50}},
        "versions": {"torch": "2.13.0"},
        "data": {"whatever": 1},
    }


def second() -> dict[str, Any]:
    other = {"paper": "The last layer | matters_most.", "source": "Section 3"}
    return piece() | {
        "name": "figure6",
        "title": "Figure 6",
        "tables": [],
        "figures": [],
        "findings": [finding("sum", "diverged"), finding("learned", "not shown", **other)],
    }


def page(*pieces: dict[str, Any]) -> str:
    return study_page(pieces or (piece(),), {"figure 5": PNG})


def test_cells_show_spread_and_the_papers_value() -> None:
    found = Page(page())
    assert found.row("[b] noiseless") == [
        "-43.31 [-43.51, -43.11] paper -43.3 (+0.0)",
        "-46.10 [-46.20, -46.00] paper -48.0 (+1.9)",
        "diverged on 2 of 5 seeds",
        "LFISTA < LISTA",
    ]
    assert found.row("count") == ["10,240", "3.1e-04", "", "none"]
    assert found.row("one") == ["0.00 one seed", "12.35", "1,234", ""]
    assert found.bold == ["-46.10"]


def test_columns_of_text_are_told_from_those_of_numbers() -> None:
    (table,) = Piece.read(piece()).tables
    assert [table.is_text(place) for place in range(5)] == [True, False, False, False, True]


def test_findings_come_first_and_those_of_one_sentence_together() -> None:
    found = Page(page(piece(), second()))
    answers = [row for row in found.rows if any("dB of" in text for text in row)]
    assert answers == [
        ["Searched is better than LISTA.", "Table 1 [b]", "mean", "✓ holds", "-2.30 dB of mean"],
        ["sum", "✗ fails", "-2.30 dB of sum"],
        ["sum", "∞ diverged", "-2.30 dB of sum"],
        ["The last layer | matters_most.", "Section 3", "learned", "? not shown", "-2.30 dB of learned"],
    ]
    assert [a["rowspan"] for tag, a in found.tags if tag == "th" and "rowspan" in a] == ["3", "1"]
    assert "✓ holds: 1, ✗ fails: 1, ? not shown: 1, ∞ diverged: 1." in found.text
    assert found.text.index("∞ diverged") < found.text.index("Eight layers")
    assert "No finding was tested." in page(piece() | {"findings": []})


def test_each_piece_has_its_notes_figures_and_settings() -> None:
    found = Page(page(piece(), second()))
    for text in ("Eight layers instead of 16.", "Five seeds.", "scale small, made in 5 min 12 s"):
        assert text in found.text
    assert found.row("problem.m") == ["50"]
    assert found.row("torch") == ["2.13.0"]
    links = [attributes["href"] for tag, attributes in found.tags if tag == "a"]
    assert links == ["#findings", "#piece-1", "#piece-2", "figure%205.pdf"]
    assert {f"#{a['id']}" for _, a in found.tags if "id" in a} == set(links[:3])
    (image,) = (attributes for tag, attributes in found.tags if tag == "img")
    assert base64.b64decode((image["src"] or "").removeprefix("data:image/png;base64,")) == PNG
    assert image["alt"] == "Average architecture."


def test_the_page_loads_nothing() -> None:
    text = page(piece(), second())
    assert not {tag for tag, _ in Page(text).tags} & {"script", "link", "iframe", "object", "form"}
    assert "://" not in text
    assert "url(" not in text
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in text
    assert "@media (prefers-color-scheme: dark)" in text
    assert text.count("<table>") == text.count('<div class="scroll"><table>') == 4


def test_a_piece_from_json_gives_the_same_page() -> None:
    assert page(json.loads(json.dumps(piece()))) == page()


def test_what_a_piece_says_is_escaped() -> None:
    hostile = "<script>alert('x')</script>\"&"
    data = piece()
    data |= {"title": hostile, "name": hostile, "notes": [hostile], "settings": {hostile: hostile}}
    data["tables"][0]["rows"][1][4] = hostile
    data["findings"][0] |= {"sentence": hostile, "form": hostile}
    data["figures"] = [{"file": "javascript:x", "caption": hostile}]
    text = study_page([data], {"javascript:x": PNG})
    assert "<script" not in text
    assert Page(text).row(hostile) == [hostile]
    assert 'href="javascript%3Ax.pdf"' in text


def test_markdown_has_a_column_for_each_form() -> None:
    lines = findings_markdown([piece(), second()]).splitlines()
    forms = ["holds (-2.30 dB of mean)", "fails (-2.30 dB of sum); diverged (-2.30 dB of sum)", "-"]
    assert lines == [
        "| Finding | Source | mean | sum | learned |",
        "| --- | --- | --- | --- | --- |",
        f"| Searched is better than LISTA. | Table 1 [b] | {' | '.join(forms)} |",
        "| The last layer \\| matters\\_most. | Section 3 | - | - | not shown (-2.30 dB of learned) |",
    ]
    assert findings_markdown([piece() | {"findings": []}]) == ""


def test_no_text_breaks_out_of_its_markdown_cell() -> None:
    data = piece()
    data["findings"] = [finding("mean", "holds", sentence="a | b\n| c \\| <b> `d` *e*")]
    (line,) = findings_markdown([data]).splitlines()[2:]
    assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 4
    assert r"holds (a \| b \| c \\\| \<b> \`d\` \*e\*)" in line


REQUIRED = [
    *((key,) for key in piece() if key != "data"),
    *(("tables", 0, key) for key in ("title", "columns", "rows", "notes")),
    *(("findings", 0, key) for key in finding("mean", "holds")),
    ("figures", 0, "caption"),
    ("tables", 0, "rows", 0, 1, "low"),
]


@pytest.mark.parametrize("path", REQUIRED)
def test_a_missing_part_is_refused_by_name(path: tuple[str | int, ...]) -> None:
    data = copy.deepcopy(piece())
    place: Any = data
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    with pytest.raises(InputError, match=f"must have the key '{path[-1]}', which is missing"):
        page(data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "must have the format 'lista-genome/study' in version 1, got"),
        ({"findings": [finding("mean", "true")]}, "must be one of holds, fails, .* got 'true'"),
        ({"notes": "text"}, "The notes of a study must be a list, got 'text'"),
        ({"tables": {}}, "The tables of a study must be a list"),
        ({"figures": [{"file": "other", "caption": ""}]}, "must have a picture, got none of 'other'"),
        ({"seconds": "long"}, "must be a number, 0 or more, got 'long'"),
        ({"settings": []}, "The settings of a study must be a mapping"),
    ],
)
def test_a_wrong_part_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        page(piece() | change)


def test_wrong_rows_and_cells_are_refused() -> None:
    data = piece()
    data["tables"][0]["rows"][1] = ["count", 1]
    with pytest.raises(InputError, match="'Table 1, mean form' must have 5 cells, got 2"):
        page(data)
    data["tables"][0]["rows"][1] = ["count", 1, [2], 3, 4]
    with pytest.raises(InputError, match=r"a text, a number, null or a mapping, got \[2\]"):
        page(data)


def test_nothing_is_no_study() -> None:
    with pytest.raises(InputError, match="at least 1 piece, got 0"):
        study_page([], {})
