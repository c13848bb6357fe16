"""The laws of REINFORCE: its policy is a distribution, and what it is told moves it the right way."""

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from itertools import repeat

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from genome.errors import InputError
from genome.genome import Genome
from genome.records import Evaluation, Request, Status
from genome.space import DesignSpace
from optimizers import Optimizer
from optimizers.controller import Controller
from optimizers.random_search import RandomSearch
from optimizers.reinforce import Reinforce, _rewards, _standings
from optimizers.testing import TINY, MakeOptimizer, OptimizerConformance, evaluate, run

SPACE = DesignSpace(layers=6)
SEEDS = 20


class TestReinforce(OptimizerConformance):
    @pytest.fixture
    def make(self) -> MakeOptimizer:
        return Reinforce


def evaluation(genome: Genome, score: float) -> Evaluation:
    stages = (score,) * genome.layers
    status: Status = "diverged" if math.isinf(score) else "complete"
    return Evaluation(Request(genome), "synthetic", status, stages, stages, None, None, 0.0)


def tell(optimizer: Optimizer, genomes: Sequence[Genome], scores: Sequence[float]) -> None:
    optimizer.tell([evaluation(genome, score) for genome, score in zip(genomes, scores, strict=True)])


def judged(optimizer: Reinforce, genomes: Sequence[Genome]) -> Tensor:
    return optimizer.log_probabilities(genomes).detach()


@pytest.mark.parametrize(
    "space",
    [
        TINY,
        DesignSpace(layers=3, search_side=True),
        DesignSpace(layers=4, neurons=("soft",)),
        DesignSpace(layers=4, neurons=("soft", "relu"), search_connections=False),
        DesignSpace(layers=2, neurons=("soft",)),
        DesignSpace(2, ("support",), weights=("coupled", "analytic"), thresholds=("learned", "adaptive")),
    ],
    ids=repr,
)
def test_probabilities_sum_to_one(space: DesignSpace) -> None:
    """At first all genomes are equally probable; after learning they are not, and the sum is still one."""
    optimizer, genomes = Reinforce(space, 0), list(space.enumerate())
    np.testing.assert_allclose(judged(optimizer, genomes).exp(), 1.0 / space.size, rtol=1e-12)
    run(optimizer, [5, 5])
    learnt = judged(optimizer, genomes)
    assert learnt.shape == (space.size,)
    assert float(learnt.exp().sum()) == pytest.approx(1.0, abs=1e-12)
    assert space.size == 1 or float(learnt.std()) > 1e-3


def test_draws_follow_the_probabilities() -> None:
    rng = np.random.default_rng(0)
    controller = Controller(TINY.choices, 8, rng)
    with torch.no_grad():
        controller.heads.copy_(torch.from_numpy(rng.normal(0.0, 0.5, tuple(controller.heads.shape))))
    genomes = list(TINY.enumerate())
    encoded = [TINY.encode(genome) for genome in genomes]
    probabilities = controller.log_probabilities(encoded)[0].detach().exp().numpy()
    assert probabilities.max() > 3 * probabilities.min()
    drawn = [tuple(options) for options in controller.sample(20_000, rng)]
    counts = [drawn.count(tuple(options.values())) for options in encoded]
    assert sum(counts) == len(drawn)
    assert stats.chisquare(counts, probabilities * len(drawn)).pvalue > 1e-3


def test_the_policy_has_memory() -> None:
    """What is probable at one step depends on what was taken before, as the score may."""
    space, rng = DesignSpace(layers=2, neurons=("soft", "relu")), np.random.default_rng(0)
    controller = Controller(space.choices, 8, rng)
    with torch.no_grad():
        controller.heads.copy_(torch.from_numpy(rng.normal(size=tuple(controller.heads.shape))))
    encoded = [space.encode(genome) for genome in space.enumerate()]
    table = controller.log_probabilities(encoded)[0].detach().reshape(2, 2)
    preferences = table[:, 0] - table[:, 1]
    assert abs(float(preferences[0] - preferences[1])) > 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_what_is_better_than_all_others_becomes_more_probable(seed: int) -> None:
    optimizer = Reinforce(SPACE, seed, entropy_weight=0.0, queue=0, learning_rate=0.03)
    genomes = optimizer.ask(8)
    before = judged(optimizer, genomes)
    tell(optimizer, genomes, [0.0] * 3 + [-1.0] + [0.0] * 4)
    gains = judged(optimizer, genomes) - before
    assert gains[3] > 0.1
    assert int(gains.argmax()) == 3


