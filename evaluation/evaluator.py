"""The evaluator that every optimizer and every analysis shares."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import final

import torch

from builders.cells import Cell, Lista, check_name
from builders.injections import injection
from builders.network import UnrolledNetwork, build
from builders.parameters import Layout
from builders.unroll import network_layout
from evaluation.archive import Archive
from evaluation.backend import ThreadBackend, one_intra_op_thread
from evaluation.cuda_graph import recorder
from evaluation.device import choose_device
from evaluation.digest import Json, digest
from evaluation.division import Division
from evaluation.leases import LEASE_SECONDS, kept_alive
from evaluation.memory import default_memory
from evaluation.phase import Member, Trainer
from evaluation.precision import check_precision, matrix_products
from evaluation.prefix_folder import PrefixFolder
from evaluation.prefix_store import PrefixStore
from evaluation.problems.base import Problem
from evaluation.protocol import Protocol
from evaluation.reuse import Reuse
from evaluation.scorer import ignore
from evaluation.sizing import DataShape, Sizing, Walk, kept_bytes
from evaluation.stage import StageState
from evaluation.tables import Tables
from evaluation.trie import Progress, TrieWalk
from evaluation.tuning import Tuner, Tuning, check_whole
from evaluation.warm_up import warm_up
from genome import Evaluation, InputError, Request

ENGINE_VERSION = 3
"""Raised whenever a change of the engine changes an evaluation's bits."""

_FOLDER_BYTES = 2 * 2**30
_POLL_SECONDS = 1.0


