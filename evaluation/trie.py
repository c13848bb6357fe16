"""Stage-wise training of many genomes as a walk down the trie of their prefixes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import final

from evaluation.backend import ThreadBackend
from evaluation.phase import Member, Trainer
from evaluation.prefix_store import PrefixStore
from evaluation.probe import Crew
from evaluation.stage import StageState, train_within_memory


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a walk is.

    Attributes:
        stage: depth being trained.
        stages: depth K of the networks.
        done: share of the walk's work that is done, in [0, 1]; a prefix counts its depth.
    """

    stage: int
    stages: int
    done: float


def prefix(member: Member, depth: int) -> Member:
    """The first ``depth`` layers of a member."""
    return Member(member.genome.prefix(depth), member.seed, member.draw)


@final
class TrieWalk:
    """Trains members, every distinct prefix once, breadth first.

    The state after stage k depends only on the first k layers, the problem, the protocol and the seed, so
    that children start from their parent's state, and a prefix trained for an earlier walk is trained for
    good. This is exact: the same bits as training each member from scratch.

    Args:
        trainer: what the run shares.
        backend: where units run.
        store: prefixes from earlier walks; takes those of this one.
        divide: says, once it is known what is to be trained at each depth, how to divide it.
    """

    def __init__(
        self,
        trainer: Trainer,
        backend: ThreadBackend,
        store: PrefixStore,
        divide: Callable[[Mapping[int, Sequence[Member]]], Crew],
    ) -> None:
        self._trainer, self._backend, self._store, self._divide = trainer, backend, store, divide
        self._root = StageState(trainer.layout.initial())
        self.stages_trained = 0
        """Prefixes that this walk has trained so far."""
        self.seconds_trained = 0.0
        """Training time of these, each stage's divided by the members it shared it with."""

    def run(
        self, members: Iterable[Member], progress: Callable[[Progress], None]
    ) -> Iterator[tuple[Member, StageState]]:
        """Yield each distinct member with its state, as soon as it is known.

        Args:
            members: networks of depth K, or of fewer layers, which are then prefixes of such networks.
            progress: told how far the walk is.
        """
        wanted = list(dict.fromkeys(members))
        asked = frozenset(wanted)
        states = self._known(wanted)
        yield from ((member, states[member]) for member in wanted if member in states)
        levels = self._missing(wanted, states)
        if levels:
            self._crew = self._divide(levels)
        work = sum(depth * len(level) for depth, level in levels.items())
        done = 0
        for depth, level in levels.items():
            for nodes, results in self._train(level, states):
                done += depth * len(nodes)
                progress(Progress(depth, self._trainer.layout.layers, done / work))
                for node, state in zip(nodes, results, strict=True):
                    states[node] = state
                    self._store.put(node, state)
                    if node in asked:
                        yield node, state
            for node in levels.get(depth - 1, ()):
                del states[node]

    def _known(self, wanted: Sequence[Member]) -> dict[Member, StageState]:
        """The deepest stored prefix of every member that has one."""
        states: dict[Member, StageState] = {}
        for member in wanted:
            for depth in range(member.genome.layers, 0, -1):
                node = prefix(member, depth)
                state = self._store.get(node)
                if state is not None:
                    states[node] = state
                    break
        return states

    def _missing(self, wanted: Sequence[Member], states: dict[Member, StageState]) -> dict[int, list[Member]]:
        """Depth -> prefixes to train there, shallow first; neighbours share draw, seed and early layers."""
        levels: dict[int, set[Member]] = {}
        for member in wanted:
            for depth in range(member.genome.layers, 0, -1):
                node = prefix(member, depth)
                if node in states:
                    break
                levels.setdefault(depth, set()).add(node)
        return {depth: sorted(levels[depth], key=_neighbourhood) for depth in sorted(levels)}

    def _train(
        self, level: Sequence[Member], states: dict[Member, StageState]
    ) -> Iterator[tuple[Sequence[Member], list[StageState]]]:
        """Train the prefixes of one depth in units; those below a diverged parent are not trained."""
        parents = {node: self._parent(node, states) for node in level}
        dead = [node for node in level if parents[node].diverged]
        if dead:
            yield dead, [_below_diverged(parents[node]) for node in dead]
        alive = [node for node in level if not parents[node].diverged]

        def train(nodes: Sequence[Member]) -> list[StageState]:
            return train_within_memory(self._trainer, nodes, [parents[node] for node in nodes])

        # Drawing data takes more memory than the data: not while units run.
        self._trainer.tables.load({node.draw for node in alive})
        for nodes, results in self._backend.run(train, self._units(alive), self._crew.workers):
            self.stages_trained += len(nodes)
            for node, state in zip(nodes, results, strict=True):
                self.seconds_trained += state.seconds - parents[node].seconds
            yield nodes, results

    def _parent(self, node: Member, states: dict[Member, StageState]) -> StageState:
        depth = node.genome.layers - 1
        return states[prefix(node, depth)] if depth else self._root

    def _units(self, nodes: Sequence[Member]) -> list[Sequence[Member]]:
        """Near-equal units of at most ``unit`` members, as many for each worker where there are enough."""
        workers = self._crew.workers
        count = max(ceil(len(nodes) / self._crew.unit), min(workers, len(nodes)))
        if count > workers:
            count = min(ceil(count / workers) * workers, len(nodes))
        bounds = [round(i * len(nodes) / count) for i in range(count + 1)] if count else [0]
        return [nodes[start:stop] for start, stop in pairwise(bounds)]


def _neighbourhood(member: Member) -> tuple[object, ...]:
    genome = member.genome
    layers = zip(genome.gates, genome.neurons, genome.side, genome.weights, genome.thresholds, strict=True)
    return member.draw, member.seed, tuple(layers)


def _below_diverged(parent: StageState) -> StageState:
    inf = float("inf")
    return StageState(parent.row, (*parent.valid_nmse_db, inf), (*parent.valid_ratio_db, inf), parent.seconds)
