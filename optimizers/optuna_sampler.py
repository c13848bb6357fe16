"""Optuna's samplers as search strategies."""

import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, QMCSampler
from optuna.trial import Trial, TrialState, create_trial

from genome.genome import Genome
from genome.neurons import Neuron
from genome.records import Evaluation
from genome.space import Choice, DesignSpace
from genome.thresholds import ThresholdKind
from genome.weights import Weight
from optimizers.base import Optimizer
from optimizers.goals import SCORE, Goal, checked, several_refused, vector
from optimizers.optuna_loading import make_sampler

ORDER: Final[tuple[Neuron | Weight | ThresholdKind, ...]] = (
    *("relu", "leaky_relu", "soft", "support"),
    *("analytic", "coupled", "free"),
    *("learned", "adaptive"),
)
"""Names of a choice in an order that means something.

Neurons stand by how much of a negative input they pass: nothing, a tenth, all beyond the threshold, and the
largest whole. Weights stand by how much of them is trained, thresholds by how much they depend on.
"""

_WITHOUT_CATEGORIES: Final = (CmaEsSampler, QMCSampler)


class OptunaSearch(Optimizer):
    """A sampler of Optuna, driven through ask and tell.

    The study lives in memory and is never read back: a search is resumed by replay, as with every optimizer.
    Every free choice of the space is one parameter. It is categorical, but for the samplers that draw
    categories uniformly whatever they are told (CMA-ES, quasi-Monte Carlo, and what derives from them): for
    these, gates and side connections are integers from 0 to 1, and names are places in ``ORDER``.

    A genome that was asked before, or is in the batch already, is told to the study as a failed trial, which
    every sampler leaves out of its model, and the sampler is asked again; its generator has gone on, so that
    it proposes something else. Told as one more observation, it would count twice and draw the sampler to
    where it is already. After ``optimizers.base.PATIENCE`` repeats in a row a uniform draw takes its place.
    It is told as a trial that the study did not ask for: TPE and GP learn from it, while CMA-ES and NSGA-II,
    whose generations hold only what they sampled, do not.

    A diverged network is told as a complete trial whose values are +inf. A failed trial would teach nothing,
    and a finite penalty would have to be fixed before the worst finite score is known. TPE, NSGA-II and
    CMA-ES only compare values; GP puts the worst finite value known at the time of each fit in place of the
    infinite.

    A censored network is told as a pruned trial, with the score after each stage trained as its intermediate
    values; a study of several goals has no intermediate values. TPE ranks pruned trials behind the complete
    ones: those that came further first, then by value. NSGA-II, CMA-ES and GP leave them out: a generation
    takes as many more trials as were pruned.

    With several goals the study has as many directions. Where nearly all networks have diverged, GP then
    repeats itself until ``PATIENCE`` ends it, which takes about ten seconds a genome.

    Optuna's messages below warnings are not shown while it runs, and its level of logging is left as it was.

    References: T. Akiba et al., Optuna: A Next-generation Hyperparameter Optimization Framework, KDD 2019;
    S. Watanabe, Tree-Structured Parzen Estimator, arXiv:2304.11127, 2023 (``tpe``); K. Deb et al., A Fast and
    Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE Trans. Evol. Comput. 6(2), 2002 (``nsga2``);
    N. Hansen, The CMA Evolution Strategy: A Tutorial, arXiv:1604.00772, 2016 (``cmaes``); and Optuna's
    documentation of its samplers.

    Args:
        space: The space to search.
        seed: Seed of the optimizer's own generator, from which the sampler's seed is drawn; not negative.
        goals: What is minimized; for CMA-ES one goal.
        sampler: ``tpe``, ``nsga2``, ``gp`` or ``cmaes``, or the path of a subclass of
            ``optuna.samplers.BaseSampler``, as ``optuna.samplers.QMCSampler``.
        **options: Whatever else the sampler's constructor takes.

    Raises:
        InputError: If the seed is no whole number or negative, the goals are no goals or more than the
            sampler takes, or the sampler cannot be made (see ``optimizers.optuna_loading.make_sampler``).
    """

    def __init__(
        self,
        space: DesignSpace,
        seed: int,
        *,
        goals: Iterable[Goal] = (SCORE,),
        sampler: str = "tpe",
        **options: object,
    ) -> None:
        super().__init__(space, seed)
        self._goals = checked(goals)
        made = make_sampler(sampler, int(self._rng.integers(2**32)), options)
        self._parameters = _Parameters(space, ordered=isinstance(made, _WITHOUT_CATEGORIES))
        self._study = _study(made, len(self._goals))
        self._running: dict[Genome, Trial] = {}
        if len(self._goals) > 1:
            self._try(sampler, options)

    def _try(self, sampler: str, options: Mapping[str, object]) -> None:
        """Ask a sampler like the one made, which stays as it is: one that takes one goal says so then."""
        study = _study(make_sampler(sampler, 0, options), len(self._goals))
        try:
            with _quiet():
                study.ask(self._parameters.distributions)
        except ValueError as error:
            raise several_refused(f"Sampler {sampler!r}", self._goals) from error

    def _ask(self, n: int) -> Sequence[Genome]:
        with _quiet():
            return self._distinct(n, self._propose)

    def _propose(self) -> Genome:
        trial = self._study.ask(self._parameters.distributions)
        genome = self._parameters.decode(trial.params)
        if genome in self._untried and genome not in self._running:
            self._running[genome] = trial
        else:
            self._study.tell(trial, state=TrialState.FAIL)
        return genome

    def _tell(self, evaluations: Sequence[Evaluation]) -> None:
        reached = [vector(self._goals, evaluation) for evaluation in evaluations]
        with _quiet():
            for evaluation, values in zip(evaluations, reached, strict=True):
                if evaluation.censored and evaluation.status == "complete":
                    self._observe_pruned(evaluation)
                else:
                    self._observe(evaluation.genome, values)

    def _observe(self, genome: Genome, values: Sequence[float]) -> None:
        trial = self._running.pop(genome, None)
        if trial is not None:
            self._study.tell(trial, values)
        else:
            self._add(genome, TrialState.COMPLETE, values=values)

    def _observe_pruned(self, evaluation: Evaluation) -> None:
        known = dict(enumerate(evaluation.valid_nmse_db, start=1)) if len(self._goals) == 1 else {}
        trial = self._running.pop(evaluation.genome, None)
        if trial is not None:
            for stage, value in known.items():
                trial.report(value, stage)
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._add(evaluation.genome, TrialState.PRUNED, intermediate_values=known)

    def _add(self, genome: Genome, state: TrialState, **results: Any) -> None:
        """Tell the study of a trial that it did not ask for."""
        self._study.add_trial(
            create_trial(
                state=state,
                params=self._parameters.encode(genome),
                distributions=self._parameters.distributions,
                **results,
            )
        )