def test_a_diverged_network_becomes_less_probable() -> None:
    optimizer = Reinforce(SPACE, 0, queue=0)
    genomes = optimizer.ask(10)
    before = judged(optimizer, genomes)
    tell(optimizer, genomes, [math.inf, *range(9)])
    gains = judged(optimizer, genomes) - before
    assert gains.isfinite().all()
    assert gains[0] < 0


@pytest.mark.parametrize("place", [0, 5])
def test_the_policy_is_drawn_to_the_best_so_far_long_after_they_were_told(place: int) -> None:
    """Plain REINFORCE learns from a batch once; the best in the queue become more probable with every one."""
    gains = []
    for queue in (0, 1):
        optimizer = Reinforce(SPACE, 1, queue=queue)
        genomes = optimizer.ask(8)
        tell(optimizer, genomes, [-9.0 if i == place else 0.0 for i in range(8)])
        before = judged(optimizer, genomes)[place]
        for _ in range(3):
            later = optimizer.ask(8)
            tell(optimizer, later, [1.0] * 8)  # All alike: what they teach is not to be drawn again.
        gains.append(float(judged(optimizer, genomes)[place] - before))
    assert gains[1] > 1.0 + gains[0]


def test_the_queue_holds_the_best_complete_networks_the_first_of_equals_first() -> None:
    optimizer = Reinforce(SPACE, 0, queue=3)
    genomes = optimizer.ask(6)
    tell(optimizer, genomes, [2.0, 1.0, math.inf, 1.0, 5.0, 4.0])
    assert [each.genome for each in optimizer._queue] == [genomes[1], genomes[3], genomes[0]]
    later = optimizer.ask(3)
    optimizer.tell([stopped(later[0], -9.0, 2), evaluation(later[1], 1.0), evaluation(later[2], 0.5)])
    assert [each.genome for each in optimizer._queue] == [later[2], genomes[1], genomes[3]]


def test_without_a_queue_there_is_one_update_a_batch() -> None:
    one, many = Reinforce(SPACE, 3, queue=0, updates=1), Reinforce(SPACE, 3, queue=0, updates=9)
    assert run(one, [8, 8, 8]) == run(many, [8, 8, 8])


def test_the_policy_stays_while_everything_diverges() -> None:
    optimizer = Reinforce(SPACE, 1)
    for _ in range(3):
        genomes = optimizer.ask(10)
        before = judged(optimizer, genomes)
        tell(optimizer, genomes, [math.inf] * 10)
        assert torch.equal(judged(optimizer, genomes), before)


def stopped(genome: Genome, score: float, stages: int) -> Evaluation:
    values = (score,) * stages
    status: Status = "diverged" if math.isinf(score) else "complete"
    return Evaluation(Request(genome, stages=stages), "synthetic", status, values, values, None, None, 0.0)


def test_censored_networks_rank_behind_the_complete_ones_of_their_batch() -> None:
    """By stages, then by score; siblings that share what was trained tie, and what diverged is last."""
    optimizer = Reinforce(SPACE, 0)
    earlier = optimizer.ask(4)
    tell(optimizer, earlier, [5.0, 6.0, 7.0, 8.0])
    genomes = optimizer.ask(9)
    batch = [
        evaluation(genomes[0], 1.0),
        stopped(genomes[1], -9.0, 2),
        stopped(genomes[2], 3.0, 4),
        evaluation(genomes[3], 2.0),
        stopped(genomes[4], 2.5, 4),
        stopped(genomes[5], -9.0, 2),
        stopped(genomes[6], -8.0, 2),
        evaluation(genomes[7], math.inf),
        stopped(genomes[8], math.inf, 2),
    ]
    optimizer.tell(batch)
    standings = _standings(batch)
    assert sorted(standings, key=lambda genome: standings[genome]) == [
        genomes[i] for i in (0, 3, 4, 2, 1, 5, 6)
    ]
    assert standings[genomes[1]] == standings[genomes[5]]
    # Of 11: behind 0, 1, 2, ..., with the pair sharing the places 4 and 5; four early ones are behind them.
    shares = [0.5, 1.5, 2.5, 3.5, 5.0, 5.0, 6.5, 7.5, 8.5, 9.5, 10.5]
    rewards = _rewards(optimizer._standings, optimizer._standings)
    np.testing.assert_allclose(rewards, -stats.norm.ppf(np.array(shares) / 11), atol=1e-12)


