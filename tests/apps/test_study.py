"""The study's command at the smallest scale: what it writes, that it goes on, and what it refuses."""

from __future__ import annotations

import csv
import html
import json
import re
import subprocess
import sys
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import pytest

from analysis.study_piece import Piece
from apps.study.cli import PIECES, main, parser
from apps.study.pieces import PIECES as MAKERS
from apps.study.reported import DENSE, LISTA, SEARCHED
from evaluation.archive import Archive
from genome import Genome
from genome.patterns import extra_places

ROOT = Path(__file__).parents[2]
SMOKE = ("--scale", "smoke", "--device", "cpu", "--workers", "1")
MADE = tuple(name for name in PIECES if name not in {"table2", "table3", "figure6"})
K, EXTRA = 5, 6


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of most pieces, two rows of Table 1 among them."""
    folder = tmp_path_factory.mktemp("study") / "run"
    assert main([*MADE, *SMOKE, "--rows", "b,g", "--out", str(folder)]) == 0
    return folder


def content(out: Path, name: str) -> dict[str, Any]:
    text = (out / f"{name}.json").read_text("utf-8")
    return dict(json.loads(text, parse_constant=pytest.fail))


def records(out: Path, name: str) -> list[dict[str, str]]:
    with (out / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def evaluations(out: Path) -> dict[str, tuple[Any, ...]]:
    with Archive.open(out / "archive.sqlite") as archive:
        return {e.key: (e.status, e.valid_nmse_db, e.test_nmse_db) for e in archive.evaluations()}


def test_every_piece_of_the_command_line_can_be_made() -> None:
    assert set(MAKERS) == set(PIECES)


@pytest.mark.parametrize("name", MADE)
def test_a_piece_is_readable_and_its_figures_are_there_twice(out: Path, name: str) -> None:
    piece = Piece.read(content(out, name))
    assert (piece.name, piece.scale) == (name, "smoke")
    for figure in piece.figures:
        assert (out / f"{figure.file}.png").read_bytes().startswith(b"\x89PNG")
        assert (out / f"{figure.file}.pdf").read_bytes().startswith(b"%PDF")
    assert piece.title in html.unescape((out / "report.html").read_text("utf-8"))


def test_a_cell_of_table_1_is_the_mean_of_its_records_with_the_gap_to_the_paper(out: Path) -> None:
    rows = records(out, "table1")
    for table in content(out, "table1")["tables"]:
        head = [column.rpartition(" (")[0] for column in table["columns"]]
        for line, row, paper in zip(table["rows"], ("b", "g"), ((-43.3, -54.2), (-7.6, -13.3)), strict=True):
            for model, reported in zip((LISTA, SEARCHED), paper, strict=True):
                cell = line[head.index(model)]
                scores = [
                    float(r["test_nmse_db"])
                    for r in rows
                    if (r["setting"], r["form"], r["model"]) == (row, table["name"], model)
                ]
                assert len(scores) == cell["seeds"] == 3
                assert cell["mean"] == pytest.approx(mean(scores), abs=1e-9)
                half = 4.302652729911275 * np.std(scores, ddof=1) / np.sqrt(3)
                assert cell["high"] - cell["mean"] == pytest.approx(half, rel=1e-6)
                assert (cell["reported"], cell["gap"]) == pytest.approx((reported, mean(scores) - reported))


def test_networks_of_a_row_with_another_test_are_those_of_the_first(out: Path) -> None:
    rows = {(r["setting"], r["form"], r["model"], r["seed"]): r for r in records(out, "table1")}
    first = [r for key, r in rows.items() if key[0] == "b"]
    assert first
    for each in first:
        noisy = rows["g", each["form"], each["model"], each["seed"]]
        assert noisy["valid_nmse_db"] == each["valid_nmse_db"]
        assert noisy["test_nmse_db"] != each["test_nmse_db"]


def test_searched_is_the_average_of_the_best_that_the_search_found(out: Path) -> None:
    shares = content(out, "figure2")["data"]
    for form in ("mean", "sum"):
        found = [r for r in records(out, "figure2") if (r["form"], r["model"]) == (form, "reinforce")]
        best = sorted(found, key=lambda r: float(r["valid_nmse_db"]))[:5]
        genomes = [Genome.from_arch_string(r["genome"]) for r in best]
        share = np.mean([g.heatmap() for g in genomes], axis=0)
        average = Genome.from_heatmap(share)
        assert content(out, "table1")["data"]["genomes"][form][SEARCHED] == average.arch_string()
        rows, columns = np.tril_indices(K, -1)
        flat = [value for row in shares[form]["reinforce"]["share"] for value in row]
        np.testing.assert_allclose(flat, share[rows, columns])


def test_figure_5_has_the_same_networks_in_every_cell(out: Path) -> None:
    rows = [r for r in records(out, "figure5") if r["model"] == "random"]
    cells: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        cells.setdefault((row["setting"], row["form"]), []).append(row["genome"])
    assert len(cells) == 3 * 4
    (genomes,) = {tuple(each) for each in cells.values()}
    counts = [Genome.from_arch_string(text).connections for text in genomes]
    assert (len(counts), counts[0], counts[-1]) == (8, 1, EXTRA)
    assert counts == sorted(counts)


def test_figure_7_has_every_way_to_prune_lista_beside_several_trainings_of_it(out: Path) -> None:
    rows = records(out, "figure7")
    whole = [float(r["test_nmse_db"]) for r in rows if r["side"] == "1" * K]
    assert len(whole) == 3
    assert len({r["side"] for r in rows}) == 2 ** (K - 1) == len(rows) - 2
    worse = [r for r in rows if r["side"] != "1" * K and float(r["test_nmse_db"]) > mean(whole)]
    assert content(out, "figure7")["data"]["worse"] == {"number": len(worse), "of": 2 ** (K - 1) - 1}


def test_a_reconnected_network_has_the_same_extra_connections(out: Path) -> None:
    rows = [r for r in records(out, "figure8") if r["form"] == "sum"]
    pruned = [r["genome"] for r in rows if r["model"] == "injected and pruned"]
    whole = [r for r in rows if r["model"] == "reconnected"]
    assert pruned == [r["genome"] for r in whole]
    assert {int(r["side_connections"]) for r in whole} == {K}


def test_models_of_d_ladmm_have_the_sizes_that_the_table_says(out: Path) -> None:
    counts: dict[str, set[int]] = {}
    for row in records(out, "dladmm"):
        if row["form"] == "sum":
            counts.setdefault(row["model"].rpartition(" ")[0], set()).add(int(row["connections"]))
    assert counts["D-LADMM"] == {0}
    assert counts["Dense"] == {len(extra_places(K))}
    searched = Genome.from_arch_string(content(out, "table1")["data"]["genomes"]["sum"][SEARCHED])
    assert counts["Transferred"] == {searched.connections}
    assert counts.get("Random", {searched.connections}) == {searched.connections}
    for finding in content(out, "dladmm")["findings"]:
        assert finding["answer"] in {"holds", "fails", "not shown"}


def test_lista_is_one_network_in_every_form_and_start(out: Path) -> None:
    rows = [r for r in records(out, "starts") if r["model"] == LISTA]
    by_length: dict[tuple[str, str], set[str]] = {}
    for row in rows:
        by_length.setdefault((row["setting"], row["seed"]), set()).add(row["test_nmse_db"])
    assert len(rows) == 4 * len(by_length)
    for scores in by_length.values():
        values = [float(score) for score in scores]
        assert max(values) - min(values) < 0.01


def test_a_finding_holds_where_the_records_say_so(out: Path) -> None:
    for finding in content(out, "starts")["findings"]:
        if not finding["paper"].startswith("The mean of 3 sparse"):
            continue
        length = re.search(r"x ([\d.]+) steps", finding["source"])
        assert length
        scores: dict[str, list[float]] = {}
        for row in records(out, "starts"):
            if (row["setting"], row["form"]) == (f"b x {length[1]}", finding["form"]):
                scores.setdefault(row["model"].removesuffix(" 1"), []).append(float(row["test_nmse_db"]))
        sparse = np.mean([scores[f"Sparse random{tail}"] for tail in ("", " 2", " 3")], axis=0)
        differences = sparse - np.array(scores[DENSE])
        assert finding["difference"]["mean"] == pytest.approx(differences.mean())
        if finding["answer"] == "holds":
            assert differences.mean() < 0
        if finding["answer"] == "fails":
            assert differences.mean() > 0


def test_again_nothing_is_trained_and_the_same_is_written(out: Path) -> None:
    before, table = evaluations(out), (out / "table1.csv").read_bytes()
    assert main(["table1", *SMOKE, "--rows", "b,g", "--out", str(out)]) == 0
    assert evaluations(out) == before
    assert (out / "table1.csv").read_bytes() == table


def test_another_piece_joins_the_report(out: Path) -> None:
    arguments = ["table2", *SMOKE, "--rows", "ill_conditioned", "--form", "sum", "--seeds", "2"]
    assert main([*arguments, "--out", str(out)]) == 0
    (table,) = content(out, "table2")["tables"]
    assert [row[0] for row in table["rows"]] == ["ill-conditioned dictionary"]
    assert table["rows"][0][1]["seeds"] == 2
    page = (out / "report.html").read_text("utf-8")
    assert "Table 1: test NMSE" in page
    assert "Table 2: other dictionaries" in page
    assert "| The searched network is better than" in (out / "findings.md").read_text("utf-8")


def test_rows_and_forms_of_a_piece_add_up(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    for row, form in (("d", "sum"), ("b", "mean")):
        assert main(["table1", *SMOKE, "--rows", row, "--form", form, "--out", str(folder)]) == 0
    tables = content(folder, "table1")["tables"]
    assert [table["name"] for table in tables] == ["mean", "sum"]
    assert [[row[0][:3] for row in table["rows"]] for table in tables] == [["[b]", "[d]"]] * 2
    assert main(["table1", *SMOKE, "--rows", "d", "--form", "sum", "--seeds", "2", "--out", str(folder)]) == 0
    (table,) = content(folder, "table1")["tables"]
    assert (len(table["rows"]), table["rows"][0][1]["seeds"]) == (1, 2)


def test_table_3_is_made_of_the_images_given(out: Path, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="an optional package")
    rng = np.random.default_rng(0)
    stack = rng.integers(0, 256, (3, 32, 32), dtype=np.uint8)
    for name in ("training", "testing"):
        np.savez(tmp_path / f"{name}.npz", images=stack)
    images = [f"--{name}-images={tmp_path / name}.npz" for name in ("training", "testing")]
    assert main(["table3", *SMOKE, *images, "--form", "sum", "--out", str(out)]) == 0
    (table,) = content(out, "table3")["tables"]
    scores = [float(r["test_nmse_db"]) for r in records(out, "table3") if r["model"] == LISTA]
    assert table["rows"][0][1]["mean"] == pytest.approx(-mean(scores))
    assert table["rows"][0][1]["reported"] == 34.67


def test_killed_it_goes_on_and_ends_with_the_same_records(out: Path, tmp_path: Path) -> None:
    again = tmp_path / "run"
    command = [sys.executable, "-m", "apps.study", "last-layer", *SMOKE, "--out", str(again)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while process.poll() is None:
        if (again / "archive.sqlite").exists() and len(evaluations(again)) >= 8:
            process.kill()
            process.communicate()
            break
    assert not (again / "last-layer.json").exists()
    kept = evaluations(again)
    assert len(kept) >= 8
    assert main(["last-layer", *SMOKE, "--out", str(again)]) == 0
    after = evaluations(again)
    assert {key: after[key] for key in kept} == kept
    strip = [{k: v for k, v in r.items() if k != "seconds"} for r in records(again, "last-layer")]
    assert strip == [{k: v for k, v in r.items() if k != "seconds"} for r in records(out, "last-layer")]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["table1", "--scale", "huge"], "The scale must be one of smoke, small, paper, got 'huge'."),
        (["table1", "--rows", "b,z"], "The rows of the paper's tables are b, c, .*, got 'z'."),
        (["table1", "--rows", "ill_conditioned"], "table1 has the rows b, .*, got ill_conditioned."),
        (["table3"], "Table 3 needs --training-images and --testing-images, got none."),
        (["table3", "--training-images", "."], "Table 3 needs both .*, got one of them."),
        (["figure4"], "PIECE: invalid choice: 'figure4' .*"),
        (["table1", "--seeds", "1"], "--seeds: must be at least 2, got 1; .*"),
        (["table1", "--device", "abacus"], ".*abacus.*"),
    ],
)
def test_refusals_are_one_sentence_and_write_nothing(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    try:
        code: object = main([*arguments, "--out", str(folder)])
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert re.fullmatch(rf"{sentence}\n", capsys.readouterr().err)
    assert not folder.exists()


def test_a_folder_of_another_scale_is_refused(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figure3", "--scale", "small", "--out", str(out)]) == 2
    assert "goes on with the settings it began with" in capsys.readouterr().err


def test_a_damaged_piece_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    assert main(["figure3", *SMOKE, "--out", str(folder)]) == 0
    (folder / "figure2.json").write_text("{", "utf-8")
    capsys.readouterr()
    assert main(["figure3", *SMOKE, "--out", str(folder)]) == 2
    assert re.search(
        r"A piece of a study must be readable JSON, got .*figure2\.json", capsys.readouterr().err
    )


def test_help_names_every_piece() -> None:
    text = parser().format_help()
    assert all(name in text for name in (*PIECES, "all", "smoke", "paper"))
