"""A member of a population is the network trained alone; a reused prefix is one trained from scratch."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from evaluation.evaluator import Evaluator
from evaluation.problems import GaussianNoise, Problem, SparseRecovery, TestedOn
from evaluation.protocol import Protocol, protocol
from genome import DesignSpace, Evaluation, Genome, InputError, Request

K = 5
PROBLEM = SparseRecovery(m=11, n=23, train=300, valid=70, test=50)
SMOKE = protocol("smoke")


def evaluator(training: Protocol = SMOKE, workers: int = 1, problem: Problem = PROBLEM) -> Evaluator:
    return Evaluator(problem, training, device="cpu", workers=workers)


def population() -> list[Request]:
    rng = np.random.default_rng(7)
    space = DesignSpace(K, search_side=True)
    genomes = [Genome.lista(K), Genome.lfista(K), Genome.dense(K), *(space.sample(rng) for _ in range(14))]
    seeds = [0] * 12 + [1, 1, 2, 2, 2]
    draws = [0] * 10 + [3, 3, 0, 3, 0, 0, 3]
    return [Request(*fields) for fields in zip(genomes, seeds, draws, strict=True)]


class Bits(NamedTuple):
    """Everything of an evaluation but the time it took."""

    request: Request
    status: str
    valid_nmse_db: tuple[float, ...]
    valid_ratio_db: tuple[float, ...]


def bits(evaluation: Evaluation) -> Bits:
    return Bits(evaluation.request, evaluation.status, evaluation.valid_nmse_db, evaluation.valid_ratio_db)


@pytest.fixture(scope="module")
def together() -> list[Bits]:
    return [bits(e) for e in evaluator().evaluate(population())]


def test_seeds_draws_and_genomes_all_matter() -> None:
    request = Request(Genome.lista(K))
    others = [Request(Genome.lista(K), seed=1), Request(Genome.lista(K), draw=1), Request(Genome.dense(K))]
    scores = [e.score for e in evaluator().evaluate([request, *others])]
    assert len(set(scores)) == 4


@pytest.mark.parametrize("position", [0, 1, 2, 5, 11, 12, 16])
def test_alone_is_the_same_as_in_a_population(together: list[Bits], position: int) -> None:
    (alone,) = evaluator().evaluate([population()[position]])
    assert bits(alone) == together[position]


def test_any_order_and_number_of_workers(together: list[Bits]) -> None:
    order = np.random.default_rng(1).permutation(len(together))
    shuffled = evaluator(workers=3).evaluate([population()[i] for i in order])
    assert [bits(e) for e in shuffled] == [together[i] for i in order]


def test_problems_with_the_same_training_share_their_trained_prefixes(tmp_path: Path) -> None:
    noisy = TestedOn(PROBLEM, GaussianNoise(PROBLEM, 10.0))
    request = Request(Genome.dense(K), test=True)
    clean, sharing, alone = evaluator(), evaluator(problem=noisy), evaluator(problem=noisy)
    clean.keep_prefixes(tmp_path)
    sharing.keep_prefixes(tmp_path)
    (there,), (here,), (trained,) = (each.evaluate([request]) for each in (clean, sharing, alone))
    assert sharing.reuse.stages_trained == 0
    assert alone.reuse.stages_trained == K
    assert bits(here)[1:] == bits(trained)[1:]
    assert (here.test_nmse_db, here.test_ratio_db) == (trained.test_nmse_db, trained.test_ratio_db)
    assert here.valid_nmse_db == there.valid_nmse_db
    assert here.test_nmse_db != there.test_nmse_db
    assert here.key != there.key


def test_prefixes_of_earlier_batches_are_reused_exactly(together: list[Bits]) -> None:
    reusing = evaluator()
    parent, child = Genome.lfista(K), Genome.dense(K)
    relative = Genome((*parent.gates[:-1], child.gates[-1]), parent.neurons, parent.side)
    reusing.evaluate([Request(parent)])
    kept = reusing.evaluate([Request(relative)])
    fresh = evaluator().evaluate([Request(relative)])
    assert bits(kept[0]) == bits(fresh[0])
    assert kept[0].valid_nmse_db[:-1] == together[1].valid_nmse_db[:-1]


def test_the_first_stages_of_a_genome_are_its_prefix(together: list[Bits]) -> None:
    stages = together[2].valid_nmse_db
    (prefix,) = evaluator().evaluate([Request(Genome.dense(3))])
    assert prefix.valid_nmse_db == stages[:3]


def test_the_trained_network_gives_the_scored_outputs() -> None:
    trained = evaluator()
    request = Request(Genome.dense(K), test=True)
    (evaluation,) = trained.evaluate([request])
    test = PROBLEM.dataset(0).test
    with torch.no_grad():
        errors = (trained.network(request)(test.b) - test.x).double().square().sum(1)
    energies = test.x.double().square().sum(1)
    mean = float(10 * torch.log10(errors / energies).mean())
    assert evaluation.test_nmse_db == pytest.approx(mean, abs=1e-4)
    ratio = float(10 * torch.log10(errors.sum() / energies.sum()))
    assert evaluation.test_ratio_db == pytest.approx(ratio, abs=1e-4)


def test_early_stopping_members_leave_without_disturbing_the_others() -> None:
    patient = protocol("paper")
    problem = SparseRecovery(m=6, n=10, train=256, valid=64, test=16)
    requests = [Request(g, seed=s) for g in (Genome.lista(2), Genome.dense(3).prefix(2)) for s in range(3)]
    batch = evaluator(patient, problem=problem).evaluate(requests)
    assert len({e.valid_nmse_db for e in batch}) == 3  # The two genomes are one at depth 2.
    for request, member in zip(requests[:3], batch, strict=False):
        (alone,) = evaluator(patient, problem=problem).evaluate([request])
        assert bits(alone) == bits(member)


def test_test_scores_and_torchs_threads_do_not_depend_on_the_number_of_threads() -> None:
    before = torch.get_num_threads()
    request = Request(Genome.dense(K), test=True)
    scores = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            scores.append(evaluator().evaluate([request])[0].test_nmse_db)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    assert scores[0] == scores[1]


def test_some_stages_are_the_first_of_all_and_relatives_share_them(together: list[Bits]) -> None:
    requests = population()
    partial = [replace(request, stages=1 + place % (K - 1)) for place, request in enumerate(requests)]
    mixed = evaluator(workers=2)
    evaluations = mixed.evaluate([*partial, *requests[::3]])
    assert [bits(e) for e in evaluations[len(partial) :]] == together[::3]
    for some, whole in zip(evaluations, together, strict=False):
        assert some.censored
        assert some.valid_nmse_db == whole.valid_nmse_db[: some.stages]
        assert some.valid_ratio_db == whole.valid_ratio_db[: some.stages]
    first = evaluator()
    relatives = first.evaluate([Request(Genome.lista(K), stages=2), Request(Genome.dense(K), stages=2)])
    assert relatives[0].valid_nmse_db == relatives[1].valid_nmse_db
    assert first.reuse.stages_trained == 2


def test_what_some_stages_trained_is_not_trained_again_for_the_rest() -> None:
    ours, request = evaluator(), Request(Genome.dense(K))
    ours.evaluate([replace(request, stages=3)])
    (whole,) = ours.evaluate([request])
    assert ours.reuse.stages_trained == K
    assert bits(whole) == bits(evaluator().evaluate([request])[0])


def test_a_network_of_some_stages_is_refused() -> None:
    with pytest.raises(InputError, match="a request for 3 stages of 5"):
        evaluator().network(Request(Genome.dense(K), stages=3))
