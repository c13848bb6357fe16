"""All contenders of the throughput benchmark train the same networks by the same protocol."""

from dataclasses import replace

import pytest
import torch

from benchmarks.contenders.engine import Engine, EngineAlone, EngineUnshared, Evolution
from benchmarks.contenders.one_at_a_time import Lista, OneAtATime, train_network
from benchmarks.contenders.task import Contender, Task
from benchmarks.contenders.vmapped import Vmapped
from builders import build
from evaluation.order import batch_order
from evaluation.problems.sparse_recovery import SparseRecovery
from evaluation.protocol import protocol
from genome import Genome, InputError

CPU = torch.device("cpu")
TASK = Task(SparseRecovery(m=12, n=24, train=96, valid=64, test=1), protocol("smoke"), CPU, seed=3)
GENOMES = [
    Genome.dense(4),
    Genome.from_connections(4, [(4, 1)], neurons=("relu", "leaky_relu", "soft", "soft")),
    Genome.from_connections(4, [(3, 1), (4, 2)], side=(True, False, True, False)),
]
TOLERANCE_DB = 2e-3


def contenders(task: Task) -> list[Contender]:
    return [OneAtATime(task, 1), Vmapped(task, 1, most=2), Engine(task), EngineAlone(task)]


@pytest.mark.parametrize("form", ["sum", "mean"])
def test_every_contender_reaches_the_same_error_after_every_stage(form: str) -> None:
    task = replace(TASK, protocol=TASK.protocol.with_form(form))  # type: ignore[arg-type]
    first, *others = [contender.train(GENOMES) for contender in contenders(task)]
    assert set(first.scores) == set(GENOMES)
    for run in others:
        assert run.networks == len(GENOMES)
        for genome in GENOMES:
            assert len(run.scores[genome]) == 4
            assert run.scores[genome] == pytest.approx(first.scores[genome], abs=TOLERANCE_DB)


def test_training_changes_the_error_so_that_agreement_means_something() -> None:
    untrained = replace(TASK, protocol=replace(TASK.protocol, learning_rate=0.0))
    gaps = [
        max(
            abs(a - b)
            for a, b in zip(*(train_network(genome, task) for task in (TASK, untrained)), strict=True)
        )
        for genome in GENOMES
    ]
    assert min(gaps) > 50 * TOLERANCE_DB


@pytest.mark.parametrize("genome", GENOMES)
@pytest.mark.parametrize("form", ["sum", "mean"])
def test_untrained_it_is_the_project_own_network(genome: Genome, form: str) -> None:
    dictionary, b = TASK.problem.dictionary, TASK.valid.b
    network = Lista(genome, dictionary, form)  # type: ignore[arg-type]
    expected = build(genome, dictionary, form=form).layer_outputs(b)  # type: ignore[arg-type]
    for depth in range(1, 5):
        torch.testing.assert_close(network(b, depth), expected[depth - 1])


def test_it_has_no_coefficient_for_a_connection_that_does_not_exist() -> None:
    network = Lista(GENOMES[1], TASK.problem.dictionary, "sum")
    assert [len(coefficients) for coefficients in network.coefficients] == [1, 1, 2]


def test_phase_a_gives_gradients_to_the_new_layer_alone() -> None:
    network = Lista(Genome.dense(4), TASK.problem.dictionary, "sum")
    network(TASK.valid.b, 4, frozen=3).sum().backward()
    reached = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert reached == {"W_b", "W_x", "theta.3", "coefficients.2"} - {"W_b"}


def test_batches_are_the_protocol_order() -> None:
    rows = torch.stack(list(TASK.batches(stage=2, phase=1)))
    key = (TASK.seed, 2, 1)
    epochs = [batch_order(96, 32, (*key, epoch)) for epoch in range(4)]
    assert torch.equal(rows, torch.cat(epochs)[:10])


def test_other_seeds_share_no_prefix_and_are_not_compared() -> None:
    run = EngineUnshared(TASK).train(GENOMES)
    assert (run.networks, dict(run.scores)) == (3, {})


def test_sharing_is_counted() -> None:
    twins = [Genome.from_connections(4, [(4, 1)]), Genome.from_connections(4, [(4, 2)])]
    engine = Engine(TASK)
    engine.train(twins)
    assert (engine.reuse.stages_trained, engine.reuse.stages_asked) == (5, 8)


def test_an_evolution_keeps_prefixes_between_generations() -> None:
    run, reuse = Evolution(TASK, layers=4, budget=6, batch=3).run()
    assert run.networks == len(run.scores) == 6
    assert reuse.stages_trained < reuse.stages_asked == 24


def test_an_open_phase_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"phases of fixed length, got protocol 'paper' with an open phase 'A'"
    ):
        replace(TASK, protocol=protocol("paper"))
