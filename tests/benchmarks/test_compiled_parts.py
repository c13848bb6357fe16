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
    starts = {
        "w_b": shape.w_b.start,
        "w_x": shape.w_x.start,
        "theta": shape.theta,
        "coefficient": shape.coefficient,
    }
    return {name: row[starts[name] :][:size].copy() for name, size in sizes.items()}


def wiped(replay: Replay, name: str, *buffers: Array) -> None:
    """Do a part again, after the buffers that it fills were wiped out."""
    for buffer in buffers:
        buffer[...] = np.nan
    COMPILED_PARTS[name](replay)


def close(found: Array, expected: Array) -> None:
    assert np.any(expected)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_forward_parts_do_what_a_step_does(replay: Replay) -> None:
    work, row, shape = replay.work, replay.population.rows[0], replay.shape
    w_b = row[shape.w_b.start :][: M * N].reshape(M, N)
    w_x = row[shape.w_x.start :][: N * N].reshape(N, N)
    theta = row[shape.theta :][:K]
    wiped(replay, "weighted sums, forward", work.inputs[1:])
    for layer in range(1, K):
        close(work.inputs[layer], np.tensordot(work.effective[layer, :layer], work.outputs[:layer], 1))
    wiped(replay, "products, forward", work.side, work.entry)
    close(work.side, replay.b[0] @ w_b)
    close(work.entry, work.inputs[K - 1] @ w_x)
    wiped(replay, "neurons, forward", work.outputs)
    for layer in range(K):  # Of the side connection alone: the first layer clears the entry.
        close(work.outputs[layer], np.sign(work.side) * np.maximum(np.abs(work.side) - theta[layer], 0))


def test_backward_parts_do_what_a_step_does(replay: Replay) -> None:
    work, row, shape = replay.work, replay.population.rows[0], replay.shape
    w_x = row[shape.w_x.start :][: N * N].reshape(N, N)
    wiped(replay, "weight gradients", work.transposed)
    close(work.transposed, w_x.T)
    inputs = work.inputs[1].copy()
    wiped(replay, "products, backward", work.w_x_part, work.w_b_part)
    close(work.w_x_part, inputs.T @ work.entry)
    close(work.inputs[1], work.entry @ w_x.T)
    close(work.w_b_part, replay.b[0].T @ work.side_gradient)
    wiped(replay, "sums and coefficients, backward", work.output_gradient)
    close(work.output_gradient, np.tensordot(work.effective[1:K, 0], work.inputs[1:], 1))
    error = work.outputs[K - 1] - replay.target[0]
    wiped(replay, "neurons and side, backward", work.entry, work.output_gradient)
    close(work.output_gradient, error)
    close(work.entry, error * (work.outputs[0] != 0))
    close(work.side_gradient, sum(error * (output != 0) for output in work.outputs))


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
