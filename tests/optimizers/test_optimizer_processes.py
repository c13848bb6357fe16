"""What depends on the process: imports, the hash seed, and time."""

import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genome.space import DesignSpace
from optimizers import CONNECTIONS, SCORE, Optimizer, create, names
from optimizers.testing import evaluate, run

ROOT = Path(__file__).parents[2]


MADE = ["evolution for two goals", *sorted({*names()} - {"gp"})]
"""A Gaussian process would take a minute, and goes the same way as the other samplers of Optuna."""


def make(name: str, layers: int) -> Optimizer:
    name, _, several = name.partition(" for ")
    return create(name, DesignSpace(layers=layers), 0, goals=(SCORE, CONNECTIONS) if several else (SCORE,))


def python(code: str, *, hash_seed: str = "0", data: bytes = b"") -> str:
    """Run code in a fresh interpreter at the root of the project."""
    environment = {"PYTHONHASHSEED": hash_seed, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, input=data, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def test_importing_the_room_imports_no_heavy_library() -> None:
    code = """
import sys, optimizers
optimizers.names()
print(*sorted({'torch', 'pytest', 'deap'} & set(sys.modules)))
"""
    assert python(code).split() == []


def test_only_optimizers_that_are_models_need_torch() -> None:
    code = """
import sys
from genome.space import DesignSpace
from optimizers import create, names
for name in sorted({*names()} - {"gp", "reinforce"}):
    create(name, DesignSpace(layers=4), 0).ask(2)
print(*sorted({'torch', 'pytest'} & set(sys.modules)))
"""
    assert python(code).split() == []


@pytest.mark.parametrize("name", MADE)
def test_a_search_goes_on_in_another_process(name: str) -> None:
    """A pickled search asks the same elsewhere, whatever order that process gives to sets."""
    optimizer = make(name, 4)
    slow = name in {"cmaes", "nsga2", "tpe"}  # Optuna's take milliseconds a genome.
    size = 8 if slow else 50
    run(optimizer, [size] * (2 if slow else 8))
    code = f"""
import pickle, sys
from optimizers.testing import run
optimizer = pickle.loads(sys.stdin.buffer.read())
print(*(genome.digest for batch in run(optimizer, [{size}] * 3) for genome in batch))
"""
    data = pickle.dumps(optimizer)
    here = [genome.digest for batch in run(optimizer, [size] * 3) for genome in batch]
    assert [python(code, hash_seed=seed, data=data).split() for seed in ("1", "2")] == [here, here]


@pytest.mark.parametrize("name", MADE)
def test_ask_and_tell_cost_little(name: str) -> None:
    """At K = 16 in batches of 32, 5 ms of processor time a genome; the best of three.

    Optuna's models take longer; a Gaussian process, seconds.
    """
    bound = {"cmaes": 60e-3, "nsga2": 20e-3, "tpe": 60e-3}.get(name, 5e-3)
    optimizer = make(name, 16)
    costs = []
    for _ in range(3):
        spent = 0.0
        for _ in range(4):
            started = time.process_time()
            genomes = optimizer.ask(32)
            spent += time.process_time() - started
            evaluations = evaluate(genomes)
            started = time.process_time()
            optimizer.tell(evaluations)
            spent += time.process_time() - started
        costs.append(spent / (4 * 32))
    assert min(costs) < bound
