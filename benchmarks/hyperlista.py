"""What HyperLISTA reaches at the setting of its paper, with both weights, at three levels of noise.

The dictionary is 250 x 500, signals have 10% non-zeros, networks 16 layers. Prints and writes the test NMSE
beside what is known from elsewhere, and that of the same network in float64: what the engine's float32 costs.

    python -m benchmarks.hyperlista [--out results/hyperlista.json]
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from apps.search.result import versions
from builders import UnrolledNetwork
from builders.cells.hyperlista import HyperLista
from evaluation.evaluator import Evaluator
from evaluation.nmse import Nmse, nmse
from evaluation.problems.dataset import Split
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from evaluation.tuning import Tuning
from genome import Genome, Request
from genome.files import write_atomic

LAYERS = 16
SAMPLES = 2048
KNOWN = {None: (-109.0, -83.5), 40.0: (-42.8, -42.4), 20.0: (-20.7, -20.2)}
"""SNR in dB -> test NMSE known from elsewhere, mean of dB and dB of the ratio of sums.

The means are of three numbers found by 160 random tries on 200 samples, in float64, on another dictionary.
"""

NUMBERS = ("c1", "c2", "c3")
LOST = 0.1
"""NMSE beyond which a signal counts as lost, -10 dB."""


def problem(snr_db: float | None) -> SparseRecovery:
    """The paper's problem with this noise."""
    return SparseRecovery(250, 500, snr_db=snr_db, train=1024, valid=SAMPLES, test=SAMPLES)


def in_float64(network: UnrolledNetwork, test: Split) -> tuple[Nmse, int]:
    """NMSE on a split of a network in float64, and how many signals are lost: not recovered to -10 dB."""
    with torch.no_grad():
        errors = (network.double()(test.b.double()) - test.x.double()).square().sum(dim=1)
    energies = test.x.double().square().sum(dim=1)
    return nmse(errors[None], energies[None]), int((errors > LOST * energies).sum())


def measure(snr_db: float | None, *, symmetric: bool) -> dict[str, Any]:
    """Search the three numbers at one level of noise, and score the network."""
    start = time.perf_counter()
    evaluator = Evaluator(problem(snr_db), protocol("quick"), cell=HyperLista(symmetric), device="cpu")
    request = Request(Genome.lista(LAYERS), test=True)
    (evaluation,) = evaluator.evaluate([request])
    seconds = time.perf_counter() - start
    network = evaluator.network(request)
    numbers = {name: network.get_parameter(name).item() for name in NUMBERS}
    exact, lost = in_float64(network, evaluator.problem.dataset(request.draw).test)
    mean_db, ratio_db = KNOWN[snr_db]
    return {
        "snr_db": snr_db,
        "symmetric": symmetric,
        **numbers,
        "test_nmse_db": evaluation.test_nmse_db,
        "test_ratio_db": evaluation.test_ratio_db,
        "float64_nmse_db": exact.mean_db[0],
        "float64_ratio_db": exact.ratio_db[0],
        "lost_signals": lost,
        "known_nmse_db": mean_db,
        "known_ratio_db": ratio_db,
        "valid_nmse_db": evaluation.valid_nmse_db,
        "seconds": round(seconds, 1),
    }


def table(rows: list[dict[str, Any]]) -> Table:
    """What was measured, beside what is known."""
    heads = (
        "SNR (dB)",
        "weight",
        *NUMBERS,
        "mean dB",
        "in float64",
        "known",
        "ratio dB",
        "known",
        "lost",
        "s",
    )
    shown = Table(*heads, title=f"HyperLISTA, 250 x 500, {LAYERS} layers: NMSE on {SAMPLES} test signals")
    for row in rows:
        means = ("test_nmse_db", "float64_nmse_db", "known_nmse_db")
        ratios = ("test_ratio_db", "known_ratio_db")
        shown.add_row(
            "none" if row["snr_db"] is None else f"{row['snr_db']:g}",
            "symmetric" if row["symmetric"] else "analytic",
            *(f"{row[name]:.3g}" for name in NUMBERS),
            *(f"{row[name]:.1f}" for name in (*means, *ratios)),
            f"{row['lost_signals']}",
            f"{row['seconds']:.0f}",
        )
    return shown


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results/hyperlista.json"))
    options = parser.parse_args()
    rows = [measure(snr_db, symmetric=symmetric) for snr_db in KNOWN for symmetric in (False, True)]
    Console(width=120).print(table(rows))
    content = {
        "problem": problem(None).to_dict(),
        "layers": LAYERS,
        "tuning": Tuning().to_dict(),
        "rows": rows,
        "versions": versions(),
    }
    write_atomic(options.out, json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
