"""The profile of a training step: operations, their parts, and the roofline."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import profile
from benchmarks.cases import CASES
from benchmarks.op_clock import record
from benchmarks.work import least_step
from genome import Genome

CPU = torch.device("cpu")


def test_traffic_and_arithmetic_of_operations() -> None:
    a, b, out = torch.ones(2, 3, 5), torch.ones(2, 5, 4), torch.empty(2, 3, 4)
    table, rows = torch.ones(100, 5), torch.arange(7)

    def work() -> None:
        torch.bmm(a, b, out=out)
        a.mul_(2)
        a.transpose(1, 2)
        out.copy_(torch.baddbmm(out, a, b))
        table.index_select(0, rows)

    operations = {operation.name: operation for operation in record(work, CPU)}
    assert operations["bmm"].operations == 2 * 2 * 3 * 5 * 4
    assert operations["bmm"].traffic == 4 * (30 + 40 + 24)
    assert operations["mul_"].traffic == 4 * (30 + 30)
    assert operations["transpose"].view
    assert operations["transpose"].traffic == 0
    assert operations["baddbmm"].operations == 2 * 2 * 3 * 5 * 4
    assert operations["copy_"].traffic == 4 * (24 + 24)
    assert operations["index_select"].traffic == 2 * 4 * 35
    assert operations["index_select"].reads >= {table.untyped_storage().data_ptr()}


def test_a_step_needs_what_its_data_flow_says() -> None:
    one = least_step(Genome.lista(1), m=3, n=5, batch=7, parameters=11)
    # Gather; W_b b and its gradient; the output, written; its backward pass; Adam.
    assert one.traffic == 4 * (2 * 7 * 8 + 2 * (21 + 15 + 35) + 2 * 35 + 5 * 35 + 7 * 11)
    assert one.sums == 0
    lista, dense = (least_step(genome(4), 3, 5, 7, 0) for genome in (Genome.lista, Genome.dense))
    assert dense.products == lista.products
    assert dense.traffic - lista.traffic == 4 * 3 * 3 * 35  # three extra connections, three passes each
    assert dense.sums / lista.sums == 2


def test_profile_of_a_tiny_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = replace(CASES["50x100x8"], m=6, n=20, layers=4, train=256)
    monkeypatch.setattr(profile, "find_case", lambda _: tiny)
    monkeypatch.setattr(profile, "MAIN_MEMORY_FLOATS", 10_000)
    out = tmp_path / "profile.json"
    assert profile.main(["--cases", "tiny", "--members", "3", "--repeats", "1", "--out", str(out)]) == 0
    (case,) = json.loads(out.read_text(encoding="utf-8"))["cases"]
    assert set(case["steps"]) == {"tensor operations", "compiled"}
    # By hand: 128 samples; W_b b, then W_x at layers 2 to 4, and the gradients of both and of the inputs.
    side, step = 2 * 3 * 128 * 6 * 20, 2 * 3 * 128 * 20 * 20
    assert case["least"]["products"] == 2 * side + 9 * step
    of_either = {
        "tensor operations": ("weighted sums, backward", "coefficient gradient", "gradients and Adam"),
        "compiled": ("sums and coefficients, backward", "Adam"),
    }
    for kind, names in of_either.items():
        phases = case["steps"][kind]
        new, everything = phases["A"]["parts"], phases["B1"]["parts"]
        assert everything["products, forward"]["operations"] == side + 3 * step
        assert everything["products, backward"]["operations"] == side + 2 * 3 * step
        # Of the deepest layer alone, W_x does not train.
        assert new["products, forward"]["operations"] == side + 3 * step
        assert new["products, backward"]["operations"] == step
        for name in ("gather batch", "weighted sums, forward", *names):
            assert everything[name]["seconds"] > 0
        assert everything["gather batch"]["traffic"] == 2 * 4 * 3 * 128 * (6 + 20)
        for phase in phases.values():
            *measured, rest = (part["seconds"] for part in phase["parts"].values())
            assert phase["parts_over_whole"] == pytest.approx(sum(measured) / phase["step_seconds"])
            assert rest == pytest.approx(max(0, phase["step_seconds"] - sum(measured)), abs=1e-12)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 110
