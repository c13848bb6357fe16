"""The throughput benchmark end to end, on a tiny case."""

import json
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from rich.console import Console

from benchmarks import throughput
from benchmarks.cases import CASES, Case, evenly, phase_b_alone, quick
from benchmarks.comparison import BASELINE_FULL
from benchmarks.contenders.task import Run
from benchmarks.machine import bandwidth, machine, product_peak
from benchmarks.rounds import DisagreementError, Ledger, interleaved, ratio
from benchmarks.throughput_report import HEADER, markdown
from benchmarks.work import new_layer_operations, product_operations, training_products
from genome import Genome

CPU = torch.device("cpu")
TINY = Case(
    6, 12, 3, 0.001, genomes=4, sizes=(1,), baseline=2, stacked=4, phase_b=1, evolution=4, repeats=1,
    train=128, valid=32,
)  # fmt: skip


@pytest.fixture(scope="module")
def results() -> dict[str, object]:
    return throughput.measure([TINY], CPU, Console(quiet=True))


def test_a_run_measures_every_contender(results: dict[str, object]) -> None:
    (case,) = json.loads(json.dumps(results))["cases"]
    paces = case["networks_per_hour"]
    assert {"one thread", "side by side", "torch.func 1", "torch.func 4", "engine 1", "engine 4"} <= set(
        paces
    )
    assert min(paces.values()) > 0
    assert {"one thread", "side by side", "torch.func at 1", "engine"} <= set(case["check"])
    assert case["ratios"][case["baseline"]] == 1
    assert case["comparisons"] > 0
    assert case["largest_difference_db"] <= 2e-3
    assert 0 < case["phase_b"]["4"]["share_of_peak"] < 1
    assert set(case["memory_mib"]["engine"]) == {"1", "4"}
    assert case["ceilings"]["engine 4"] >= case["ceilings"]["engine, no shared prefix"] > 0
    parts = case["parts"]
    assert parts["whole"] == pytest.approx(parts["step"] * parts["batching"] * parts["trie"])


def test_the_readme_table_has_a_row_for_every_pace(results: dict[str, object]) -> None:
    text = markdown(json.loads(json.dumps(results)))
    (case,) = results["cases"]  # type: ignore[misc]
    assert f"| {' | '.join(HEADER)} |" in text
    assert "(baseline)" in text
    for key, pace in case["networks_per_hour"].items():  # type: ignore[has-type]
        assert f"| {pace:,.0f} |" in text or key == BASELINE_FULL


def test_an_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput.main(["--cases", "1x2x3"]) == 2
    assert "must be one of 50x100x8, 250x500x16, got '1x2x3'" in capsys.readouterr().err


def test_markdown_is_printed_from_a_file(
    results: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "throughput.json"
    file.write_text(json.dumps(results), encoding="utf-8")
    assert throughput.main(["--markdown", str(file)]) == 0
    assert "| what it brings | factor |" in capsys.readouterr().out


def test_disagreement_ends_the_run() -> None:
    ledger, genome = Ledger(), Genome.lista(2)
    ledger.check("a", Run({genome: (-1.0, -2.0)}, 1, 1.0))
    ledger.check("b", Run({genome: (-1.0, -2.04)}, 1, 1.0))
    assert ledger.largest == pytest.approx(0.04)
    with pytest.raises(
        DisagreementError, match=r"a and c must agree within 0.05 dB, got -2.000 and -2.060 dB"
    ):
        ledger.check("c", Run({genome: (-1.0, -2.06)}, 1, 1.0))


def test_networks_that_diverge_together_agree() -> None:
    ledger, scores = Ledger(), {Genome.lista(2): (-1.0, float("inf"))}
    ledger.check("a", Run(scores, 1, 1.0))
    ledger.check("b", Run(scores, 1, 1.0))
    assert (ledger.largest, ledger.compared) == (0.0, 1)


def test_a_disagreement_of_nan_is_one() -> None:
    ledger = Ledger()
    ledger.check("a", Run({Genome.lista(1): (-1.0,)}, 1, 1.0))
    with pytest.raises(DisagreementError, match=r"got -1.000 and nan dB after stage 1"):
        ledger.check("b", Run({Genome.lista(1): (float("nan"),)}, 1, 1.0))


def test_readings_are_interleaved_and_ratios_taken_within_a_round() -> None:
    order: list[str] = []

    def reading(key: str, values: list[float]) -> float:
        order.append(key)
        return values.pop(0)

    fast, slow = [10.0, 4.0, 30.0], [5.0, 1.0, 10.0]
    readings = interleaved(
        {"fast": lambda: reading("fast", fast), "slow": lambda: reading("slow", slow)}, 3, lambda _: None
    )
    assert order == ["fast", "slow"] * 3
    assert ratio(readings["fast"], readings["slow"]) == 3.0


def test_genomes_are_chosen_evenly_by_connections() -> None:
    genomes = CASES["50x100x8"].draw()
    assert len(set(genomes)) == 64
    chosen = evenly(genomes, 4)
    ordered = sorted(genome.connections for genome in genomes)
    assert [genome.connections for genome in chosen] == [ordered[place] for place in (8, 24, 40, 56)]
    assert {genome.digest for genome in evenly(genomes, 64)} == {genome.digest for genome in genomes}


def test_useful_products_are_counted() -> None:
    assert product_operations(depth=1, m=3, n=5, batch=7) == 2 * 7 * 2 * 15
    assert product_operations(depth=3, m=3, n=5, batch=7) == 2 * 7 * (2 * 15 + 2 * 3 * 25)
    task = phase_b_alone(TINY.task(CPU), steps=2)
    stages = [2 * product_operations(depth, 6, 12, 128) for depth in (1, 2, 3)]
    twins = [Genome.lista(3), Genome.dense(3)]
    assert training_products(twins[:1], task, shared=False) == sum(stages)
    assert training_products(twins, task, shared=False) == 2 * sum(stages)
    assert training_products(twins, task, shared=True) == sum(stages) + stages[2]


def test_a_new_layer_takes_a_forward_pass_and_its_own_gradients() -> None:
    of = partial(new_layer_operations, m=3, n=5, batch=7)
    assert [of(1), of(2), of(3)] == [14 * (15 + 15), 14 * (15 + 25 + 50), 14 * (15 + 50 + 25)]


def test_the_machine_is_measured() -> None:
    assert product_peak(CPU, 1) > 1e8
    assert bandwidth(CPU, 1, 10_000) > 1e7


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere BLAS may be the system's, which says nothing")
def test_the_machine_names_its_blas() -> None:
    names = machine(CPU)["blas"]
    assert isinstance(names, list)
    assert names == sorted(set(names))
    libraries = [name.split()[0] for name in names]
    assert libraries
    assert set(libraries) <= {"openblas", "mkl", "blis", "flexiblas"}


def test_a_quick_case_is_smaller() -> None:
    for case in CASES.values():
        small = quick(case)
        assert (small.name, small.repeats) == (case.name, 1)
        assert small.genomes < case.genomes
        assert small.scale < case.scale
