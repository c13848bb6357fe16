"""Tables give what training gives, and refuse what they do not have."""

from __future__ import annotations

import io
import json
import math
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.landscape import additive_share, seed_ratio
from evaluation.evaluator import Evaluator
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.tabular import Table, TabularEvaluator, load_table, save_table, table_names
from genome import DesignSpace, Evaluation, Genome, InputError, Request

SPACE = DesignSpace(4, neurons=("soft", "relu"), search_side=True)
PROBLEM = SparseRecovery(m=8, n=16, train=64, valid=32, test=32)


@pytest.fixture(scope="module")
def trained() -> tuple[Evaluator, list[Evaluation]]:
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=1)
    genomes = list(SPACE.enumerate())
    requests = [Request(genome, test=True) for genome in genomes]
    requests += [Request(genome, seed=1, test=True) for genome in genomes[::7]]
    return evaluator, evaluator.evaluate(requests)


@pytest.fixture(scope="module")
def table(trained: tuple[Evaluator, list[Evaluation]]) -> Table:
    evaluator, evaluations = trained
    return Table.of("tiny", SPACE, evaluator.settings(), evaluations)


def test_an_index_is_the_place_in_the_enumeration(table: Table) -> None:
    assert [table.index(genome) for genome in SPACE.enumerate()] == list(range(SPACE.size))
    with pytest.raises(InputError, match="must have 4 layers"):
        table.index(Genome.lista(3))


def test_looked_up_is_trained_to_the_bit(trained: tuple[Evaluator, list[Evaluation]], table: Table) -> None:
    evaluator, evaluations = trained
    tabular = TabularEvaluator(table)
    assert tabular.setting == evaluator.setting
    assert tabular.settings() == evaluator.settings()
    assert tabular.evaluate([e.request for e in evaluations]) == evaluations


def test_validation_and_first_stages_alone_are_trained_to_the_bit(
    trained: tuple[Evaluator, list[Evaluation]], table: Table
) -> None:
    evaluator, evaluations = trained
    genomes = [e.genome for e in evaluations[:20]]
    requests = [Request(genome, stages=stages) for genome in genomes for stages in (None, 1, 3)]
    for looked_up, again in zip(
        TabularEvaluator(table).evaluate(requests), evaluator.evaluate(requests), strict=True
    ):
        assert replace(looked_up, seconds=again.seconds) == again


def test_what_a_table_does_not_have_is_refused(table: Table) -> None:
    (untrained,) = (g for place, g in enumerate(SPACE.enumerate()) if place == 1)
    with pytest.raises(InputError, match="every genome on seed 0 and some on seeds up to 1, got genome"):
        table.evaluation(Request(untrained, seed=1))
    with pytest.raises(InputError, match="on seed 2, draw 0"):
        table.evaluation(Request(untrained, seed=2))
    with pytest.raises(InputError, match="on seed 0, draw 1"):
        table.evaluation(Request(untrained, draw=1))


def test_diverged_networks_stay_diverged(table: Table) -> None:
    valid, ratio = table.valid_nmse_db.copy(), table.valid_ratio_db.copy()
    valid[0, 5, 2:] = ratio[0, 5, 2:] = math.inf
    test = table.test_nmse_db.copy()
    test[0, 5] = math.inf
    broken = replace(table, valid_nmse_db=valid, valid_ratio_db=ratio, test_nmse_db=test, test_ratio_db=test)
    genome = list(SPACE.enumerate())[5]
    assert broken.evaluation(Request(genome, test=True)).status == "diverged"
    assert broken.evaluation(Request(genome, stages=2)).status == "complete"
    assert broken.evaluation(Request(genome, stages=3)).score == math.inf


