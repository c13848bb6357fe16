"""The parts of a compiled step: each does again what the step did, and what it moves is counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.cases import CASES
from benchmarks.compiled_parts import COMPILED_PARTS, Replay
from benchmarks.compiled_work import CompiledWork, Count
from benchmarks.population import Population
from benchmarks.work import new_layer_operations, product_operations
from builders.cells.lista_compiled_step import CompiledListaStep
from builders.cells.lista_kernel import Array
from genome import Genome

CPU = torch.device("cpu")
M, N, K, BATCH = 6, 20, 4, 128
PHASE_B = 1


@pytest.fixture
def replay() -> Replay:
    """Of a single member in a single piece, after a step on all parameters."""
    case = replace(CASES["50x100x8"], m=M, n=N, layers=K, train=256)
    population = Population(case.task(CPU), [Genome.dense(K)], K, PHASE_B)
    rows = population.rows()
    step = population.trainer(None).bind(population.members, rows, torch.zeros_like(rows), K, 1)
    assert isinstance(step, CompiledListaStep)
    split = population.tables.split(0, "train")
    b, x = split.b[None, :BATCH].contiguous(), split.x[None, :BATCH].contiguous()
    step.differentiate(b, x)
    return Replay(*step.bound(BATCH), b.numpy(), x.numpy())


def gradient(replay: Replay) -> dict[str, Array]:
    """Copies of a member's parts of the gradient, by parameter."""
    row, shape = replay.population.gradient[0], replay.shape
    sizes = {"w_b": M * N, "w_x": N * N, "theta": K, "coefficient": K * K}
    return {name: row[getattr(shape, name) :][:size].copy() for name, size in sizes.items()}


def again(replay: Replay, *names: str, into: tuple[Array, ...]) -> None:
    """Doing parts again brings back what a step left, after it was wiped out."""
    expected = [array.copy() for array in into]
    for array in into:
        array[...] = np.nan
    for name in names:
        COMPILED_PARTS[name](replay)
    for array, values in zip(into, expected, strict=True):
        assert np.any(values)
        np.testing.assert_allclose(array, values, rtol=1e-4, atol=1e-5)


def test_forward_parts_bring_back_the_outputs(replay: Replay) -> None:
    work = replay.work
    again(replay, "weighted sums, forward", into=(work.inputs[1:],))
    again(replay, "products, forward", "neurons, forward", into=(work.side, work.outputs))


def test_backward_parts_bring_back_the_gradients(replay: Replay) -> None:
    work = replay.work
    again(replay, "products, backward", into=(work.input_gradients[1:], work.w_x_part, work.w_b_part))
    again(replay, "sums and coefficients, backward", into=(work.output_gradient,))
    again(replay, "neurons and side, backward", into=(work.entries[K - 1],))
    again(replay, "weight gradients", into=(work.transposed,))


def test_gradients_are_added_up_as_often_as_in_a_step(replay: Replay) -> None:
    before = gradient(replay)
    COMPILED_PARTS["sums and coefficients, backward"](replay)
    np.testing.assert_allclose(
        gradient(replay)["coefficient"], 2 * before["coefficient"], rtol=1e-4, atol=1e-5
    )
    COMPILED_PARTS["weight gradients"](replay)
    after = gradient(replay)
    np.testing.assert_allclose(after["w_b"], before["w_b"], rtol=1e-5)
    np.testing.assert_allclose(after["w_x"], (K - 1) * replay.work.w_x_part.ravel(), rtol=1e-5)
    assert not np.any(after["theta"])
    assert not np.any(after["coefficient"])


def test_what_the_parts_move_and_compute() -> None:
    genomes = [Genome.lista(K), Genome.dense(K)]
    work = CompiledWork(genomes, M, N, layers=K, batch=BATCH, piece=64, lowest=1, trained=11).parts()
    a, w_b, w_x = BATCH * N, M * N, N * N
    pieces, links = 2, (K - 1) + K * (K - 1) // 2
    side = BATCH * M + pieces * w_b + a
    step = 2 * a + pieces * w_x
    assert work == {
        "gather batch": Count(1, 2 * 2 * BATCH * (M + N), 0),
        "products, forward": Count(2 * 2 * 4, 2 * (side + 3 * step), 2 * 2 * (M + 3 * N) * a),
        "weighted sums, forward": Count(2 * 2 * 3, (links + 2 * 3) * a, 2 * links * a),
        "neurons, forward": Count(2 * 2 * 4, 2 * 13 * a, 0),
        "products, backward": Count(2 * 2 * 7, 2 * (side + 6 * step), 2 * 2 * (M + 6 * N) * a),
        "neurons and side, backward": Count(2 * 2 * 5, 2 * 24 * a, 0),
        "sums and coefficients, backward": Count(2 * 2 * 2 * 3, (links + 2 * 2 * 3) * a, 4 * links * a),
        # All gradients cleared, W_x read and written to be transposed, and a sum for each product.
        "weight gradients": Count(
            2 * (2 + 2 * 4), 2 * (K + K * K + 3 * w_x + w_b + 3 * 2 * (3 * w_x + w_b)), 0
        ),
        "Adam": Count(1, 10 * 2 * 11, 0),
    }


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_products_are_those_that_a_stage_counts(depth: int) -> None:
    for lowest, expected in ((1, product_operations), (depth, new_layer_operations)):
        genomes = [Genome.dense(depth)]
        parts = CompiledWork(genomes, M, N, K, BATCH, piece=50, lowest=lowest, trained=1).parts()
        products = parts["products, forward"].operations + parts["products, backward"].operations
        assert products == expected(depth, M, N, BATCH)
        # A part that has nothing to do moves nothing; that of a first layer alone is W_b's.
        assert (parts["sums and coefficients, backward"].calls == 0) == (depth == 1)
        assert all(part.floats > 0 for part in parts.values() if part.calls)
