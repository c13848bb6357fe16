"""What every cell must pass: a public conformance suite for pytest.

Derive a test class and give it one fixture, ``cell``::

    class TestMyCell(CellConformance):
        @pytest.fixture
        def cell(self) -> Cell:
            return MyCell()

``AlgorithmConformance`` takes a fixture more, ``reference``, and compares the untrained network with the
algorithm that it unrolls. What training does with a cell is in ``evaluation.cell_testing``.
"""

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, TypeAlias

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from builders.autograd_step import bind_step
from builders.cells import Cell, Inputs, cell_from
from builders.files import load_network, save_network
from builders.genes import Genes
from builders.injections import Form
from builders.network import build
from builders.step_shape import StepShape
from builders.testing_cases import (
    BATCH,
    CHANGED,
    FORMS,
    K,
    M,
    N,
    Population,
    by_autograd,
    by_own_step,
    changes,
    dictionary,
    genomes,
    takes,
)
from genome import Genome, InputError

Reference: TypeAlias = Callable[[NDArray[np.float64], NDArray[np.float64], int], NDArray[np.float64]]
"""Dictionary ``(m, n)``, measurements ``(batch, m)`` and iterations K to all iterates, ``(K, batch, n)``."""


class _NeedsCell:
    @pytest.fixture
    def cell(self) -> Cell:
        """Return the cell that is tested."""
        raise NotImplementedError("Define the fixture ``cell`` in your test class: () -> Cell.")

    @pytest.fixture(autouse=True)
    def _one_thread(self) -> Iterator[None]:
        """Bits are promised at a fixed number of threads."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        yield
        torch.set_num_threads(threads)


class CellConformance(_NeedsCell):
    """Tests of the contract of ``builders.cells.Cell``; derive from it and define the fixture ``cell``.

    What is differentiated is left out where the cell is not trained by stages.
    """

    def test_its_description_makes_it_again(self, cell: Cell) -> None:
        """Through JSON, as records and network files keep it."""
        again = cell_from(json.loads(json.dumps(cell.describe())))
        assert again == cell, f"{cell.describe()} makes another cell"
        assert hash(again) == hash(cell)

    def test_a_pickled_copy_is_the_same(self, cell: Cell) -> None:
        """Workers get cells that way."""
        assert pickle.loads(pickle.dumps(cell)) == cell

    @pytest.mark.parametrize("layers", [1, K])
    def test_parameters_are_well_formed(self, cell: Cell, layers: int) -> None:
        """Finite float32 starts, names of their own, and one row a layer where a layer brings a row."""
        specs, constants = cell.parameters(dictionary(), layers), cell.constants(dictionary())
        names = [*(spec.name for spec in specs), *constants]
        assert len(set(names)) == len(names), f"a name stands for two things among {names}"
        for spec in specs:
            assert spec.initial.dtype == torch.float32, f"{spec.name} must start in float32"
            assert bool(spec.initial.isfinite().all()), f"{spec.name} starts at values that are not finite"
            rows = spec.introduced is None
            assert not rows or spec.initial.shape[0] == layers, f"{spec.name} must have a row a layer"
            assert rows or spec.introduced >= 1, f"{spec.name} comes with layer {spec.introduced}"  # type: ignore[operator]
        for name, value in constants.items():
            assert value.dtype == torch.float32, f"the constant {name} must be float32"

    def test_states_have_their_shape(self, cell: Cell) -> None:
        """Signal first, then what is carried; neither the inputs nor the parameters are written to."""
        population = Population.of(cell, genomes(cell))
        members, width = len(population.genomes), N + cell.carried(M, N)
        assert N <= cell.joined(M, N) <= width, "connections join the signal, and no more than the state"
        values, genes = population.values(), Genes.of(population.genomes)
        state = torch.zeros(members, BATCH, width)
        shared = cell.prepare(values, population.b)
        rows, b = population.rows.clone(), population.b.clone()
        for layer in range(K):
            before = state.clone()
            after = cell.step(layer, Inputs(state), shared, values, genes)
            assert after.shape == (members, BATCH, width), f"layer {layer + 1} gives another shape"
            assert torch.equal(state, before), f"layer {layer + 1} wrote to its input"
            if layer == 0:
                torch.testing.assert_close(after[..., :N], population.signals()[0])
            state = after
        assert torch.equal(population.rows, rows), "a parameter was written to"
        assert torch.equal(population.b, b), "the measurements were written to"

    @pytest.mark.parametrize("form", FORMS)
    def test_a_member_has_the_same_bits_alone(self, cell: Cell, form: Form) -> None:
        """And in another order; outputs and gradients, by autograd and by the cell's own step."""
        population = Population.of(cell, genomes(cell), form)
        everyone = range(len(population.genomes))
        backwards = list(reversed(everyone))
        for step in (by_autograd, by_own_step):
            together = step(population)
            for place in everyone:
                for whole, alone in zip(together, step(population.take([place])), strict=True):
                    assert torch.equal(whole[place], alone[0]), f"{population.genomes[place]} differs alone"
            for whole, turned in zip(together, step(population.take(backwards)), strict=True):
                assert torch.equal(whole[backwards], turned), "the order of the members matters"

    @pytest.mark.parametrize("form", FORMS)
    def test_layers_do_not_know_of_later_ones(self, cell: Cell, form: Form) -> None:
        """What is introduced after layer d, be it not a number, leaves layer d and its gradient alone."""
        population = Population.of(cell, genomes(cell), form)
        signals, introduced = population.signals(), population.layout.introduced()
        for depth in range(1, K + 1):
            outputs, gradient = by_autograd(population, depth)
            assert torch.equal(outputs, signals[depth - 1]), f"later genes change layer {depth}"
            later = introduced > depth
            assert not bool(gradient[:, later].any()), f"layer {depth} uses what a later one introduces"
            population.rows[:, later] = torch.nan
            changed, _ = by_autograd(population, depth)
            assert torch.equal(changed, outputs), f"layer {depth} uses what a later one introduces"
            population = Population.of(cell, genomes(cell), form)

    def test_gradients_are_finite(self, cell: Cell) -> None:
        """Near the start and at it, for a sample of zeros too, after every layer."""
        population = Population.of(cell, genomes(cell))
        for start in (population.rows.clone(), population.layout.initial()):
            population.rows.copy_(start)
            for depth in range(1, K + 1):
                for values in by_autograd(population, depth):
                    assert bool(values.isfinite().all()), f"not finite after layer {depth}"

    def test_no_parameter_is_idle(self, cell: Cell) -> None:
        """Each has a gradient with some genome."""
        if cell.trained_by_stages:
            population = Population.of(cell, genomes(cell))
            _, gradient = by_autograd(population)
            views = population.layout.views(gradient)
            idle = [
                spec.name for spec in cell.parameters(dictionary(), K) if not bool(views[spec.name].any())
            ]
            assert not idle, f"no genome gives a gradient to {', '.join(idle)}"

    @pytest.mark.parametrize("tensors", [False, True], ids=["compiled", "tensors"])
    @pytest.mark.parametrize("depth", [1, 2, K])
    def test_its_own_step_agrees_with_autograd(self, cell: Cell, depth: int, tensors: bool) -> None:
        """Where the cell has one, and it has one whatever the genomes are."""
        population = Population.of(cell, genomes(cell))
        trains = population.layout.introduced() <= depth
        made, expected = by_own_step(population, depth, tensors), by_autograd(population, depth)
        for ours, theirs in zip(made, expected, strict=True):
            chosen = trains if ours.dim() == 2 else slice(None)
            error, size = (ours - theirs)[..., chosen].norm(), theirs[..., chosen].norm()
            assert error <= 1e-5 * size, f"the own step is off by {float(error / size):.1e} of the norm"
        kinds = {
            type(bind_step(cell, population.take([place]).binding(depth, tensors)))
            for place in range(len(population.genomes))
        }
        assert len(kinds) == 1, "whether there is an own step must not depend on the genomes"
        size = population.layout.size
        shape = StepShape(M, N, K, depth, BATCH, size, len(population.layout.specs), tensors)
        own = cell.fused_step(population.binding(depth, tensors))
        says = cell.fused_step_floats(shape)
        assert (own is None) == (says is None), "an own step must say how much memory it takes"

    @pytest.mark.parametrize("what", changes())
    def test_a_choice_counts_or_is_refused(self, cell: Cell, what: str) -> None:
        """``check`` names the layer of a choice that the cell cannot take; any other changes that layer."""
        genome = changes()[what]
        if takes(cell, genome):
            population = Population.of(cell, [Genome.lista(K), genome])
            for name in ("rows", "b"):
                getattr(population, name)[1] = getattr(population, name)[0]
            usual, other = population.signals().unbind(dim=1)
            assert torch.equal(usual[: CHANGED - 1], other[: CHANGED - 1]), f"{what} changes earlier layers"
            assert not torch.equal(usual[CHANGED - 1], other[CHANGED - 1]), f"{what} changes nothing"
        else:
            with pytest.raises(InputError, match=f"layer {CHANGED}"):
                build(genome, dictionary(), cell=cell)

    def test_momentum_reaches_the_signal(self, cell: Cell) -> None:
        """What the injection adds to the pre-activation counts, wherever a connection is taken."""
        connected = [genome for genome in genomes(cell) if genome.connections]
        if connected:
            population = Population.of(cell, connected, "momentum")
            before = population.signals()
            for name, matrix in population.layout.views(population.rows).items():
                if name in {f"W_{distance}" for distance in range(2, K)}:
                    matrix.zero_()
            changed = (population.signals() != before).flatten(2).any(dim=2).any(dim=0)
            assert bool(changed.all()), "inputs.pull must be added to the signal's pre-activation"

    def test_a_network_file_brings_it_back(self, cell: Cell, tmp_path: Path) -> None:
        """Cell, genome and weights, and so the same bits."""
        population = Population.of(cell, genomes(cell), "mean")
        for place, genome in enumerate(population.genomes):
            network = build(genome, dictionary(), form="mean", cell=cell).load_row(population.rows[place])
            save_network(tmp_path / "network.safetensors", network, {})
            again = load_network(tmp_path / "network.safetensors", cell)
            assert (again.cell, again.genome) == (cell, genome)
            b = population.b[place]
            assert torch.equal(again.layer_outputs(b), network.layer_outputs(b))

    def test_costs_are_said_or_refused(self, cell: Cell) -> None:
        """Not more parameters than there are, and more work for more layers."""
        genome = genomes(cell)[0]
        if type(cell).costs is Cell.costs:
            with pytest.raises(InputError, match="must define costs"):
                cell.costs(genome, M, N)
        else:
            whole, first = (cell.costs(each, M, N) for each in (genome, genome.prefix(1)))
            numbers = sum(spec.initial.numel() for spec in cell.parameters(dictionary(), K))
            assert 0 < whole.parameters <= numbers, f"{whole.parameters} parameters of {numbers}"
            assert 0 < first.multiply_adds < whole.multiply_adds, "more layers must be more work"