def test_a_batch_without_complete_networks_ranks_behind_all() -> None:
    optimizer = Reinforce(SPACE, 0)
    genomes = optimizer.ask(3)
    optimizer.tell([stopped(genome, -99.0, 3) for genome in genomes])
    later = optimizer.ask(3)
    tell(optimizer, later, [1.0, 2.0, 3.0])
    assert [standing[0] for standing in optimizer._standings] == [1.0, 2.0, 3.0] + [math.inf] * 3
    assert judged(optimizer, genomes + later).isfinite().all()


def test_what_is_dropped_becomes_less_probable_than_what_is_kept() -> None:
    """Although its score so far looks better."""
    optimizer = Reinforce(SPACE, 0, queue=0, learning_rate=0.03)
    for _ in range(3):
        genomes = optimizer.ask(12)
        before = judged(optimizer, genomes)
        kept = [genome.neurons[0] == "soft" for genome in genomes]
        optimizer.tell(
            [
                evaluation(g, -1.0) if keep else stopped(g, -50.0, 3)
                for g, keep in zip(genomes, kept, strict=True)
            ]
        )
        gains = judged(optimizer, genomes) - before
        assert 0 < sum(kept) < 12
        assert gains[torch.tensor(kept)].mean() > 0.5 + gains[~torch.tensor(kept)].mean()


def test_failures_leave_no_number_that_is_not_finite() -> None:
    """Also where a whole batch diverges after others did not."""
    optimizer = Reinforce(SPACE, 2)
    for bad in (9, 1, 10, 10, 5):
        genomes = optimizer.ask(10)
        tell(optimizer, genomes, [math.inf] * bad + [float(place) for place in range(10 - bad)])
        assert judged(optimizer, genomes).isfinite().all()


def cubed(score: float) -> float:
    return score**3


def with_an_outlier(score: float) -> float:
    return score if score > -18.0 else 1e9 * score


@pytest.mark.parametrize("transformed", [cubed, with_an_outlier])
def test_only_the_order_of_the_scores_matters(transformed: Callable[[float], float]) -> None:
    """An outlier, or any increasing transformation, changes no proposal."""
    plain, other = Reinforce(SPACE, 3), Reinforce(SPACE, 3)
    for _ in range(4):
        genomes = plain.ask(12)
        assert other.ask(12) == genomes
        scores = [each.score for each in evaluate(genomes)]
        assert [transformed(score) for score in scores] != scores or transformed is with_an_outlier
        tell(plain, genomes, scores)
        tell(other, genomes, [transformed(score) for score in scores])


def test_the_policy_never_closes_on_one_genome() -> None:
    """However long one genome is favoured, every option keeps a chance: e**-5 to 1 at least."""
    optimizer = Reinforce(DesignSpace(layers=5, neurons=("soft",)), 0, learning_rate=0.5, entropy_weight=0.0)
    run(optimizer, [8] * 8)
    logs = judged(optimizer, list(optimizer.space.enumerate()))
    assert float(logs.min()) >= -6 * math.log1p(math.exp(5.0)) - 1e-9
    assert float(logs.max()) <= -6 * math.log1p(math.exp(-5.0)) + 1e-9


class Repeating(Reinforce):
    """Its policy knows one genome only, so that all others of a batch are drawn uniformly."""

    def _proposals(self, at_once: int) -> Iterator[Genome]:
        del at_once
        return repeat(Genome.lista(SPACE.layers))


