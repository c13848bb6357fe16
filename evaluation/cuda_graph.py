"""Recording work for a CUDA device once, to launch it again as one graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from threading import Lock
from typing import final

import torch

_WARM_UP_RUNS = 3
_SIDE_STREAM = Lock()
"""One capture at a time in a process; and what another thread does on that stream would be captured too."""


class Recorder(ABC):
    """Records a function's work on a device, for replay on the same tensors."""

    @abstractmethod
    def warm_up(self, function: Callable[[], None]) -> None:
        """Run the function a few times, so that it allocates and initialises nothing when recorded."""

    @abstractmethod
    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        """Record one run; whether that also executes the work is up to the recorder.

        Returns:
            A function that does the recorded work again.
        """


@final
class CudaGraphRecorder(Recorder):
    """``torch.cuda.CUDAGraph``, by the rules of PyTorch's notes on CUDA semantics ("CUDA Graphs").

    Warm-up and capture share a stream other than the default one, so that the libraries' handles and
    workspaces for it are made by the warm-up and outlive the graph. Work of other threads, which score
    finished networks meanwhile, is on other streams and does not disturb a capture that is thread-local.
    Recording executes nothing.

    Args:
        device: a CUDA device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def warm_up(self, function: Callable[[], None]) -> None:
        """See ``Recorder.warm_up``; ordered with the work on the current stream before and after it."""
        stream, current = _side_stream(self._device), torch.cuda.current_stream(self._device)
        with _SIDE_STREAM, torch.cuda.device(self._device):
            stream.wait_stream(current)
            with torch.cuda.stream(stream):
                for _ in range(_WARM_UP_RUNS):
                    function()
            current.wait_stream(stream)

    def record(self, function: Callable[[], None]) -> Callable[[], None]:
        """See ``Recorder.record``.

        Raises:
            torch.OutOfMemoryError: there is no room for what the function allocates.
        """
        graph = torch.cuda.CUDAGraph()
        failure: torch.OutOfMemoryError | None = None
        with (
            _SIDE_STREAM,
            torch.cuda.device(self._device),
            torch.cuda.graph(graph, stream=_side_stream(self._device), capture_error_mode="thread_local"),
        ):
            # Left to end the capture, this error might come out as another.
            try:
                function()
            except torch.OutOfMemoryError as error:
                failure = error
        if failure is not None:
            try:
                raise failure
            finally:
                del failure  # Or error and frame would keep each other alive, and all that is to be freed.
        return graph.replay


@cache
def _side_stream(device: torch.device) -> torch.cuda.Stream:
    """One for all captures on a device: the libraries keep a workspace for every stream they saw."""
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def recorder(device: torch.device) -> Recorder | None:
    """What records a training step on a device; None where a step just runs."""
    return CudaGraphRecorder(device) if device.type == "cuda" else None