class AlgorithmConformance(_NeedsCell):
    """Untrained, a network *is* its algorithm; define the fixtures ``cell`` and ``reference``.

    Attributes:
        tolerance: of an iterate, relative to the norm of the largest one.
    """

    tolerance: ClassVar[float] = 1e-5

    @pytest.fixture
    def reference(self) -> Reference:
        """Return the algorithm in NumPy, in float64."""
        raise NotImplementedError(
            "Define the fixture ``reference`` in your test class: (dictionary, b, iterations) -> iterates."
        )

    @pytest.mark.parametrize("genome", [Genome.lista(9), Genome.dense(9)], ids=["lista", "dense"])
    def test_untrained_it_is_its_algorithm(self, cell: Cell, reference: Reference, genome: Genome) -> None:
        """Iterate by iterate, whatever is connected, for the sum starts with the default connections."""
        if takes(cell, genome):
            rng = np.random.default_rng(3)
            x = rng.standard_normal((BATCH, N)) * (rng.random((BATCH, N)) < 0.2)
            b = x @ dictionary().double().numpy().T + 0.05 * rng.standard_normal((BATCH, M))
            expected = reference(dictionary().double().numpy(), b, genome.layers)
            with torch.no_grad():
                made = build(genome, dictionary(), cell=cell).layer_outputs(torch.from_numpy(b).float())
            errors = np.linalg.norm(made.double().numpy() - expected, axis=(1, 2))
            size = np.linalg.norm(expected, axis=(1, 2)).max()
            for layer, error in enumerate(errors / size, 1):
                assert error < self.tolerance, f"layer {layer} is off by {error:.1e}"