class _Parameters:
    """The choices of a space as parameters of a study.

    Args:
        space: The space.
        ordered: Whether the parameters are integers, which count the options of a choice; otherwise they are
            the options themselves, as categories.
    """

    def __init__(self, space: DesignSpace, ordered: bool) -> None:
        self._space = space
        self._options = {name: _in_order(options) for name, options in space.choices.items()}
        self._ordered = ordered
        self.distributions: dict[str, BaseDistribution] = {
            name: IntDistribution(0, len(options) - 1) if ordered else CategoricalDistribution(options)
            for name, options in self._options.items()
        }

    def encode(self, genome: Genome) -> dict[str, Choice]:
        """Write a genome as a value of every parameter."""
        chosen = self._space.encode(genome)
        if not self._ordered:
            return chosen
        return {name: self._options[name].index(option) for name, option in chosen.items()}

    def decode(self, values: Mapping[str, Any]) -> Genome:
        """Build the genome that is written as ``values``."""
        if self._ordered:
            values = {name: self._options[name][place] for name, place in values.items()}
        return self._space.decode(values)


def _study(sampler: BaseSampler, goals: int) -> optuna.Study:
    with _quiet():
        return optuna.create_study(directions=["minimize"] * goals, sampler=sampler)


def _in_order(options: tuple[Choice, ...]) -> tuple[Choice, ...]:
    return tuple(name for name in ORDER if name in options) or options


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep back what Optuna says of its normal course, and that GP replaces infinite values."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(max(level, logging.WARNING))
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Clip non-finite values", category=UserWarning)
            yield
    finally:
        logger.setLevel(level)