def test_uniform_draws_take_no_part_in_the_gradient() -> None:
    first, second = Repeating(SPACE, 0, queue=0), Repeating(SPACE, 0, queue=0)
    genomes = first.ask(6)
    assert second.ask(6) == genomes
    assert genomes[0] == Genome.lista(6)
    start = judged(first, genomes)
    tell(first, genomes, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    tell(second, genomes, [0.0, 5.0, 1.0, 4.0, 2.0, 3.0])
    assert judged(first, genomes)[0] > start[0]
    assert torch.equal(judged(first, genomes), judged(second, genomes))
    learnt = judged(first, genomes)
    run(first, [6])
    assert torch.equal(judged(first, genomes), learnt)


def test_neither_torch_nor_its_settings_matter_or_change() -> None:
    """Its generator, its number of threads, its default type and its gradient mode."""
    expected = run(Reinforce(SPACE, 4), [8, 8, 8])
    threads, generator = torch.get_num_threads(), torch.get_rng_state()
    try:
        torch.set_num_threads(2)
        torch.set_default_dtype(torch.float16)
        with torch.no_grad():
            assert run(Reinforce(SPACE, 4), [8, 8, 8]) == expected
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
        torch.set_default_dtype(torch.float32)
    assert torch.equal(torch.get_rng_state(), generator)


@pytest.mark.parametrize("batches", [0, 3])
def test_a_deep_copy_goes_on_the_same_by_itself(batches: int) -> None:
    optimizer = Reinforce(SPACE, 5)
    run(optimizer, [8] * batches)
    copied = copy.deepcopy(optimizer)
    expected = run(optimizer, [8, 8, 8])
    assert run(copied, [8, 8, 8]) == expected


def test_a_genome_of_another_space_has_no_probability() -> None:
    with pytest.raises(InputError, match=r"^A genome of this space must have 6 layers, got 4\.$"):
        Reinforce(SPACE, 0).log_probabilities([Genome.lista(4)])


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("hidden", 0, r"The hidden size of REINFORCE must be a whole number of at least 1, got 0\."),
        ("learning_rate", -0.1, r"The learning rate .* at least 0 and below 1, got -0\.1\."),
        ("learning_rate", math.nan, r"The learning rate .* at least 0 and below 1, got nan\."),
        ("entropy_weight", "much", r"The entropy weight .* at least 0 and below 1, got 'much'\."),
        ("entropy_weight", True, r"The entropy weight .* at least 0 and below 1, got True\."),
        ("queue", -1, r"The queue of REINFORCE must be a whole number of at least 0, got -1\."),
        ("updates", 0, r"The updates per batch of REINFORCE must be a whole number of at least 1, got 0\."),
        ("baseline_decay", 1, r"The baseline decay .* at least 0 and below 1, got 1\."),
    ],
)
def test_an_option_out_of_range_is_refused(option: str, value: object, message: str) -> None:
    options: dict[str, object] = {option: value}
    make: Callable[..., Reinforce] = Reinforce
    with pytest.raises(InputError, match=f"^{message}$"):
        make(SPACE, 0, **options)


class Landscape:
    """Every option adds its own effect, and pairs of choices add a quarter of the variance."""

    def __init__(self, space: DesignSpace, seed: int) -> None:
        rng = np.random.default_rng([seed, 2])
        self._space = space
        self._options = list(space.choices.values())
        sizes = [len(options) for options in self._options]
        self._effects = [centred(rng.normal(size=size)) for size in sizes]
        places = [rng.choice(len(sizes), 2, replace=False) for _ in range(2 * len(sizes))]
        self._pairs = [(a, b, centred(rng.normal(size=(sizes[a], sizes[b])))) for a, b in places]
        alone = sum(effect.var() for effect in self._effects)
        together = sum(table.var() for *_, table in self._pairs)
        self._weight = math.sqrt(alone / together * 0.25 / 0.75)

    def __call__(self, genome: Genome) -> float:
        encoded = self._space.encode(genome).values()
        taken = [options.index(option) for options, option in zip(self._options, encoded, strict=True)]
        alone = sum(effect[option] for effect, option in zip(self._effects, taken, strict=True))
        return float(alone + self._weight * sum(table[taken[a], taken[b]] for a, b, table in self._pairs))


def centred(effects: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take the means off along every axis, so that a table holds interactions alone."""
    for axis in range(effects.ndim):
        effects = effects - effects.mean(axis=axis, keepdims=True)
    return effects


def best(optimizer: Optimizer, problem: Callable[[Genome], float], budget: int = 200) -> float:
    scores: list[float] = []
    while optimizer.asked < budget:
        genomes = optimizer.ask(min(16, budget - optimizer.asked))
        told = [problem(genome) for genome in genomes]
        tell(optimizer, genomes, told)
        scores += told
    return min(scores)


@pytest.mark.parametrize(
    "space", [DesignSpace(layers=8, neurons=("soft",)), DesignSpace(layers=8)], ids=["soft", "all neurons"]
)
def test_it_beats_random_search(space: DesignSpace) -> None:
    gains = []
    for seed in range(SEEDS):
        problem = Landscape(space, seed)
        gains.append(best(RandomSearch(space, seed), problem) - best(Reinforce(space, seed), problem))
    assert stats.wilcoxon(gains, alternative="greater").pvalue < 0.01
