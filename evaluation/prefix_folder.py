"""Trained prefixes on disk: files that may be deleted at any time, and are read by checksum only."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import final

import numpy as np
import torch

from evaluation.phase import Member
from evaluation.stage import StageState
from genome import InputError, Request
from genome.files import write_atomic

_DIGEST_BYTES = 32
_SUFFIX = ".prefix"


@final
class PrefixFolder:
    """One file a prefix, named by everything its state depends on.

    A file is the SHA-256 of what follows, a line of JSON, and the parameters as little-endian float32. It
    takes its name when it is whole, so that processes may share a folder. A file that is damaged counts as
    missing and is removed. Least recently used files leave first.

    Args:
        folder: made where there is none.
        setting: digest of problem, protocol and the rest that all evaluations share.
        layers: depth K of the networks that the prefixes belong to.
        capacity_bytes: bound on the files' total size.

    Raises:
        InputError: the folder cannot be made.
    """

    def __init__(self, folder: Path, setting: str, layers: int, capacity_bytes: int) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or error
            raise InputError(
                f"Trained prefixes must be kept in a folder that can be made, got {folder} ({reason})."
            ) from None
        self._folder, self._capacity = folder, capacity_bytes
        self._setting = f"{setting}/{layers}"
        self._bytes = sum(size for _, size, _ in self._files())

    def get(self, prefix: Member) -> StageState | None:
        """The state of a prefix, if a sound file has it."""
        path = self._path(prefix)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        state = _decode(content)
        if state is None:
            self._remove(path, len(content))
        else:
            with contextlib.suppress(OSError):
                os.utime(path)
        return state

    def put(self, prefix: Member, state: StageState) -> None:
        """Keep the state of a prefix; where the disk refuses it, go on without."""
        path, content = self._path(prefix), _encode(state)
        if path.exists():
            return
        try:
            write_atomic(path, content)
        except OSError:
            return
        self._bytes += len(content)
        if self._bytes > self._capacity:
            self._evict()

    def _path(self, prefix: Member) -> Path:
        request = Request(prefix.genome, prefix.seed, prefix.draw)
        return self._folder / (request.digest(self._setting) + _SUFFIX)

    def _files(self) -> list[tuple[float, int, Path]]:
        """(last use, bytes, path) of every file."""
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found

    def _evict(self) -> None:
        """Remove the least recently used tenth, and whatever else is too much."""
        files = sorted(self._files())
        self._bytes = sum(size for _, size, _ in files)
        for _, size, path in files:
            if self._bytes <= 0.9 * self._capacity:
                return
            self._remove(path, size)

    def _remove(self, path: Path, size: int) -> None:
        with contextlib.suppress(OSError):
            path.unlink()
        self._bytes -= size


def _encode(state: StageState) -> bytes:
    head = json.dumps({"mean": state.valid_nmse_db, "ratio": state.valid_ratio_db, "seconds": state.seconds})
    body = head.encode() + b"\n" + state.row.numpy().astype("<f4").tobytes()
    return hashlib.sha256(body).digest() + body


def _decode(content: bytes) -> StageState | None:
    digest, body = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        return None
    head, _, values = body.partition(b"\n")
    fields = json.loads(head)
    row = torch.from_numpy(np.frombuffer(values, dtype="<f4").astype(np.float32))
    return StageState(row, tuple(fields["mean"]), tuple(fields["ratio"]), fields["seconds"])