@final
class Evaluator:
    """Trains and scores networks; an evaluation is a pure function of request, problem, protocol and cell.

    Args:
        problem: dictionary and data.
        protocol: how to train; its form says how earlier states are combined.
        cell: one iteration; LISTA by default.
        device: "auto", "cpu" or any torch device.
        workers: units trained side by side; by default what a short probe finds fastest on the CPU, 1 on an
            accelerator.
        precision: of float32 matrix products: "float32", or "tf32" where the device has it.
        tuning: how the numbers of a cell that is not trained by stages are searched; of no effect on others.
        memory: bytes that training may hold on the device, see ``Sizing``; by default 3/4 of what is free, on
            an accelerator 4/5.

    Raises:
        InputError: the problem has fewer training samples than a batch, the cell cannot take its dictionary,
            device or precision is not there, or the memory is not positive.
    """

    def __init__(
        self,
        problem: Problem,
        protocol: Protocol,
        *,
        cell: Cell | None = None,
        device: str = "auto",
        workers: int | None = None,
        precision: str = "float32",
        tuning: Tuning | None = None,
        memory: int | None = None,
    ) -> None:
        self.problem, self.protocol, self.cell = problem, protocol, cell or Lista()
        check_name(self.cell)
        self.device = choose_device(device)
        self.precision = check_precision(precision, self.device)
        if memory is not None and memory <= 0:
            raise InputError(f"The memory for training must be positive, got {memory} bytes.")
        self._memory = default_memory(self.device) if memory is None else memory
        self._division = Division(workers)
        self._tuning = tuning or Tuning()
        self._archive: Archive | None = None
        self._owner = ""
        self._tables = Tables(problem, self.device)
        self._prefixes: Path | None = None
        self._stores: dict[int, PrefixStore] = {}
        self.reuse = Reuse()
        self._warm = False
        samples = self._tables.split(0, "train").samples
        if samples < protocol.batch:
            raise InputError(
                f"The training split must hold at least one batch of {protocol.batch} samples, got {samples}."
            )
        self._data = DataShape.of(self._tables)
        constants = self.cell.constants(problem.dictionary)
        self._constants = {name: value.to(self.device) for name, value in constants.items()}
        self._objective = problem.objective.to(self.device)
        self._layouts: dict[int, Layout] = {}
        self.setting = digest(self.settings())
        self._trained_setting = digest({**self.settings(), "problem": problem.trained_on.to_dict()})

    def attach(self, archive: Archive, owner: str) -> None:
        """From now on, take finished evaluations from an archive, and record new ones there.

        Args:
            archive: open.
            owner: name for leases, unique to a running process.
        """
        self._archive, self._owner = archive, owner

    def keep_prefixes(self, folder: Path) -> None:
        """From now on, keep trained prefixes in a folder too, which may be deleted at any time.

        Evaluators of problems that differ in their test data alone share them.
        """
        self._prefixes = folder
        self._stores.clear()

    def settings(self) -> dict[str, Json]:
        """Everything that evaluations depend on beside their request."""
        libraries = ("numba", "scipy", "torch") if self.device.type == "cpu" else ("torch",)
        tuning = {} if self.cell.trained_by_stages else {"tuning": self._tuning.to_dict()}
        return {
            "engine": ENGINE_VERSION,
            "cell": self.cell.describe(),
            "problem": self.problem.to_dict(),
            "protocol": self.protocol.to_dict(),
            **tuning,
            "arithmetic": {
                "device": self.device.type,
                "precision": self.precision,
                **{name: version(name).split("+")[0] for name in libraries},
            },
        }

    def evaluate(
        self, requests: Sequence[Request], progress: Callable[[Progress], None] = ignore
    ) -> list[Evaluation]:
        """Evaluate requests, in their order.

        What the archive has is taken from there; the rest is trained, and recorded as soon as it is known.
        Where another process that shares the archive is at work on a request, its result is waited for.

        Args:
            requests: what to evaluate; repeats are evaluated once.
            progress: told how far the training is.

        Raises:
            InputError: the cell cannot take one of the genomes, or is not trained by stages and a request is
                for some of them.
        """
        check_whole(self.cell, requests)
        for genome in {request.genome for request in requests}:
            self.cell.check(genome, self._data.m, self._data.n)
        wanted = {request.digest(self.setting): request for request in requests}
        found = self._archive.get(wanted) if self._archive else {}
        while missing := [key for key in wanted if key not in found]:
            made = self._make({key: wanted[key] for key in missing}, progress)
            if self._archive and not made:
                time.sleep(_POLL_SECONDS)
                made = self._archive.get(missing)
            found.update(made)
        return [found[request.digest(self.setting)] for request in requests]

    def check_memory(self, layers: int) -> None:
        """Refuse networks that cannot be trained in the memory there is, before any training.

        Raises:
            InputError: not even one network of this depth fits; the message says how much is needed.
        """
        self._sizing(layers).check()

    def network(self, request: Request) -> UnrolledNetwork:
        """The trained network of a request; trained again where its prefixes are no longer kept.

        Raises:
            InputError: the network diverges in training, or was to be trained in part.
        """
        if request.stages is not None:
            raise InputError(
                f"A network is trained to its last stage, got a request for {request.stages} stages "
                f"of {request.genome.layers}."
            )
        ((_, state),) = self._train([request], ignore)
        if state.diverged:
            raise InputError(f"A trained network must be finite, got one that diverged: {request.genome}.")
        network = build(request.genome, self.problem.dictionary, form=self.protocol.form, cell=self.cell)
        return network.load_row(state.row)

    def _make(
        self, wanted: Mapping[str, Request], progress: Callable[[Progress], None]
    ) -> dict[str, Evaluation]:
        """Evaluate what no other process is at work on, by key."""
        if self._archive is None:
            return {evaluation.key: evaluation for evaluation in self._score(wanted.values(), progress)}
        made: dict[str, Evaluation] = {}
        keys = list(wanted)
        with kept_alive(self._archive, self._owner, keys):
            # Claimed in here, so that an interrupt right after it leaves no lease behind.
            mine = self._archive.claim(keys, self._owner, LEASE_SECONDS)
            for evaluation in self._score([wanted[key] for key in mine], progress):
                self._archive.record([evaluation], self._owner)
                made[evaluation.key] = evaluation
        return made

    def _score(
        self, requests: Collection[Request], progress: Callable[[Progress], None]
    ) -> Iterator[Evaluation]:
        by_member: dict[Member, list[Request]] = {}
        for request in requests:
            by_member.setdefault(_member(request), []).append(request)
        for member, state in self._train(requests, progress):
            yield from (self._evaluation(request, state) for request in by_member[member])

    def _train(
        self, requests: Iterable[Request], progress: Callable[[Progress], None]
    ) -> Iterator[tuple[Member, StageState]]:
        run = self._walk if self.cell.trained_by_stages else self._tune
        by_depth: dict[int, list[Member]] = {}
        for request in requests:
            by_depth.setdefault(request.genome.layers, []).append(_member(request))
        for layers, members in by_depth.items():
            sizing = self._sizing(layers)
            for walk in sizing.walks(list(dict.fromkeys(members))):
                for member, state in run(layers, sizing, walk, progress):
                    self.reuse.asked(state.depth, state.seconds)
                    yield member, state

    def _walk(
        self, layers: int, sizing: Sizing, walk: Walk, progress: Callable[[Progress], None]
    ) -> Iterator[tuple[Member, StageState]]:
        self._tables.keep_only(walk.draws)
        backend = ThreadBackend()
        trainer = self._trainer(layers, backend.cancelled)
        trie = TrieWalk(
            trainer,
            backend,
            self._store(layers),
            lambda levels: self._division.choose(trainer, sizing, walk, levels),
        )
        with one_intra_op_thread(), matrix_products(self.precision):
            if not self._warm and not trainer.in_tensor_operations:
                warm_up(trainer, walk.members[0])
                self._warm = True
            yield from trie.run(walk.members, progress)
        self.reuse.trained(trie.stages_trained, trie.seconds_trained)

    def _tune(
        self, layers: int, sizing: Sizing, walk: Walk, progress: Callable[[Progress], None]
    ) -> Iterator[tuple[Member, StageState]]:
        """As ``_walk``, for a cell that is not trained by stages; networks are kept where prefixes are."""
        self._tables.keep_only(walk.draws)
        store = self._store(layers)
        kept = {member: state for member in walk.members if (state := store.get(member)) is not None}
        yield from kept.items()
        backend = ThreadBackend()
        trainer = self._trainer(layers, backend.cancelled)
        tuner = Tuner(trainer, self._tuning, backend, self._division.largest(trainer, sizing, walk))
        with one_intra_op_thread(), matrix_products(self.precision):
            for member, state in tuner.run([m for m in walk.members if m not in kept], progress):
                store.put(member, state)
                self.reuse.trained(state.depth, state.seconds)
                yield member, state

    def _sizing(self, layers: int) -> Sizing:
        return Sizing(self._trainer(layers, lambda: False), self._data, self._memory)

    def _store(self, layers: int) -> PrefixStore:
        if layers not in self._stores:
            folder = None
            if self._prefixes is not None:
                folder = PrefixFolder(self._prefixes, self._trained_setting, layers, _FOLDER_BYTES)
            self._stores[layers] = PrefixStore(0, folder)
            for store in self._stores.values():
                store.resize(kept_bytes(self._memory) // len(self._stores))
        return self._stores[layers]

    def _trainer(self, layers: int, cancelled: Callable[[], bool]) -> Trainer:
        combination = injection(self.protocol.form)
        if layers not in self._layouts:
            dictionary = self.problem.dictionary
            self._layouts[layers] = network_layout(self.cell, combination, dictionary, layers)
        return Trainer(
            self.cell,
            combination,
            self._layouts[layers],
            self.protocol,
            self._tables,
            self.device,
            cancelled,
            constants=self._constants,
            objective=self._objective,
            metric=self.problem.metric,
            recorder=recorder(self.device),
            padded=self.device.type == "cuda",
        )

    def _evaluation(self, request: Request, state: StageState) -> Evaluation:
        mean_db, ratio_db = self._test(request, state) if request.test else (None, None)
        return Evaluation(
            request=request,
            setting=self.setting,
            status="diverged" if state.diverged else "complete",
            valid_nmse_db=state.valid_nmse_db,
            valid_ratio_db=state.valid_ratio_db,
            test_nmse_db=mean_db,
            test_ratio_db=ratio_db,
            seconds=state.seconds,
        )

    def _test(self, request: Request, state: StageState) -> tuple[float, float]:
        if state.diverged:
            return float("inf"), float("inf")
        member = _member(request)
        trainer = self._trainer(request.genome.layers, lambda: False)
        rows = state.row[None].to(self.device)
        step = trainer.bind([member], rows, torch.zeros_like(rows), request.genome.layers, lowest=1)
        scores = trainer.score(step, [member], "test")
        return scores.mean_db[0], scores.ratio_db[0]


def _member(request: Request) -> Member:
    return Member(request.trained, request.seed, request.draw)
