"""A study in the terminal: it fits, keeps brackets, and steers nothing."""

import io
from typing import Any

import pytest
from rich.console import Console, RenderableType

from apps.study.terminal import findings_table, piece_report
from genome.errors import InputError

MODELS = ("LISTA (0)", "LFISTA (14)", "Dense-LISTA (105)", "Searched (42)", "Released (42)")


def cell(mean: float, reported: float) -> dict[str, Any]:
    ends = {"mean": mean, "low": mean - 0.2, "high": mean + 0.2, "seeds": 5}
    return {**ends, "reported": reported, "gap": mean - reported}


def piece() -> dict[str, Any]:
    means = [cell(-43.31 - place, -43.3) for place in range(len(MODELS))]
    lost = {"mean": None, "low": None, "high": None, "seeds": 5, "diverged": {"LISTA": [0]}}
    sentence = "-2.30 dB [-2.50, -2.10], 5 seeds, p 0.003"
    found = {"source": "Table 1 [b]", "form": "mean", "sentence": sentence}
    return {
        "format": "lista-genome/study",
        "version": 1,
        "name": "table1",
        "title": "Table 1 [b] and more",
        "scale": "small",
        "notes": ["Eight layers."],
        "tables": [
            {
                "name": "mean",
                "title": "Mean form",
                "columns": ["row", *MODELS, "order"],
                "rows": [
                    ["[b] no noise", *means, "Searched < Dense-LISTA ~ LFISTA < LISTA"],
                    ["[h] no noise, tested with salt and pepper", lost, *means[1:], "?"],
                ],
                "notes": [],
            }
        ],
        "findings": [
            {"paper": "Searched is better than LISTA.", "answer": "holds", **found},
            {"paper": "Searched is better than LISTA.", "answer": "not shown", **found, "form": "sum"},
            {"paper": "LFISTA is better than LISTA.", "answer": "fails", **found},
        ],
        "figures": [],
        "seconds": 61.0,
        "settings": {},
        "versions": {},
    }


def drawn(what: RenderableType, width: int = 100) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(what)
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_every_number_is_whole_at_any_width(width: int) -> None:
    lines = drawn(piece_report(piece()), width)
    text = "\n".join(lines)
    assert max(map(len, lines)) <= width
    assert text.count("±0.20") == 9
    for place in range(len(MODELS)):
        assert f"-{43.31 + place:.2f} ±0.20" in text
        assert f"paper -43.3 ({-float(place) or 0.0:+.1f})" in text
    assert text.count("paper") - text.count("paper:") - text.count("of the paper") == 9
    for name in MODELS:
        assert name in text
    assert text.count("[b] no noise") == text.count("[h] no noise")


def test_wide_tables_are_cut_between_columns() -> None:
    heads = [line.split("  ") for line in drawn(piece_report(piece()), 80) if line.startswith("row")]
    assert [[name.strip() for name in head if name][1:] for head in heads] == [
        ["LISTA (0)", "LFISTA (14)"],
        ["Dense-LISTA (105)", "Searched (42)"],
        ["Released (42)", "order"],
    ]
    assert sum(line.startswith("row") for line in drawn(piece_report(piece()), 180)) == 1


def test_a_piece_says_what_it_is_and_what_it_found() -> None:
    lines = drawn(piece_report(piece()))
    assert lines[:3] == ["Table 1 [b] and more", "scale small, 1:01", "Eight layers."]
    text = " ".join(" ".join(lines).split())
    assert "holds Searched is better than LISTA. (Table 1 [b], mean): -2.30 dB [-2.50, -2.10]" in text
    assert "not shown Searched is better than LISTA. (Table 1 [b], sum):" in text
    assert "diverged" in text
    assert "on 1 of 5 seeds" in text
    assert "±: to the end of the 95% interval" in text


def test_findings_of_all_pieces_stand_in_one_table() -> None:
    lines = drawn(findings_table([piece(), piece()]))
    text = "\n".join(lines)
    assert max(map(len, lines)) <= 100
    assert (text.count("holds"), text.count("not shown"), text.count("fails")) == (2, 2, 2)
    assert text.count("LFISTA is") == 1
    assert text.count("Table 1 [b]") == 2


def test_nothing_steers_the_terminal() -> None:
    data = piece()
    data |= {"title": "\x1b[2Jgone", "notes": ["[red]plain\x07"]}
    data["tables"][0]["rows"][1][0] = "\x1b]0;x"
    data["findings"][0]["sentence"] = "\x1b[31m[/]"
    text = "\n".join([*drawn(piece_report(data)), *drawn(findings_table([data]))])
    assert not {character for character in text if not character.isprintable()} - {"\n"}
    assert "?[2Jgone" in text
    assert "[red]plain?" in text


def test_a_piece_that_lacks_something_is_refused() -> None:
    data = piece()
    del data["scale"]
    with pytest.raises(InputError, match="must have the key 'scale'"):
        piece_report(data)
    with pytest.raises(InputError, match="must have the key 'scale'"):
        findings_table([data])
