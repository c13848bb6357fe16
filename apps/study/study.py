"""What all pieces of a study share: its scale, its networks, and what trains them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import optimizers
from analysis.average import average
from analysis.choose import top
from apps.search.comparison import comparison_seeds
from apps.study.lab import Lab, Seeded, Setting
from apps.study.reported import DENSE, LFISTA, LISTA, SEARCHED
from apps.study.scale import Scale
from builders.cells import Cell, Lista
from builders.injections import Form
from evaluation.problems import paper_rows
from evaluation.protocol import Protocol, protocol
from genome import DesignSpace, Evaluation, Genome, Request
from genome.neurons import Neuron
from genome.patterns import resampled

if TYPE_CHECKING:
    from analysis.average import Average
    from evaluation.problems import ImageSet
    from optimizers import Optimizer

MAIN_OPTIMIZER: Final = "reinforce"
"""The paper reports what this one found."""

OPTIMIZERS: Final = (MAIN_OPTIMIZER, "evolution", "random")
FORMS: Final[tuple[Form, ...]] = ("mean", "sum")
"""Of the weighted average: that of the released code, and that of the paper's text."""

SEARCH_SEED: Final = 0
OTHER_SEED: Final = 1
"""Of a second search, to tell how far two searches of one optimizer agree."""

SOFT: Final[tuple[Neuron, ...]] = ("soft",)
RELEASED: Final = "Released"
"""The authors' network beside the one that is found here, at a depth that may not be its own."""


@dataclass(frozen=True, slots=True)
class Images:
    """Images of Table 3.

    Attributes:
        training: to train and validate on.
        testing: to test on.
    """

    training: ImageSet
    testing: ImageSet


@dataclass(frozen=True)
class Study:
    """One study under way.

    Attributes:
        scale: how large it is.
        lab: what trains.
        forms: injections of the weighted average that the study is made for.
        rows: of Tables 1 and 2 that are wanted; None for all.
        seed_count: seeds that models are compared over, instead of the scale's.
        images: of Table 3; None where there are none.
    """

    scale: Scale
    lab: Lab
    forms: tuple[Form, ...]
    rows: tuple[str, ...] | None = None
    seed_count: int | None = None
    images: Images | None = None
    _found: dict[tuple[str, Form, tuple[Neuron, ...], int], list[Evaluation]] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where files are written."""
        return self.lab.folder

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of comparisons; no search sees them."""
        return comparison_seeds(self.seed_count or self.scale.seeds, SEARCH_SEED)

    @property
    def slow_seeds(self) -> tuple[int, ...]:
        """Seeds of comparisons of what trains slowly."""
        return comparison_seeds(self.seed_count or self.scale.slow_seeds, SEARCH_SEED)

    @property
    def chosen_rows(self) -> frozenset[str]:
        """Rows of Tables 1 and 2 that are wanted."""
        return frozenset(paper_rows() if self.rows is None else self.rows)

    def pictured(self, reported: Mapping[str, float]) -> Mapping[str, float]:
        """The paper's values as far as pictures show them: not beside problems of another size."""
        return reported if self.scale.released else {}

    def training(self, form: Form, factor: float) -> Protocol:
        """The scale's protocol with a form and a factor on its steps."""
        return protocol(self.scale.protocol).scaled(factor).with_form(form)

    def setting(self, row: str, form: Form, factor: float, cell: Cell | None = None) -> Setting:
        """Training for a row of the paper's tables."""
        return Setting(self.scale.problem(row), self.training(form, factor), cell or Lista())

    def models(self, form: Form) -> dict[str, Genome]:
        """The paper's four models by display name, and the released network where the searched is our own."""
        layers = self.scale.layers
        released = Genome.released_searched()
        models = {LISTA: Genome.lista(layers), LFISTA: Genome.lfista(layers), DENSE: Genome.dense(layers)}
        if self.scale.released:
            return {**models, SEARCHED: released}
        found = self.average(form).genome()
        return {**models, SEARCHED: found, RELEASED: resampled(released, layers)}

    def average(
        self,
        form: Form,
        optimizer: str = MAIN_OPTIMIZER,
        count: int | None = None,
        seed: int = SEARCH_SEED,
    ) -> Average:
        """Average of the best networks of a search; that is made where it is not yet."""
        searched = self.searched(form, optimizer, seed=seed)
        return average(each.genome for each in top(searched, count or self.scale.top))

    def searched(
        self,
        form: Form,
        optimizer: str = MAIN_OPTIMIZER,
        neurons: tuple[Neuron, ...] = SOFT,
        seed: int = SEARCH_SEED,
    ) -> list[Evaluation]:
        """Every evaluation of a search in the setting without noise, in the order asked.

        Args:
            form: injection.
            optimizer: registered name.
            seed: of the optimizer; networks are trained with the same seed in every search.
            neurons: that a layer may have. With all three, a budget that is small beside the paper's goes
                into finding out that they should be soft, and says nothing of connections.
        """
        key = optimizer, form, neurons, seed
        if key not in self._found:
            strategy = optimizers.create(optimizer, DesignSpace(self.scale.layers, neurons), seed)
            self._found[key] = self._search(form, strategy)
        return self._found[key]

    def to_search(self, form: Form, optimizer: str = MAIN_OPTIMIZER) -> int:
        """Evaluations of a search, or none where this process has it."""
        return 0 if (optimizer, form, SOFT, SEARCH_SEED) in self._found else self.scale.budget

    def compare(
        self, row: str, form: Form, factor: float, models: Mapping[str, Genome], seeds: Sequence[int]
    ) -> Seeded:
        """Every model on every seed in a row's setting, scored on test data."""
        return self.lab.compare(self.setting(row, form, factor), models, seeds)

    def look(self, row: str, form: Form, genomes: Sequence[Genome]) -> list[Evaluation]:
        """Every network once, trained as in a search and scored on test data."""
        setting = self.setting(row, form, self.scale.look)
        return self.lab.evaluate(setting, [Request(each, seed=SEARCH_SEED, test=True) for each in genomes])

    def lista(self, row: str) -> list[Evaluation]:
        """LISTA as ``look`` trains it, with several seeds on the same signals: how far a seed moves it."""
        setting = self.setting(row, self.forms[0], self.scale.look)
        genome = Genome.lista(self.scale.layers)
        return self.lab.evaluate(setting, [Request(genome, seed=seed, test=True) for seed in self.seeds])

    def _search(self, form: Form, strategy: Optimizer) -> list[Evaluation]:
        scale, setting = self.scale, self.setting("b", form, self.scale.look)
        evaluations: list[Evaluation] = []
        while len(evaluations) < scale.budget:
            genomes = strategy.ask(min(scale.batch, scale.budget - len(evaluations)))
            if not genomes:
                break
            told = self.lab.evaluate(setting, [Request(genome, seed=SEARCH_SEED) for genome in genomes])
            strategy.tell(told)
            evaluations += told
        return evaluations
