"""The prefix store: bounded, exact, safe to delete, never trusted without its checksum."""

from pathlib import Path

import pytest
import torch

from evaluation.evaluator import Evaluator
from evaluation.phase import Member
from evaluation.prefix_folder import PrefixFolder
from evaluation.prefix_store import PrefixStore
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.stage import StageState
from genome import Evaluation, Genome, InputError, Request

PROBLEM = SparseRecovery(m=8, n=16, train=200, valid=50, test=20)
REQUESTS = [Request(Genome.lista(4)), Request(Genome.lfista(4)), Request(Genome.dense(4), seed=1)]


def member(index: int) -> Member:
    return Member(Genome.lista(3), index, 0)


def state(index: int) -> StageState:
    row = torch.full((16,), float(index))
    return StageState(row, (-1.5 * index, 0.1, float("inf")), (-0.3, 1 / 3, float("inf")), 0.7)


def evaluate(prefixes: Path | None) -> tuple[list[tuple[float, ...]], Evaluator]:
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=1)
    if prefixes is not None:
        evaluator.keep_prefixes(prefixes)
    evaluations: list[Evaluation] = evaluator.evaluate(REQUESTS)
    return [evaluation.valid_nmse_db for evaluation in evaluations], evaluator


def test_memory_is_bounded_and_the_least_recently_used_leave() -> None:
    store = PrefixStore(capacity_bytes=3 * 64)
    for index in range(3):
        store.put(member(index), state(index))
    assert store.get(member(0)) is not None
    store.put(member(3), state(3))
    assert store.nbytes == 3 * 64
    assert store.get(member(1)) is None
    assert store.get(member(0)) is not None
    store.put(member(0), state(0))
    assert store.nbytes == 3 * 64


def test_a_state_comes_back_from_disk_to_the_bit(tmp_path: Path) -> None:
    PrefixFolder(tmp_path, "setting", 3, 10**6).put(member(5), state(5))
    found = PrefixFolder(tmp_path, "setting", 3, 10**6).get(member(5))
    assert found is not None
    assert torch.equal(found.row, state(5).row)
    assert found.valid_nmse_db == state(5).valid_nmse_db
    assert found.valid_ratio_db == state(5).valid_ratio_db
    assert found.seconds == 0.7


@pytest.mark.parametrize(
    ("setting", "layers", "other"), [("else", 3, 5), ("setting", 4, 5), ("setting", 3, 6)]
)
def test_nothing_is_found_under_another_setting_depth_or_member(
    tmp_path: Path, setting: str, layers: int, other: int
) -> None:
    PrefixFolder(tmp_path, "setting", 3, 10**6).put(member(5), state(5))
    assert PrefixFolder(tmp_path, setting, layers, 10**6).get(member(other)) is None


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty"])
def test_a_damaged_file_counts_as_missing_and_is_removed(tmp_path: Path, damage: str) -> None:
    folder = PrefixFolder(tmp_path, "setting", 3, 10**6)
    folder.put(member(5), state(5))
    (path,) = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(bytes({"truncate": content[:-1], "flip": content, "empty": bytearray()}[damage]))
    assert folder.get(member(5)) is None
    assert not path.exists()
    folder.put(member(5), state(5))
    assert folder.get(member(5)) is not None


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "prefixes").write_text("", encoding="utf-8")
    for folder in (tmp_path / "prefixes", tmp_path / "prefixes" / "deeper"):
        with pytest.raises(InputError, match=f"must be kept in a folder that can be made, got {folder} "):
            PrefixFolder(folder, "setting", 3, 10**6)


def test_the_folder_is_bounded(tmp_path: Path) -> None:
    folder = PrefixFolder(tmp_path, "setting", 3, 2000)
    for index in range(40):
        folder.put(member(index), state(index))
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2000
    assert folder.get(member(39)) is not None


def test_a_new_process_reuses_what_an_earlier_one_trained_exactly(tmp_path: Path) -> None:
    fresh, without = evaluate(None)
    first, writer = evaluate(tmp_path)
    assert first == fresh
    assert writer.reuse.stages_trained == without.reuse.stages_trained
    for path in sorted(tmp_path.iterdir())[::2]:
        path.unlink()
    again, reader = evaluate(tmp_path)
    assert again == fresh
    assert 0 < reader.reuse.stages_trained < writer.reuse.stages_trained
    last, idle = evaluate(tmp_path)
    assert last == fresh
    assert idle.reuse.stages_trained == 0
    assert idle.reuse.stages_asked == 12


def test_sharing_within_a_batch_is_counted() -> None:
    _, evaluator = evaluate(None)
    # LISTA and LFISTA share two layers; the third genome has a seed of its own.
    assert evaluator.reuse.stages_asked == 12
    assert evaluator.reuse.stages_trained == 10
    assert evaluator.reuse.seconds_trained < evaluator.reuse.seconds_asked