def test_files_round_trip_to_the_byte(table: Table, tmp_path: Path) -> None:
    first, second = tmp_path / "a.npz", tmp_path / "b.npz"
    save_table(first, table)
    again = load_table(first)
    assert (again.name, again.space, again.setting) == ("tiny", SPACE, table.setting)
    for name in ("valid_nmse_db", "valid_ratio_db", "test_nmse_db", "test_ratio_db", "seconds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    save_table(second, again)
    assert first.read_bytes() == second.read_bytes()


def test_a_table_needs_every_genome(trained: tuple[Evaluator, list[Evaluation]]) -> None:
    evaluator, evaluations = trained
    with pytest.raises(InputError, match=rf"all {SPACE.size} genomes on seed 0, .* got {SPACE.size - 1} on"):
        Table.of("t", SPACE, evaluator.settings(), evaluations[1:])
    with pytest.raises(InputError, match=r"got 19 on seed 1\.|got \d+ on seed 1\."):
        Table.of("t", SPACE, evaluator.settings(), evaluations[SPACE.size :])
    with pytest.raises(InputError, match="in one setting"):
        Table.of("t", SPACE, {"engine": 0}, evaluations)
    with pytest.raises(InputError, match=r"needs all .* got none"):
        Table.of("t", SPACE, evaluator.settings(), [])


def test_arrays_of_another_shape_or_type_are_refused(table: Table) -> None:
    with pytest.raises(InputError, match=r"array seconds of table tiny must be float64 of shape"):
        replace(table, seconds=table.seconds[:, 1:])
    with pytest.raises(InputError, match=r"array test_nmse_db .* got float32"):
        replace(table, test_nmse_db=table.test_nmse_db.astype(np.float32))
    with pytest.raises(InputError, match="at most 1048576 genomes"):
        replace(table, space=DesignSpace(16))


def rewritten(path: Path, **arrays: object) -> None:
    with np.load(path) as stored:
        content = {name: stored[name] for name in stored.files} | arrays
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{k: v for k, v in content.items() if v is not None})
    path.write_bytes(buffer.getvalue())


def test_files_that_are_no_table_are_refused(table: Table, tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    for content in (b"", b"not a table", b"PK\x03\x04" + bytes(40)):
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"must be a file that save_table wrote, got .*t\.npz"):
            load_table(path)
    save_table(path, table)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match="must be a file that save_table wrote"):
        load_table(path)
    for broken in (
        {"seconds": None},
        {"about": np.array("{")},
        {"about": np.array("3")},
        {"about": np.array("[" * 100_000)},
        {"seconds": np.array(3.0)},
        {"seconds": np.array([{}], dtype=object)},
    ):
        save_table(path, table)
        rewritten(path, **broken)
        with pytest.raises(InputError, match=r"must be (a file that save_table wrote|float64 of shape)"):
            load_table(path)
    save_table(path, table)
    with np.load(path) as stored:
        about = json.loads(str(stored["about"])) | {"format": "other"}
    rewritten(path, about=np.array(json.dumps(about)))
    with pytest.raises(InputError, match="must be of format lista-genome/table/1, got 'other'"):
        load_table(path)


def test_a_file_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("seconds.npy", b"")
        archive.infolist()[0].file_size = 1 << 31
    with pytest.raises(
        InputError, match=r"array of a table must be at most 1073741824 bytes, got 2147483648"
    ):
        load_table(path)


def test_an_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="one of connections, neurons, or a readable file, got con"):
        load_table("conections")


@pytest.mark.parametrize("name", table_names())
def test_shipped_tables_are_worth_searching(name: str) -> None:
    table = load_table(name)
    genomes, rng = list(table.space.enumerate()), np.random.default_rng(1)
    drawn = rng.choice(len(genomes), 512, replace=False)
    assert additive_share(table.space, [genomes[i] for i in drawn], table.scores[drawn]) <= 0.8
    repeated = np.flatnonzero(~np.isnan(table.seconds).any(axis=0))
    random = np.intersect1d(repeated, np.random.default_rng(0).choice(len(genomes), 2048, replace=False))
    assert len(random) == 2048
    assert len(repeated) >= 2048 + 400
    assert np.isin(np.argsort(table.scores)[:512], repeated).all()
    assert seed_ratio(table.valid_nmse_db[:, random, -1].T) >= 10.0


@pytest.mark.parametrize("name", table_names())
def test_shipped_tables_say_what_training_them_again_says(name: str) -> None:
    """Another machine's arithmetic moves last bits, and training amplifies them; never by much."""
    from benchmarks.table_recipes import RECIPES

    table, recipe = load_table(name), RECIPES[name]
    assert table.space == recipe.space
    evaluator = Evaluator(recipe.problem, recipe.training, device="cpu", workers=1)
    assert {**table.settings, "arithmetic": 0} == json.loads(
        json.dumps({**evaluator.settings(), "arithmetic": 0})
    )
    genome = list(table.space.enumerate())[int(np.argmin(table.scores))]
    request = Request(genome, test=True)
    (again,) = evaluator.evaluate([request])
    known = table.evaluation(request)
    np.testing.assert_allclose(again.valid_nmse_db, known.valid_nmse_db, atol=0.1)
    assert again.test_nmse_db == pytest.approx(known.test_nmse_db, abs=0.1)
