"""TF32 is off unless asked for, whatever the process has set, and what it had set is restored."""

from collections.abc import Iterator

import pytest
import torch

from evaluation.evaluator import Evaluator
from evaluation.precision import Precision, check_precision, matrix_products
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.trie import Progress
from genome import Genome, InputError, Request

PROBLEM = SparseRecovery(m=6, n=10, train=64, valid=16, test=16)
CPU = torch.device("cpu")


def now() -> tuple[str, str]:
    cpu = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    return torch.backends.cuda.matmul.fp32_precision, cpu.fp32_precision


@pytest.fixture(autouse=True)
def torchs_settings() -> Iterator[None]:
    before = torch.get_float32_matmul_precision()
    yield
    torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("had", ["highest", "high", "medium"])
@pytest.mark.parametrize(("precision", "name"), [("float32", "ieee"), ("tf32", "tf32")])
def test_what_the_process_had_set_does_not_matter_and_is_restored(
    had: str, precision: Precision, name: str
) -> None:
    torch.set_float32_matmul_precision(had)
    before = now()
    with matrix_products(precision):
        assert now() == (name, "ieee")
    assert now() == before
    # Torch refuses to answer where its old and new settings disagree.
    assert torch.get_float32_matmul_precision() == had


def test_it_is_restored_after_an_error() -> None:
    torch.set_float32_matmul_precision("medium")
    before = now()
    with pytest.raises(KeyError, match="boom"), matrix_products("float32"):
        raise KeyError("boom")
    assert now() == before


def test_training_sets_it_and_only_training() -> None:
    torch.set_float32_matmul_precision("medium")
    before, seen = now(), []

    def look(progress: Progress) -> None:
        del progress
        seen.append(now())

    Evaluator(PROBLEM, protocol("smoke"), device="cpu", workers=1).evaluate([Request(Genome.lista(2))], look)
    assert set(seen) == {("ieee", "ieee")}
    assert now() == before


def test_an_unknown_precision_is_refused_with_what_is_known() -> None:
    with pytest.raises(InputError, match=r"^The precision must be one of float32, tf32, got 'half'\.$"):
        check_precision("half", CPU)


@pytest.mark.parametrize("device", ["cpu", "meta", "mps"])
def test_tf32_is_refused_where_the_device_has_none(device: str) -> None:
    with pytest.raises(
        InputError, match=f"^Precision tf32 needs an NVIDIA GPU .*, got device '{device}'\\.$"
    ):
        check_precision("tf32", torch.device(device))


def test_an_evaluator_refuses_it_and_its_settings_name_it() -> None:
    with pytest.raises(InputError, match="Precision tf32 needs"):
        Evaluator(PROBLEM, protocol("smoke"), device="cpu", precision="tf32")
    evaluator = Evaluator(PROBLEM, protocol("smoke"), device="cpu")
    arithmetic = evaluator.settings()["arithmetic"]
    assert isinstance(arithmetic, dict)
    assert arithmetic["precision"] == "float32"
    setting = evaluator.setting
    evaluator.precision = "tf32"
    assert evaluator.settings() != Evaluator(PROBLEM, protocol("smoke"), device="cpu").settings()
    assert setting == Evaluator(PROBLEM, protocol("smoke"), device="cpu", precision="float32").setting


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_tf32_is_another_setting_and_scores_alike() -> None:
    plain = Evaluator(PROBLEM, protocol("smoke"), device="cuda")
    fast = Evaluator(PROBLEM, protocol("smoke"), device="cuda", precision="tf32")
    assert fast.setting != plain.setting
    requests = [Request(Genome.dense(3))]
    scores = [evaluator.evaluate(requests)[0].score for evaluator in (plain, fast)]
    assert scores[0] == pytest.approx(scores[1], abs=0.1)
